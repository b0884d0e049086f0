// The messages between a sandbox and its guest's thread, over one port. The sandbox adds one to `signal` after each
// message and wakes the thread: it waits there when it is idle, and while an imported function runs.
import type { MessagePort } from "node:worker_threads";
import type { Failure } from "./failure.js";
import type { GuestResult, GuestValue, GuestWindow } from "./guest.js";
import type { Job } from "./job.js";

export interface WorkerData extends Job {
  readonly port: MessagePort;
  /** One Int32 in shared memory. */
  readonly signal: Int32Array;
}

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
