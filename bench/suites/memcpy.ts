// How fast the machine copies bytes: the measure for operations that touch each byte of a window once.
import type { Attachment } from "wasm-shm";
import type { Rival } from "../harness/group.js";
import { expectBytes, fillPattern } from "../harness/proof.js";
import { shmOf, type Variant, withAttachment } from "../harness/window.js";

export const MEMCPY = "memcpy";

/**
 * Copies `from` to `to`, of the same length, by Uint8Array.set. On plain memories that is the engine's memcpy; a shared one
 * V8 copies more slowly. It must be the first rival of its group, as its proof overwrites both.
 */
export function memcpy(from: Uint8Array, to: Uint8Array): Rival {
  const run = (): number => {
    to.set(from);
    return to[0] as number;
  };
  return {
    name: MEMCPY,
    operations: 1,
    run,
    prove() {
      fillPattern(from);
      to.fill(0);
      run();
      expectBytes(to, from, MEMCPY);
    },
  };
}

/** A new array, filled so that its pages exist before anything is timed. */
export function touched(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size).fill(1);
}

/** As `withAttachment`. `work` also gets the bytes of the segment in a plain memory. */
export function withPlain(
  variant: Variant,
  size: number,
  work: (attachment: Attachment, plain: Uint8Array) => Promise<void>,
): Promise<void> {
  return withAttachment(variant, size, async (attachment, { id }) => {
    // The segment is destroyed and lives by its attachment; shmat(2) still takes the id.
    const plain = shmOf(variant).open(id).attach({ memory: "plain" });
    try {
      await work(attachment, plain.bytes);
    } finally {
      plain.detach();
    }
  });
}
