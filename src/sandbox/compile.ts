// Compiles a guest: in its own process, or in this one for a guest that is trusted to be harmless.
import { guestError, outOfMemory } from "../common/errors.js";
import { avoidTierUpCalls } from "./tiering.js";

function compileError(cause: unknown, length: number): Error {
  if (cause instanceof RangeError) return outOfMemory(`compiling a guest of ${length} bytes`, { cause });
  const message = cause instanceof Error ? cause.message : String(cause);
  const reason = message.replace(/^WebAssembly\.(compile|Module)\(\): /, "");
  return guestError(
    "ERR_SHM_GUEST_INVALID",
    `the guest is not a WebAssembly module that this engine accepts: ${reason}`,
    cause,
  );
}

/**
 * Without an event loop.
 *
 * @throws {ShmError} `ERR_SHM_GUEST_INVALID`; `ENOMEM`
 */
export function compileNow(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  avoidTierUpCalls();
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw compileError(cause, bytes.length);
  }
}

/** @throws {ShmError} `ERR_SHM_GUEST_INVALID`; `ENOMEM` */
export async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  avoidTierUpCalls();
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw compileError(cause, bytes.length);
  }
}
