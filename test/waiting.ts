// What other processes do in their own time.
import { setTimeout as sleep } from "node:timers/promises";
import { list, type SegmentInfo } from "wasm-shm";

const TIME_LIMIT_MS = 20_000;

/** Waits until it is so; fails, in words, where it never is. */
export async function until(what: string, found: () => boolean): Promise<void> {
  for (const limit = Date.now() + TIME_LIMIT_MS; !found(); await sleep(2))
    if (Date.now() > limit) throw new Error(`waited in vain for ${what}`);
}

/** The segments that a process made, and that are still there. */
export const segmentsOf = (pid = process.pid): SegmentInfo[] => list().filter(({ cpid }) => cpid === pid);
