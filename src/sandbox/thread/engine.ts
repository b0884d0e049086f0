// Threads, as the engine and the kernel have them.
import { fs } from "../../host/builtin.js";

/**
 * Whether the engine ends a thread that computes in WebAssembly. In Bun (1.4) `worker.terminate()` then never settles; in
 * Deno (2.9) it does, and the thread runs until the process ends.
 */
export const endsThreads = process.versions["deno"] === undefined && process.versions["bun"] === undefined;
export const CANNOT_END = "Deno and Bun do not end a thread that computes";

/** The heap of a guest's thread: one that fills it by exceptions ends its thread. --max-old-space-size goes before. */
export const HEAP_MIB = 1024;

/** The kernel's id of this thread; 0 if it cannot be read, which a permission model may forbid. @see proc_thread-self(5) */
export function threadId(): number {
  try {
    return Number(/\d+$/.exec(fs.readlinkSync("/proc/thread-self"))?.[0] ?? 0);
  } catch {
    return 0;
  }
}

export const threadExists = (id: number): boolean => fs.existsSync(`/proc/self/task/${id}`);
