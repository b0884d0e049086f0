// Errors of a sandbox, and errors on their way from the guest's thread or process to the caller's thread.
import { guestError, ShmError, unsupported } from "../common/errors.js";

/**
 * Thrown through a guest in place of what an imported function threw, so that it is not taken for a trap of the guest.
 * Away from the caller's thread `value` is a number by which that thread finds what was thrown.
 */
export class ThrownByImport {
  constructor(readonly value: unknown) {}
}

/** A cause loses its class on the way, but not its name, message and stack. */
interface Cause {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** An error as data: structured clone would lose its class and its code. */
export interface ErrorData {
  readonly kind: "ShmError" | "TypeError" | "RangeError";
  readonly message: string;
  readonly code: string | undefined;
  readonly details: { readonly [Name in "errno" | "syscall" | "hint"]: ShmError[Name] };
  readonly cause: Cause | undefined;
}

/** What an imported function threw stays in the caller's thread, and is named by a number. */
export type Failure = { readonly thrownByImport: number } | ErrorData;

export function failureOf(error: unknown): Failure {
  if (error instanceof ThrownByImport) return { thrownByImport: error.value as number };
  const { message, code, errno, syscall, hint, cause } = error as ShmError & { cause?: unknown };
  const kind = error instanceof ShmError ? "ShmError" : error instanceof RangeError ? "RangeError" : "TypeError";
  return {
    kind,
    message: message ?? String(error),
    code: typeof code === "string" ? code : undefined, // a DOMException's is a number
    details: { errno, syscall, hint },
    cause: cause instanceof Error ? { name: cause.name, message: cause.message, stack: cause.stack } : undefined,
  };
}

/** Makes the error again, in the caller's thread. */
export function revive({ kind, message, code, details, cause: data }: ErrorData): Error {
  const cause = data && Object.assign(new Error(data.message), data);
  if (kind === "ShmError" && code !== undefined) return new ShmError(message, code, { ...details, cause });
  const Type = kind === "RangeError" ? RangeError : TypeError;
  return Object.assign(new Type(message, cause && { cause }), { code: code ?? "ERR_INVALID_ARG_TYPE" });
}

/** A value such as a function, on its way to or from the guest's thread or process. */
export function cannotCross(what: string, cause: unknown): ShmError {
  const why = cause instanceof Error && cause.name === "NotPlain" ? ` (${cause.message})` : "";
  return unsupported(
    what,
    `the value cannot cross between the guest and your thread${why}; an inline sandbox runs on your thread`,
    { cause },
  );
}

export function sandboxClosed(why: string, cause?: unknown): ShmError {
  return guestError("ERR_SHM_SANDBOX_CLOSED", `the sandbox is closed: ${why}`, cause);
}
