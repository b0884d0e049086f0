// Call sites that see many instances. Each attachment has its own instance of the wasm core. A function that is called
// with one attachment calls one instance, and the engine compiles it for that instance. With several it must look each
// time.
import type { Attachment } from "wasm-shm";
import type { Group, Rival } from "../../harness/group.js";
import { type Variant, withAttachment } from "../../harness/window.js";

/** More instances than an engine keeps apart at one call site: V8 gives up at four. */
const HOT = 8;

/** Calls `work` with so many attachments, each of a segment of its own. */
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

/**
 * One group of several: its rivals make a pass on one attachment, then on the next. All groups have the same rivals.
 */
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
