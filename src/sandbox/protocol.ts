// What a sandbox and its worker say to each other, by one port. Whoever tells the worker something counts `signal` up
// and wakes it: while an imported function runs on the other side, the guest waits there.
import { ShmError } from "../common/errors.js";
import type { Access } from "../common/flags.js";
import type { GuestResult, GuestValue, GuestWindow } from "./guest.js";
import { type InstanceRequest, Threw } from "./instance.js";

export interface WorkerJob extends Omit<InstanceRequest, "windows" | "imports"> {
  readonly windows: readonly SharedWindow[];
  /** The functions that the guest may import, by module and name. */
  readonly imports: readonly (readonly [module: string, names: readonly string[]])[];
  readonly port: MessagePortLike;
  /** One Int32 in shared memory. */
  readonly signal: Int32Array;
}

/** A MessagePort of node:worker_threads. */
type MessagePortLike = import("node:worker_threads").MessagePort;

export interface SharedWindow {
  readonly name: string;
  readonly id: number;
  readonly access: Access;
  readonly offset: number;
  readonly length: number;
}

export type ToWorker =
  | { readonly call: number; readonly name: string; readonly values: readonly GuestValue[] }
  /** What the imported function that the guest waits for came to; a thrown error stays with whoever threw it. */
  | { readonly returned: unknown }
  | { readonly threw: number };

export type FromWorker =
  | { readonly ready: [name: string, window: GuestWindow][] }
  | { readonly unready: Failure }
  | { readonly call: number; readonly result: GuestResult }
  | { readonly call: number; readonly failed: Failure }
  | { readonly imported: [module: string, name: string]; readonly values: readonly unknown[] };

/** An error on its way to another thread, where its class and its code would be lost. */
export type Failure =
  | { readonly threw: number }
  | {
      readonly kind: "ShmError" | "TypeError" | "RangeError";
      readonly message: string;
      readonly code: string | undefined;
      readonly details: { readonly [Name in "errno" | "syscall" | "hint"]: ShmError[Name] };
      readonly cause:
        | { readonly name: string; readonly message: string; readonly stack: string | undefined }
        | undefined;
    };

export function failureOf(error: unknown): Failure {
  if (error instanceof Threw) return { threw: error.thrown as number };
  const { message, code, errno, syscall, hint, cause } = error as ShmError & { cause?: unknown };
  const kind = error instanceof ShmError ? "ShmError" : error instanceof RangeError ? "RangeError" : "TypeError";
  return {
    kind,
    message: message ?? String(error),
    code,
    details: { errno, syscall, hint },
    cause: cause instanceof Error ? { name: cause.name, message: cause.message, stack: cause.stack } : undefined,
  };
}

/** The error again, on this side. */
export function revive(failure: Exclude<Failure, { threw: number }>): Error {
  const { kind, message, code, details } = failure;
  const cause = failure.cause && Object.assign(new Error(failure.cause.message), failure.cause);
  if (kind === "ShmError" && code !== undefined) return new ShmError(message, code, { ...details, cause });
  const Type = kind === "RangeError" ? RangeError : TypeError;
  return Object.assign(new Type(message, cause && { cause }), { code: code ?? "ERR_INVALID_ARG_TYPE" });
}
