// What a guest's thread is started with. The sandbox adds one to `signal` after each message and wakes the thread: it waits
// there when it is idle, and while an imported function runs.
import type { MessagePort } from "node:worker_threads";
import type { ThreadJob } from "../job.js";

export interface WorkerData extends ThreadJob {
  readonly port: MessagePort;
  /** Three Int32 in shared memory: see {@link Signal}. */
  readonly signal: Int32Array;
}

/** The indexes of `signal`. */
export const Signal = {
  /** The number of messages to the thread. */
  Messages: 0,
  /** 1 once the thread is to detach its windows and end. */
  Closing: 1,
  /** The id of the thread, by {@link threadId}, once the thread has begun. */
  Thread: 2,
} as const;
