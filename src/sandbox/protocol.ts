// The messages between a sandbox and its guest, which is in another thread or process.
import type { Confinement } from "../host/confinement.js";
import type { MemoryOperation, MemoryValue } from "./exchange.js";
import type { Failure } from "./failure.js";
import type { GuestResult, GuestValue, GuestWindow } from "./guest.js";

/** A call of an export, or an operation on the guest's memory. `blocking`: the sandbox's thread waits for it, so no event loop hears what the guest says meanwhile. */
export interface GuestCall {
  readonly call: number;
  readonly name: string;
  readonly values: readonly (GuestValue | MemoryValue)[];
  readonly blocking: boolean;
  readonly operation?: MemoryOperation | undefined;
  /** What the guest is to have before it. */
  readonly fuel?: number | undefined;
}

/** What a guest has used when it answers. */
export interface Usage {
  /** Bytes of its memory, windows not included. */
  readonly memory: number;
  /** What is left; undefined: it is not counted. */
  readonly fuel: number | undefined;
}

export type ToGuest =
  | GuestCall
  /** How an imported function ended that the guest waits for. What it threw stays here, and is named by a number. */
  | { readonly returned: unknown; readonly number: number }
  | { readonly threw: number; readonly number: number };

export type FromGuest =
  | {
      readonly ready: readonly (readonly [name: string, window: GuestWindow])[];
      readonly usage: Usage;
      readonly confinement?: Confinement;
    }
  | { readonly unready: Failure }
  | { readonly call: number; readonly result: GuestResult | Uint8Array; readonly usage: Usage }
  | { readonly call: number; readonly failed: Failure; readonly usage: Usage }
  | ImportCall;

/** The guest calls an imported function, and waits for its result. Functions that call the guest may end in another order. */
export interface ImportCall {
  readonly number: number;
  readonly imported: readonly [module: string, name: string];
  readonly values: readonly unknown[];
}
