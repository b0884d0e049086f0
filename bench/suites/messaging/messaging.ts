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
import { named, type Timer } from "../../harness/group.js";
import type { PaceName } from "../../harness/pace.js";
import type { Absence } from "../../harness/result.js";
import { KiB, MiB } from "../../harness/size.js";
import { type Variant, withAttachment } from "../../harness/window.js";
import { channels } from "./channels.js";
import { withReceivers } from "./receiver.js";
import { type Load, withRivals } from "./rival.js";
import { compared, segmentBytes, type TransportName, transports } from "./transports.js";

/** The transports that this machine can have, and those that it cannot. All are compared to the first. */
function available(): { base: TransportName; others: TransportName[]; absent: Absence[] } {
  const [base, ...others] = Object.keys(compared) as [TransportName, ...TransportName[]];
  const spins = (name: TransportName): boolean => availableParallelism() < 2 && "spins" in transports[name];
  const reason = "both sides spin, and this process may use only one core";
  return {
    base,
    others: others.filter((name) => !spins(name)),
    absent: others.filter(spins).map((name) => ({ name: transports[name].name, reason })),
  };
}

/** Sizes of messages, each untouched and touched. A quick run has one size of either. */
const loadsOf = (pace: PaceName): Load[] =>
  pace === "quick"
    ? [
        { touch: "untouched", bytes: 64 },
        { touch: "touched", bytes: 64 * KiB },
      ]
    : (["untouched", "touched"] as const).flatMap((touch) => [64, 4 * KiB, MiB].map((bytes) => ({ touch, bytes })));

export async function messaging(_variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  const { base, others, absent } = available();
  await withAttachment("js", segmentBytes, (attachment, { id }) =>
    withReceivers(id, attachment, async (receivers) => {
      for (const kind of ["round trip", "one-way throughput"] as const)
        for (const load of loadsOf(pace)) {
          const { bytes, touch } = load;
          const about = { ...named(kind, bytes, touch), ...(kind === "one-way throughput" ? { bytes } : {}) };
          await withRivals(receivers, [base, ...others], kind, load, pace, (rivals) =>
            time({ ...about, keepsGarbage: true, rivals, absent }),
          );
        }
      await channels(receivers, time, pace);
    }),
  );
}
