// How fast the machine copies bytes: the measure for operations that touch each byte of a window once.
import type { Rival } from "../harness/group.js";
import { expectBytes, fillPattern } from "../harness/proof.js";

export const MEMCPY = "memcpy";

/**
 * Copies `from` to `to`, of the same length, by Uint8Array.set, which is the engine's memcpy. It must be the first
 * rival of its group, as its proof overwrites both.
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
