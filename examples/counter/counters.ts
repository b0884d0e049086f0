// What the two processes agree on: which of the segment's integers is what, and how they count.
import { setImmediate } from "node:timers/promises";
import type { Attachment } from "wasm-shm";

export const STATE = 0;
export const ATOMIC = 1;
export const PLAIN = 2;

/** The value of STATE while they count. */
export const GO = 1;

const SLICE = 100_000; // so many at a time: between them each hears of the other's end

/** The first three integers of the segment, in place. */
export function countersOf(attachment: Attachment): Uint32Array {
  return attachment.cursor().viewArray(Uint32Array, 3);
}

/** Adds 1 to both counters, again and again, until done or told to stop. */
export async function countUp(counters: Uint32Array, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    if (count % SLICE === 0) {
      await setImmediate();
      if (Atomics.load(counters, STATE) !== GO) return;
    }
    Atomics.add(counters, ATOMIC, 1);
    counters[PLAIN] = (counters[PLAIN] as number) + 1; // between the read and the write the other may have written
  }
}
