// How fast the machine moves bytes: the bar for what touches each byte of a window once.
import type { Rival } from "../harness/harness.js";
import { expectBytes, fillPattern } from "../harness/window.js";

export const MEMCPY = "memcpy";

/**
 * Copies `from` to `to` by Uint8Array.set, which is the engine's memcpy. Both are as long. The first of its group: its
 * proof fills both anew.
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

/** An array beside a window; its pages are there before anything is timed. */
export function touched(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size).fill(1);
}
