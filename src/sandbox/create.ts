import {
  checkBoolean,
  checkChoice,
  checkNumber,
  checkOptions,
  checkRecord,
  checkSize,
  checkString,
} from "../common/arguments.js";
import { guestError, invalidType, outOfRange } from "../common/errors.js";
import { type Access, accesses } from "../common/flags.js";
import { checkCapability } from "../host/check.js";
import { WASM_PAGE } from "../memory/layout.js";
import { Segment, segments } from "../segment/segment.js";
import type { Imports } from "./guest.js";
import { InlineSandbox } from "./inline.js";
import type { WindowRequest } from "./instance.js";
import { readGuest } from "./module.js";
import { Sandbox } from "./sandbox.js";

/** A window of a segment in a guest's memory. */
export interface SandboxWindow {
  segment: Segment;
  /** What the guest may do to the segment (default `"read-only"`). */
  access?: Access;
  /** Bytes from the segment's start, a multiple of the page size (default 0). */
  offset?: number;
  /** Bytes (default: to the end of the segment). */
  length?: number;
}

export interface SandboxOptions {
  /** What the guest sees of segments, by names of your choice. */
  windows?: Readonly<Record<string, SandboxWindow>>;
  /** Milliseconds that a call may take, and the guest's start; Infinity for no limit (default 10,000). */
  timeLimitMs?: number;
  /** Bytes that the guest's memory may have, beside the windows (default 256 MiB). */
  memoryLimit?: number;
  /**
   * The name of an exported allocator, `"malloc"` say, whose blocks the windows are put into: for guests that take all
   * of their memory for heap (emscripten, TinyGo). Default: windows lie in pages of their own.
   */
  allocator?: string;
  /** Functions that the guest may import, by module and name (default none). They run on the caller's thread. */
  imports?: Imports;
  /** Run a guest that is trusted on this thread, with synchronous calls and no time limit (default false). */
  inline?: boolean;
}

const sandboxKeys = ["windows", "timeLimitMs", "memoryLimit", "allocator", "imports", "inline"] as const;
const windowKeys = ["segment", "access", "offset", "length"] as const;

const DEFAULT_TIME_LIMIT_MS = 10_000;
const DEFAULT_MEMORY_LIMIT = 256 * 2 ** 20;

/** A copy of the module's bytes, whatever view they came in: nobody changes it between the check and the use. */
function copyOf(wasmBytes: unknown): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(wasmBytes))
    return new Uint8Array(
      wasmBytes.buffer,
      wasmBytes.byteOffset,
      wasmBytes.byteLength,
    ).slice() as Uint8Array<ArrayBuffer>;
  if (wasmBytes instanceof ArrayBuffer || wasmBytes instanceof SharedArrayBuffer)
    return new Uint8Array(wasmBytes).slice() as Uint8Array<ArrayBuffer>;
  throw invalidType("wasmBytes", "an ArrayBuffer or a view of one", wasmBytes);
}

interface CheckedWindow extends WindowRequest {
  readonly segment: Segment;
}

function checkWindows(windows: SandboxOptions["windows"], inline: boolean): Map<string, CheckedWindow> {
  const checked = new Map<string, CheckedWindow>();
  for (const [name, window] of Object.entries(checkRecord(windows, "options.windows"))) {
    const option = `options.windows.${name}`;
    const { segment, access = "read-only", offset = 0, length } = checkOptions(window, windowKeys, option);
    if (!(segment instanceof Segment)) throw invalidType(`${option}.segment`, "an instance of Segment", segment);
    checkChoice(`${option}.access`, access, accesses);
    checkSize(`${option}.offset`, offset);
    if (length !== undefined) checkSize(`${option}.length`, length, 1);
    const host = segments.hostOf(segment);
    checkCapability(host, "attach into a memory", `a sandbox on segment ${segment.id}`);
    if (!inline) checkCapability(host, "open in another thread", `a thread for a sandbox on segment ${segment.id}`);
    const rest = segment.size - offset;
    if (rest <= 0) throw outOfRange(`${option}.offset`, `< ${segment.size}, the segment's size`, offset);
    checked.set(name, {
      segment,
      access,
      offset,
      length: length ?? rest,
      attach: (options) => segment.attach(options),
    });
  }
  return checked;
}

function checkImports(imports: unknown): Imports {
  const modules = checkRecord(imports as Imports | undefined, "options.imports") as Imports;
  for (const [module, functions] of Object.entries(modules))
    for (const [name, value] of Object.entries(checkRecord(functions, `options.imports.${module}`)))
      if (typeof value !== "function")
        throw invalidType(`options.imports.${module}.${name}`, "of type function", value);
  return modules;
}

function checkTimeLimit(value: unknown): number {
  const limit = checkNumber("options.timeLimitMs", value);
  if (!(limit > 0)) throw outOfRange("options.timeLimitMs", "> 0", limit);
  return limit;
}

/**
 * Runs code you do not trust on segments, in place: a WebAssembly module that imports `env.memory` and nothing else, in
 * a thread and a memory of its own. It can harm neither the segments that it may only read nor this process.
 *
 * @param wasmBytes the module
 * @throws {ShmError} `ERR_SHM_GUEST_INVALID` it is no module; `ERR_SHM_GUEST_IMPORT` it wants what it does not get;
 *   `ERR_SHM_GUEST_MEMORY` it has a memory of its own, or no room for the windows; `ERR_SHM_MEMORY_LIMIT` it begins with
 *   more memory than it may have; `ERR_SHM_GUEST_TRAP`, `ERR_SHM_TIME_LIMIT` its start did; what {@link Segment.attach}
 *   throws
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
  const {
    allocator,
    inline = false,
    timeLimitMs = DEFAULT_TIME_LIMIT_MS,
    ...rest
  } = checkOptions(options, sandboxKeys);
  checkBoolean("options.inline", inline);
  const windows = checkWindows(rest.windows, inline);
  const imports = checkImports(rest.imports);
  const limit = checkSize("options.memoryLimit", rest.memoryLimit ?? DEFAULT_MEMORY_LIMIT);
  const timeLimit = checkTimeLimit(timeLimitMs);
  if (allocator !== undefined) checkString("options.allocator", allocator);

  const { module, pages } = await readGuest(bytes, imports);
  const maximumPages = Math.floor(limit / WASM_PAGE);
  if (pages.initial > maximumPages)
    throw guestError(
      "ERR_SHM_MEMORY_LIMIT",
      `the guest begins with ${pages.initial * WASM_PAGE} bytes of memory; its limit is ${limit}`,
    );
  const request = { module, initialPages: pages.initial, maximumPages, declaredPages: pages.maximum, allocator };
  if (inline) return new InlineSandbox({ ...request, windows }, imports);
  const shared = [...windows].map(([name, { segment, access, offset, length }]) => ({
    name,
    id: segment.id,
    access,
    offset,
    length,
  }));
  const names = Object.entries(imports).map(([from, functions]) => [from, Object.keys(functions)] as const);
  return new Sandbox({ ...request, windows: shared, imports: names }, imports, timeLimit).start();
}
