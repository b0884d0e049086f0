import { sliceOf } from "../common/bytes.js";
import { invalidType, invalidValue } from "../common/errors.js";
import type { InlineSandbox } from "./inline.js";
import { checkSandboxOptions, type SandboxOptions } from "./options.js";
import type { Sandbox } from "./sandbox.js";

/**
 * Runs untrusted code on segments, in place: a WebAssembly module that imports `env.memory` and nothing else, in a
 * thread and a memory of its own. It can harm neither the segments that it may only read nor this process.
 *
 * @param wasmBytes the module
 * @throws {ShmError} `ERR_SHM_GUEST_INVALID` it is not a module; `ERR_SHM_GUEST_IMPORT` it imports what it is not given;
 *   `ERR_SHM_GUEST_MEMORY` it has a memory of its own, or no room for the windows; `ERR_SHM_MEMORY_LIMIT` it begins with
 *   more memory than it may have; `ERR_SHM_GUEST_TRAP` its start trapped; `ERR_SHM_TIME_LIMIT` its start took too long;
 *   and the errors of {@link Segment.attach}
 */
export function createSandbox(
  wasmBytes: ArrayBufferLike | ArrayBufferView,
  options: SandboxOptions & { inline: true },
): Promise<InlineSandbox>;
export function createSandbox(
  wasmBytes: ArrayBufferLike | ArrayBufferView,
  options?: SandboxOptions & { inline?: false },
): Promise<Sandbox>;
export async function createSandbox(
  wasmBytes: ArrayBufferLike | ArrayBufferView,
  options?: SandboxOptions,
): Promise<Sandbox | InlineSandbox> {
  const bytes = copyOf(wasmBytes);
  const checked = checkSandboxOptions(options);
  const { start } = await import("./start.js"); // many programs have no sandbox
  return start(bytes, checked);
}

/** A copy of the module's bytes, so that nothing can change them between the check and the use. */
function copyOf(wasmBytes: unknown): Uint8Array<ArrayBuffer> {
  const view = viewOf(wasmBytes);
  if (view) return sliceOf(view);
  throw invalidType("wasmBytes", "an ArrayBuffer or a view of one", wasmBytes);
}

/** Undefined if it is not bytes. */
function viewOf(wasmBytes: unknown): Uint8Array | undefined {
  try {
    if (ArrayBuffer.isView(wasmBytes))
      return new Uint8Array(wasmBytes.buffer, wasmBytes.byteOffset, wasmBytes.byteLength);
    if (wasmBytes instanceof ArrayBuffer || wasmBytes instanceof SharedArrayBuffer) return new Uint8Array(wasmBytes);
    return undefined;
  } catch {
    throw invalidValue("wasmBytes", "Its buffer is detached.", wasmBytes);
  }
}
