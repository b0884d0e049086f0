// The write guard: reads of a guarded window, and the first store on one of its pages.
import type { Segment } from "wasm-shm";
import { within } from "../../harness/goals.js";
import { named, type Rival, type Timer } from "../../harness/group.js";
import { expectEqual, fillFloats } from "../../harness/proof.js";
import { KiB } from "../../harness/size.js";

const WASM_PAGE = 64 * KiB;

/** Stores in a sample, each on a page of its own. */
const PAGES = 256;
const PAGE = 4096;

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

/** Minor faults of this process so far. */
const faults = (): number => process.resourceUsage().minorPageFault;

/** Nanoseconds of a store on each page. */
function storeOnEach(bytes: Uint8Array): number {
  const began = process.hrtime.bigint();
  for (let page = 0; page < PAGES; page++) bytes[page * PAGE] = page;
  return Number(process.hrtime.bigint() - began);
}

/**
 * The first store on a page, which makes it a private page if the window is guarded. Does not depend on the window's
 * size.
 */
export async function stores(segment: Segment, time: Timer): Promise<void> {
  const memory = new WebAssembly.Memory({ initial: (PAGES * PAGE) / WASM_PAGE });
  const guarded = segment.attach({ access: "read-only" });
  const rival = (name: string, run: () => number, prove: () => void): Rival => ({
    name,
    operations: PAGES,
    selfTimed: true,
    run,
    prove,
  });
  // `discard` leaves the pages of a read-write window mapped, so it is attached again for each sample.
  const shared = (): number => {
    const attachment = segment.attach({ length: PAGES * PAGE, into: { memory, byteOffset: 0 } });
    const taken = storeOnEach(attachment.bytes);
    attachment.detach();
    return taken;
  };
  const copied = (): number => {
    const taken = storeOnEach(guarded.bytes);
    guarded.discard();
    return taken;
  };
  await time({
    name: "first store on a page",
    rivals: [
      rival("read-write", shared, () => {
        const before = faults();
        shared();
        expectEqual(faults() - before >= PAGES, true, "whether each first store is a fault");
      }),
      {
        ...rival("read-only, private page", copied, () => {
          storeOnEach(guarded.bytes);
          expectEqual(guarded.privatePages, PAGES, "the private pages");
          guarded.discard();
          expectEqual(guarded.privatePages, 0, "the private pages after discard");
        }),
        goals: [within(20, "private page")],
      },
    ],
  });
}
