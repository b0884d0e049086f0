// The goals of the package's channels: each in a group of its own, beside what it is measured against. The C ring is the
// limit of the machine: a goal that it misses, too, cannot be reached there.
import { availableParallelism } from "node:os";
import { slower, speed } from "../../harness/goals.js";
import { type Goal, named, type Timer } from "../../harness/group.js";
import type { PaceName } from "../../harness/pace.js";
import type { Absence } from "../../harness/result.js";
import { KiB, MiB } from "../../harness/size.js";
import { disruptorAbsence } from "./disruptorport.js";
import type { Kind } from "./port.js";
import type { Receivers } from "./receiver.js";
import { type Load, type MessagingRival, withRivals } from "./rival.js";
import { type TransportName, transports } from "./transports.js";

interface Comparison {
  readonly kind: Kind;
  readonly load: Load;
  readonly pattern: string;
  readonly others: readonly [TransportName, ...TransportName[]];
  readonly own: TransportName;
  readonly absent?: readonly Absence[];
  /** @param base the first of the others */
  goals(own: MessagingRival, base: MessagingRival): Goal[];
}

const nameOf = (transport: TransportName): string => transports[transport].name;
const atMost = (times: number, transport: TransportName): Goal => slower(times, nameOf(transport));
const atLeast = (times: number, transport: TransportName): Goal => speed(times, nameOf(transport));

/** That part of the round trips takes at most so many times as long as another's. */
function percentile(times: number, part: number, own: MessagingRival, other: MessagingRival): Goal {
  return {
    text: `p${100 * part} at most ${times} times that of ${other.name}`,
    ratio: () => own.roundTrip(part) / other.roundTrip(part),
    figure: (ratio) => ratio.toFixed(2),
    met: (ratio) => ratio <= times,
  };
}

const untouched = (bytes: number): Load => ({ bytes, touch: "untouched" });

/**
 * From event loop to event loop. Without a rest the channel's waits poll before they sleep, so only the second is asleep: there
 * each message wakes the event loop by a datagram.
 */
const awaited = (
  [
    ["answered at once", { fewest: 500 }], // the first three find out that polls pay
    ["asleep, 1 ms apart", { restMs: 1 }],
  ] as const
).map(
  ([name, more]): Comparison => ({
    kind: "round trip",
    load: { ...untouched(64), ...more },
    pattern: `channel, ${name}`,
    others: ["socket"],
    own: "awaited",
    goals: (own, socket) => [percentile(1, 0.5, own, socket), percentile(0.5, 0.99, own, socket)],
  }),
);

/** In all of these both sides spin. */
function spinning(): Comparison[] {
  const kind = "one-way throughput";
  const absence = disruptorAbsence();
  const disruptor = absence ? [] : (["disruptor"] as const);
  return [
    {
      kind: "round trip",
      load: untouched(64),
      pattern: "channel, spinning",
      others: ["socket", "ring"],
      own: "channel",
      goals: () => [atMost(3, "ring"), atLeast(40, "socket")],
    },
    {
      kind,
      load: untouched(64),
      pattern: "channel, unbatched",
      others: ["written", "ring", ...disruptor],
      own: "channel",
      absent: absence ? [absence] : [],
      goals: () => [atLeast(25, "written"), ...disruptor.map((name) => atLeast(5, name))],
    },
    {
      kind,
      load: untouched(64),
      pattern: "channel, in batches",
      others: ["ringBatches"],
      own: "batches",
      goals: () => [atMost(2.2, "ringBatches")],
    },
    {
      kind,
      load: untouched(4 * KiB),
      pattern: "channel, unbatched",
      others: ["written", "ring"],
      own: "channel",
      goals: () => [atLeast(50, "written")],
    },
    {
      kind,
      load: { bytes: MiB, touch: "touched" }, // untouched, process.send alone would move the bytes
      pattern: "channel, claim and commit",
      others: ["advanced"],
      own: "claims",
      goals: () => [atLeast(10, "advanced")],
    },
    {
      kind,
      load: untouched(MiB),
      pattern: "channel, claim and commit, untouched",
      others: ["advanced"],
      own: "claims",
      goals: () => [],
    },
  ];
}

export async function channels(receivers: Receivers, time: Timer, pace: PaceName): Promise<void> {
  const comparisons = availableParallelism() < 2 ? awaited : [...awaited, ...spinning()];
  for (const { kind, load, pattern, others, own, absent = [], goals } of comparisons) {
    const about = {
      ...named(kind, load.bytes, pattern),
      ...(kind === "one-way throughput" ? { bytes: load.bytes } : {}),
    };
    await withRivals(receivers, [...others, own], kind, load, pace, ([base, ...more]) => {
      const judged = more.pop() as MessagingRival;
      const rivals = [base, ...more, { ...judged, goals: goals(judged, base) }] as const;
      return time({ ...about, keepsGarbage: true, rivals, absent });
    });
  }
}
