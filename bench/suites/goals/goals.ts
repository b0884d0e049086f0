// npm run bench -- goals: every operation on bytes by core "auto", against the best that a program can do without the
// package. One table: bench/report/goals.ts.
import type { Timer } from "../../harness/group.js";
import type { PaceName } from "../../harness/pace.js";
import { KiB, MiB } from "../../harness/size.js";
import { type Variant, withAttachment } from "../../harness/window.js";
import { BYTES, bytes } from "./bytes.js";
import { numbers } from "./numbers.js";
import { ranges } from "./ranges.js";
import { text } from "./text.js";
import { group, type Operation } from "./way.js";

/** Windows of ranges: one shows what a call costs, the others the speed. The suites of single operations go up to 64 MiB. */
const rangeSizes = (pace: PaceName): readonly number[] => (pace === "quick" ? [64 * KiB] : [64, 64 * KiB, MiB]);

export async function goals(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  const timeAll = async (operations: readonly Operation[]): Promise<void> => {
    for (const operation of operations) {
      const rivals = group(operation);
      if (rivals !== undefined) await time(rivals);
    }
  };
  await withAttachment(variant, BYTES, async (attachment) => {
    await timeAll([...numbers(attachment), ...text(attachment), ...bytes(attachment)]);
  });
  for (const size of rangeSizes(pace))
    await withAttachment(variant, size, (attachment) =>
      withAttachment(variant, size, async (second) => timeAll(await ranges(attachment, second))),
    );
}
