// The messages between a sandbox and its guest, which is in another thread or process.
import type { Confinement } from "../host/confinement.js";
import type { Failure } from "./failure.js";
import type { GuestResult, GuestValue, GuestWindow } from "./guest.js";

/** A call of an export. `blocking`: the sandbox's thread waits for it, so no event loop hears what the guest says meanwhile. */
export interface GuestCall {
  readonly call: number;
  readonly name: string;
  readonly values: readonly GuestValue[];
  readonly blocking: boolean;
}

export type ToGuest =
  | GuestCall
  /** How an imported function ended that the guest waits for. What it threw stays here, and is named by a number. */
  | { readonly returned: unknown; readonly number: number }
  | { readonly threw: number; readonly number: number };

export type FromGuest =
  | { readonly ready: readonly (readonly [name: string, window: GuestWindow])[]; readonly confinement?: Confinement }
  | { readonly unready: Failure }
  | { readonly call: number; readonly result: GuestResult }
  | { readonly call: number; readonly failed: Failure }
  | ImportCall;

/** The guest calls an imported function, and waits for its result. Functions that call the guest may end in another order. */
export interface ImportCall {
  readonly number: number;
  readonly imported: readonly [module: string, name: string];
  readonly values: readonly unknown[];
}
