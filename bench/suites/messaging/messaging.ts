// Messages from one process to another, by a segment and by the transports that Node has. A round trip is a message
// there and one of the same size back. For throughput messages go one way, with as many on their way as the transport
// takes. If a message is "untouched", only its number is written and read. If it is "touched", the sender fills all of
// it and the receiver sums all of it, as with a real payload.
//
// If both sides spin, they keep two cores busy, and the tables state this beside the times: it is the price of a round
// trip of 0.1 µs. On a machine with one core, the side that waits would use up its whole time slice, which is
// milliseconds, before the other side could begin to answer. That would measure the scheduler, so such transports are
// absent there.
import { availableParallelism } from "node:os";
import { type AsyncRival, named, type Timer } from "../../harness/group.js";
import { type PaceName, paces } from "../../harness/pace.js";
import type { Absence, Figure } from "../../harness/result.js";
import { KiB, MiB } from "../../harness/size.js";
import { quantile } from "../../harness/statistics.js";
import { type Variant, withAttachment } from "../../harness/window.js";
import { Payload, type Touch } from "./message.js";
import type { Kind } from "./port.js";
import { type Receivers, withReceivers } from "./receiver.js";
import { segmentBytes, type TransportName, transports } from "./transports.js";
import { runTrial, type Trial } from "./trial.js";

/** About the length of a trial. The order to the receiver takes a tenth of it, and is not timed. */
const TRIAL_NS = 1e6;

/** With fewer round trips the 99th percentile is merely the longest. */
const FEWEST_ROUND_TRIPS = 100;

/**
 * The fewest messages of a trial, however long it then lasts. Six trials, three samples in each of two rounds, have
 * enough round trips for a 99th percentile.
 */
const fewestOf = (kind: Kind, pace: PaceName): number =>
  kind === "one-way throughput" ? 8 : pace === "quick" ? 1 : Math.ceil(FEWEST_ROUND_TRIPS / 6);

/** Messages of a proof. For throughput they are more than a ring has slots, so that the ring wraps. */
const provenOf = (kind: Kind, bytes: number): number =>
  kind === "one-way throughput" ? Math.max(8, Math.min(1500, MiB / bytes)) : bytes < MiB ? 32 : 2;

const MOST = 1 << 20;

/** How many messages make a trial of that length. A pause of the machine may prolong one trial, but hardly three. */
async function calibrate(trial: (messages: number) => Promise<Trial>, fewest: number): Promise<number> {
  for (let messages = fewest; ; ) {
    let shortest = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3 && shortest >= TRIAL_NS; tries++)
      shortest = Math.min(shortest, (await trial(messages)).nanoseconds);
    if (shortest >= TRIAL_NS || messages === MOST) return messages;
    messages = Math.min(MOST, Math.ceil(messages * Math.min(8, (1.2 * TRIAL_NS) / shortest)));
  }
}

/** The further figures of all trials of one rival, without those of its warm-up. */
class Totals {
  #warmupNs: number;
  readonly #roundTrips: number[] = [];
  #messages = 0;
  #nanoseconds = 0;
  #cpu = 0;
  #wall = 0;

  constructor(pace: PaceName) {
    this.#warmupNs = paces[pace].warmupMs * 1e6;
  }

  add({ each, nanoseconds, cpu, wall }: Trial, messages: number): void {
    if (this.#warmupNs > 0) {
      this.#warmupNs -= nanoseconds;
      return;
    }
    for (const time of each) this.#roundTrips.push(time);
    this.#messages += messages;
    this.#nanoseconds += nanoseconds;
    this.#cpu += cpu;
    this.#wall += wall;
  }

  figures(kind: Kind): Figure[] {
    const busy = { name: "busy", value: this.#cpu / this.#wall, unit: "cores" };
    if (kind === "one-way throughput")
      return [busy, { name: "messages", value: this.#messages / (this.#nanoseconds / 1e6), unit: "k/s" }];
    const microseconds = (part: number): number => quantile(this.#roundTrips, part) / 1e3;
    const p50 = { name: "p50", value: microseconds(0.5), unit: "µs" };
    if (this.#roundTrips.length < FEWEST_ROUND_TRIPS) return [busy, p50];
    return [busy, p50, { name: "p99", value: microseconds(0.99), unit: "µs" }];
  }
}

async function rivalOf(
  receivers: Receivers,
  transport: TransportName,
  kind: Kind,
  bytes: number,
  touch: Touch,
  pace: PaceName,
): Promise<AsyncRival> {
  const { name, end } = transports[transport];
  const payload = new Payload(bytes, touch);
  const trial = (messages: number) => runTrial(receivers[end], transport, kind, payload, messages);
  const messages = await calibrate(trial, fewestOf(kind, pace));
  const totals = new Totals(pace);
  return {
    name,
    path: name,
    operations: messages,
    async: true,
    selfTimed: true,
    async prove() {
      await runTrial(receivers[end], transport, kind, new Payload(bytes, "proved"), provenOf(kind, bytes));
    },
    async run() {
      const result = await trial(messages);
      totals.add(result, messages);
      return result.nanoseconds;
    },
    figures: () => totals.figures(kind),
  };
}

/** The transports that this machine can have, and those that it cannot. All are compared to the first. */
function available(): { base: TransportName; others: TransportName[]; absent: Absence[] } {
  const [base, ...others] = Object.keys(transports) as [TransportName, ...TransportName[]];
  const spins = (name: TransportName): boolean => availableParallelism() < 2 && "spins" in transports[name];
  const reason = "both sides spin, and this process may use only one core";
  return {
    base,
    others: others.filter((name) => !spins(name)),
    absent: others.filter(spins).map((name) => ({ name: transports[name].name, reason })),
  };
}

/** Sizes of messages, each untouched and touched. A quick run has one size of either. */
const loadsOf = (pace: PaceName): { touch: Touch; bytes: number }[] =>
  pace === "quick"
    ? [
        { touch: "untouched", bytes: 64 },
        { touch: "touched", bytes: 64 * KiB },
      ]
    : (["untouched", "touched"] as const).flatMap((touch) => [64, 4 * KiB, MiB].map((bytes) => ({ touch, bytes })));

export async function messaging(_variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  const { base, others, absent } = available();
  await withAttachment("js", segmentBytes, ({ bytes: window }, { id }) =>
    withReceivers(id, window, async (receivers) => {
      for (const kind of ["round trip", "one-way throughput"] as const)
        for (const { touch, bytes } of loadsOf(pace)) {
          const rival = (name: TransportName) => rivalOf(receivers, name, kind, bytes, touch, pace);
          const rivals: [AsyncRival, ...AsyncRival[]] = [await rival(base)];
          for (const name of others) rivals.push(await rival(name));
          const group = { ...named(kind, bytes, touch), rivals, absent };
          await time(kind === "one-way throughput" ? { ...group, bytes } : group);
        }
    }),
  );
}
