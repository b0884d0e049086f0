// Cold and hot call sites. Each attachment has an instance of the wasm core of its own: a function that one attachment goes
// through calls one instance, which the engine then takes for granted; with several it has to ask each time.
import type { Attachment } from "wasm-shm";
import type { Group, Rival } from "../harness/harness.js";
import { type Variant, withAttachment } from "../harness/window.js";

/** More than an engine keeps apart at one call: V8 gives up at four. */
export const HOT = 8;

/** Calls `work` with that many attachments, each of a segment of its own. */
export async function atHotSite(
  variant: Variant,
  size: number,
  work: (attachments: readonly Attachment[]) => Promise<void>,
): Promise<void> {
  const attachments: Attachment[] = [];
  const more = async (): Promise<void> => {
    if (attachments.length === HOT) return work(attachments);
    await withAttachment(variant, size, async (attachment) => {
      attachments.push(attachment);
      await more();
    });
  };
  await more();
}

/** The same work on several attachments: a pass on one, then a pass on the next. All groups have the same rivals. */
export function inTurn(groups: readonly Group[]): Group {
  const [first] = groups as [Group];
  const together = (rival: Rival, index: number): Rival => {
    const all = groups.map(({ rivals }) => rivals[index] as Rival);
    return {
      ...rival,
      operations: all.reduce((sum, { operations }) => sum + operations, 0),
      prove() {
        for (const one of all) one.prove();
      },
      run() {
        let sum = 0;
        for (const one of all) sum += one.run();
        return sum;
      },
    };
  };
  const pattern = `${groups.length} attachments in turn`;
  const [base, ...others] = first.rivals.map(together) as [Rival, ...Rival[]];
  return { ...first, name: `${first.name}, ${pattern}`, pattern, rivals: [base, ...others] };
}
