import { checkRecord } from "../common/arguments.js";
import { sliceOf } from "../common/bytes.js";
import { invalidType, invalidValue } from "../common/errors.js";
import type { AnyExports, GuestExports } from "./guest.js";
import type { InlineSandbox } from "./inline.js";
import { within } from "./limits.js";
import { type CheckedOptions, checkSandboxOptions, type SandboxOptions } from "./options.js";
import type { SandboxPool } from "./pool.js";
import { checkPoolOptions, type SandboxPoolOptions } from "./pooloptions.js";
import { type GuestSource, type PreparedGuest, prepared, sourceOf } from "./prepared.js";
import type { Sandbox } from "./sandbox.js";

type GuestModule = ArrayBufferLike | ArrayBufferView | PreparedGuest;

/**
 * Runs untrusted code on segments, in place: a WebAssembly module, in a process and a memory
 * of its own. It can harm neither the segments that it may only read nor this process.
 *
 * @param wasm the module
 * @throws {ShmError} `ERR_SHM_GUEST_INVALID` it is not a module; `ERR_SHM_GUEST_IMPORT` it imports what it is not given;
 *   `ERR_SHM_GUEST_LIMIT` it is larger than it may be; `ERR_SHM_GUEST_MEMORY` it has no memory that can be replaced, or no room for the windows; `ERR_SHM_MEMORY_LIMIT` it begins with
 *   more memory than it may have, or compiling it takes more; `ERR_SHM_GUEST_TRAP` its start trapped; `ERR_SHM_TIME_LIMIT`
 *   its start took too long; `ERR_SHM_UNSUPPORTED` this system cannot confine a process; and the errors of
 *   {@link Segment.attach}
 */
export function createSandbox<Windows extends string = string, Exports extends GuestExports<Exports> = AnyExports>(
  wasm: GuestModule,
  options: SandboxOptions<Windows> & { isolation: "inline" },
): Promise<InlineSandbox<Windows, Exports>>;
export function createSandbox<Windows extends string = string, Exports extends GuestExports<Exports> = AnyExports>(
  wasm: GuestModule,
  options?: SandboxOptions<Windows> & { isolation?: "process" | "thread" },
): Promise<Sandbox<Windows, Exports>>;
export async function createSandbox(wasm: GuestModule, options?: SandboxOptions): Promise<Sandbox | InlineSandbox> {
  const { source, checked } = given(wasm, options, checkSandboxOptions);
  const { start } = await import("./start.js"); // many programs have no sandbox
  return start(source, checked);
}

/**
 * The same guest in several processes, each started before it is needed: a call goes to a free one.
 *
 * @throws {ShmError} as {@link createSandbox} with `isolation: "process"`
 */
export async function createSandboxPool<
  Windows extends string = string,
  Exports extends GuestExports<Exports> = AnyExports,
>(wasm: GuestModule, options?: SandboxPoolOptions<Windows>): Promise<SandboxPool<Windows, Exports>> {
  const { source, checked } = given(wasm, options, checkPoolOptions);
  const { startSandboxPool } = await import("./start.js");
  return (await startSandboxPool(source, checked)) as SandboxPool<never> as SandboxPool<Windows, Exports>;
}

/**
 * Checks and changes a guest once, for sandboxes and pools that start from it: they do not read it again, unless options
 * or the pages of their windows differ from all that was used. Of `"thread"` and `"inline"` it is compiled once, too.
 *
 * @param options of {@link createSandbox}: what those that start from it have unless they say it, `isolation` excepted
 * @throws {ShmError} as {@link createSandbox}, for what is found before a guest runs
 */
export async function prepareGuest(
  wasm: ArrayBufferLike | ArrayBufferView,
  options?: SandboxOptions,
): Promise<PreparedGuest> {
  const { source, checked } = given(viewOf(wasm), options, checkSandboxOptions);
  const { prepare } = await import("./start.js");
  await prepare(source, checked);
  return prepared(source);
}

/** A guest, and the options that were given for it: a prepared one has some already. */
function given<Options extends SandboxOptions, Checked extends CheckedOptions>(
  wasm: unknown,
  options: Options | undefined,
  check: (options: Options | undefined) => Checked,
): { source: GuestSource; checked: Checked } {
  const found = sourceOf(wasm);
  const view = found?.bytes ?? viewOf(wasm);
  // Not its isolation, which decides the type of the sandbox.
  const all: SandboxOptions | undefined = found
    ? { ...found.options, isolation: "process", ...checkRecord<SandboxOptions>(options) }
    : options;
  const checked = check(all as Options | undefined);
  within(checked.moduleLimits, "bytes", view.length, "bytes");
  return { source: found ?? { bytes: sliceOf(view), options: { ...options }, read: new Map() }, checked };
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
