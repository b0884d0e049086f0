// The messages between a sandbox and its guest's thread, over one port. The sandbox adds one to `signal` after each
// message and wakes the thread: it waits there when it is idle, and while an imported function runs.
import type { MessagePort } from "node:worker_threads";
import type { Failure } from "./failure.js";
import type { GuestResult, GuestValue, GuestWindow } from "./guest.js";
import type { Job } from "./job.js";

export interface WorkerData extends Job {
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

export type ToWorker =
  | { readonly call: number; readonly name: string; readonly values: readonly GuestValue[] }
  /** How the imported function ended that the guest waits for. What it threw stays here, and is named by a number. */
  | { readonly returned: unknown }
  | { readonly threw: number };

export type FromWorker =
  | { readonly ready: [name: string, window: GuestWindow][] }
  | { readonly unready: Failure }
  | { readonly call: number; readonly result: GuestResult }
  | { readonly call: number; readonly failed: Failure }
  | ImportCall;

/** The guest calls an imported function, and waits for its result. */
export interface ImportCall {
  readonly imported: [module: string, name: string];
  readonly values: readonly unknown[];
}
