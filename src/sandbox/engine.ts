// Threads, as the engine and the kernel have them.
import { existsSync, readlinkSync } from "node:fs";

/**
 * Whether the engine ends a thread that computes. In Deno, 2.9 at least, `worker.terminate()` returns, and a thread with an
 * endless loop runs until the process ends.
 */
export const endsThreads = process.versions["deno"] === undefined;
export const CANNOT_END = "Deno does not end a thread that computes";

/** The kernel's id of this thread; 0 if it cannot be read, which a permission model may forbid. @see proc_thread-self(5) */
export function threadId(): number {
  try {
    return Number(/\d+$/.exec(readlinkSync("/proc/thread-self"))?.[0] ?? 0);
  } catch {
    return 0;
  }
}

export const threadExists = (id: number): boolean => existsSync(`/proc/self/task/${id}`);
