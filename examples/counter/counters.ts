// What the two processes agree on: the meaning of the segment's integers, and how to count.
import { setImmediate } from "node:timers/promises";
import type { Attachment } from "wasm-shm";

export const STATE = 0;
export const ATOMIC = 1;
export const PLAIN = 2;

/** The value of STATE while both processes count. */
export const GO = 1;

const SLICE = 100_000; // counts between two looks at STATE, and at whether the other process has ended

/** The first three integers of the segment, in place. */
export function countersOf(attachment: Attachment): Uint32Array {
  return attachment.cursor().viewArray(Uint32Array, 3);
}

/** Adds 1 to both counters `times` times; returns early if STATE is no longer GO. */
export async function countUp(counters: Uint32Array, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    if (count % SLICE === 0) {
      await setImmediate();
      if (Atomics.load(counters, STATE) !== GO) return;
    }
    Atomics.add(counters, ATOMIC, 1);
    counters[PLAIN] = (counters[PLAIN] as number) + 1; // the other process may write between this read and this write
  }
}
