// The write guard: reads of a guarded window, and the first store on one of its pages.
import type { Segment } from "wasm-shm";
import { within } from "../../harness/goals.js";
import { named, type Rival, type Timer } from "../../harness/group.js";
import { expectEqual, fillFloats } from "../../harness/proof.js";

/** Stores in a sample, each on a page of its own. */
const PAGES = 256;

export async function reads(segment: Segment, size: number, time: Timer): Promise<void> {
  const writable = segment.attach();
  const guarded = segment.attach({ access: "read-only" });
  const expected = fillFloats(writable.bytes);
  const read = (name: string, attachment: typeof guarded): Rival => ({
    name,
    operations: 1,
    run: () => attachment.sum(Float32Array),
    prove: () => expectEqual(attachment.sum(Float32Array), expected, name),
  });
  await time({
    ...named("reading", size),
    bytes: size,
    rivals: [
      read("read-write", writable),
      {
        ...read("read-only", guarded),
        goals: [
          { text: "no slower, within a tenth", figure: (ratio) => ratio.toFixed(2), met: (ratio) => ratio <= 1.1 },
        ],
      },
    ],
  });
}

/**
 * The first store on a page, which makes it a private page if the window is guarded. Does not depend on the window's
 * size.
 */
export async function stores(segment: Segment, time: Timer): Promise<void> {
  const writable = segment.attach();
  const guarded = segment.attach({ access: "read-only" });
  const store = (name: string, attachment: typeof guarded): Rival => ({
    name,
    operations: PAGES,
    selfTimed: true,
    run() {
      const { bytes } = attachment;
      const began = process.hrtime.bigint();
      for (let page = 0; page < PAGES; page++) bytes[page * 4096] = page;
      const taken = Number(process.hrtime.bigint() - began);
      attachment.discard();
      return taken;
    },
    prove() {
      attachment.bytes[0] = 1;
      expectEqual(attachment.privatePages, attachment === guarded ? 1 : 0, `the private pages of ${name}`);
      attachment.discard();
    },
  });
  await time({
    name: "first store on a page",
    rivals: [
      store("read-write", writable),
      { ...store("read-only, private page", guarded), goals: [within(20, "private page")] },
    ],
  });
}
