import { sliceOf } from "../common/bytes.js";
import { invalidType, invalidValue } from "../common/errors.js";
import type { AnyExports, GuestExports } from "./guest.js";
import type { InlineSandbox } from "./inline.js";
import { within } from "./limits.js";
import { type CheckedOptions, checkSandboxOptions, type SandboxOptions } from "./options.js";
import type { SandboxPool } from "./pool.js";
import { checkPoolOptions, type SandboxPoolOptions } from "./pooloptions.js";
import type { Sandbox } from "./sandbox.js";

/**
 * Runs untrusted code on segments, in place: a WebAssembly module, in a process and a memory
 * of its own. It can harm neither the segments that it may only read nor this process.
 *
 * @param wasmBytes the module
 * @throws {ShmError} `ERR_SHM_GUEST_INVALID` it is not a module; `ERR_SHM_GUEST_IMPORT` it imports what it is not given;
 *   `ERR_SHM_GUEST_LIMIT` it is larger than it may be; `ERR_SHM_GUEST_MEMORY` it has no memory that can be replaced, or no room for the windows; `ERR_SHM_MEMORY_LIMIT` it begins with
 *   more memory than it may have, or compiling it takes more; `ERR_SHM_GUEST_TRAP` its start trapped; `ERR_SHM_TIME_LIMIT`
 *   its start took too long; `ERR_SHM_UNSUPPORTED` this system cannot confine a process; and the errors of
 *   {@link Segment.attach}
 */
export function createSandbox<Windows extends string = string, Exports extends GuestExports<Exports> = AnyExports>(
  wasmBytes: ArrayBufferLike | ArrayBufferView,
  options: SandboxOptions<Windows> & { isolation: "inline" },
): Promise<InlineSandbox<Windows, Exports>>;
export function createSandbox<Windows extends string = string, Exports extends GuestExports<Exports> = AnyExports>(
  wasmBytes: ArrayBufferLike | ArrayBufferView,
  options?: SandboxOptions<Windows> & { isolation?: "process" | "thread" },
): Promise<Sandbox<Windows, Exports>>;
export async function createSandbox(
  wasmBytes: ArrayBufferLike | ArrayBufferView,
  options?: SandboxOptions,
): Promise<Sandbox | InlineSandbox> {
  const view = viewOf(wasmBytes);
  const checked = checkSandboxOptions(options);
  const bytes = copyOf(view, checked);
  const { start } = await import("./start.js"); // many programs have no sandbox
  return start(bytes, checked);
}

/**
 * The same guest in several processes, each started before it is needed: a call goes to a free one.
 *
 * @throws {ShmError} as {@link createSandbox} with `isolation: "process"`
 */
export async function createSandboxPool<
  Windows extends string = string,
  Exports extends GuestExports<Exports> = AnyExports,
>(
  wasmBytes: ArrayBufferLike | ArrayBufferView,
  options?: SandboxPoolOptions<Windows>,
): Promise<SandboxPool<Windows, Exports>> {
  const view = viewOf(wasmBytes);
  const checked = checkPoolOptions(options);
  const bytes = copyOf(view, checked);
  const { startSandboxPool } = await import("./start.js");
  return (await startSandboxPool(bytes, checked)) as SandboxPool<never> as SandboxPool<Windows, Exports>;
}

/** A copy, which nothing can change between the check and the use. */
function copyOf(view: Uint8Array, { moduleLimits }: CheckedOptions): Uint8Array<ArrayBuffer> {
  within(moduleLimits, "bytes", view.length, "bytes");
  return sliceOf(view);
}

function viewOf(wasmBytes: unknown): Uint8Array {
  try {
    if (ArrayBuffer.isView(wasmBytes))
      return new Uint8Array(wasmBytes.buffer, wasmBytes.byteOffset, wasmBytes.byteLength);
    if (wasmBytes instanceof ArrayBuffer || wasmBytes instanceof SharedArrayBuffer) return new Uint8Array(wasmBytes);
  } catch {
    throw invalidValue("wasmBytes", "Its buffer is detached.", wasmBytes);
  }
  throw invalidType("wasmBytes", "an ArrayBuffer or a view of one", wasmBytes);
}
