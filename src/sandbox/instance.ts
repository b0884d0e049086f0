// A guest in a thread: its memory, the windows in it, and calls of its exports. Both kinds of sandbox run this, one in a
// worker, the other on the caller's thread.

import { guestError, readOnly } from "../common/errors.js";
import type { Access } from "../common/flags.js";
import { roundUp, WASM_PAGE } from "../memory/layout.js";
import type { Attachment } from "../segment/attachment.js";
import type { AttachOptions } from "../segment/segment.js";
import type { GuestResult, GuestValue, GuestWindow } from "./guest.js";
import { MOST_PAGES } from "./module.js";

/** What of a segment a guest sees. */
export interface WindowRequest {
  readonly access: Access;
  /** Bytes. */
  readonly offset: number;
  readonly length: number;
  attach(options: AttachOptions): Attachment;
}

export interface InstanceRequest {
  readonly module: WebAssembly.Module;
  /** Wasm pages: the guest's own at the start, and the most it may have of its own. */
  readonly initialPages: number;
  readonly maximumPages: number;
  /** The most its memory may have in all, by what the module declares. */
  readonly declaredPages: number;
  readonly allocator: string | undefined;
  readonly windows: ReadonlyMap<string, WindowRequest>;
  readonly imports: WebAssembly.Imports;
}

/** Thrown through a guest in place of what an imported function threw, so that it is not taken for the guest's. */
export class Threw {
  constructor(readonly thrown: unknown) {}
}

type GuestFunction = (...values: GuestValue[]) => GuestResult;

const pagesOf = (bytes: number): number => Math.ceil(bytes / WASM_PAGE);

/** Wasm pages that windows of so many bytes need: each begins on one. */
export function windowPages(lengths: readonly number[]): number {
  return lengths.reduce((pages, length) => pages + pagesOf(length), 0);
}

/** What a call threw: a trap, more stack than there is, or that a value is not of the kind the guest takes. */
function guestTrap(operation: string, cause: unknown): unknown {
  if (cause instanceof TypeError)
    return Object.assign(new TypeError(`${operation}: ${cause.message}`, { cause }), { code: "ERR_INVALID_ARG_TYPE" });
  // A WebAssembly.Exception is one that the guest threw and nobody caught; not every engine has them.
  const isTrap = cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError;
  const { Exception } = WebAssembly as unknown as { Exception?: new () => unknown };
  if (!isTrap && !(Exception && cause instanceof Exception)) return cause;
  return guestError("ERR_SHM_GUEST_TRAP", `${operation} trapped: ${(cause as Error).message ?? "an exception"}`, cause);
}

export class GuestInstance {
  readonly windows: ReadonlyMap<string, GuestWindow>;
  readonly #exports: WebAssembly.Exports;
  readonly #attachments = new Map<string, Attachment>();
  readonly #guarded: [name: string, attachment: Attachment][] = [];

  /** @throws {ShmError} ERR_SHM_GUEST_… the guest is at fault; else what attaching throws. No window is left attached. */
  constructor(request: InstanceRequest) {
    const { module, initialPages, maximumPages, declaredPages, allocator, imports } = request;
    const extra = windowPages([...request.windows.values()].map(({ length }) => length));
    const most = Math.min(maximumPages + extra, declaredPages, MOST_PAGES);
    if (initialPages + extra > most)
      throw guestError(
        "ERR_SHM_GUEST_MEMORY",
        `the guest's memory may have ${most} pages of 64 KiB; it begins with ${initialPages}, and the windows need ${extra}`,
      );
    const memory = new WebAssembly.Memory({ initial: initialPages, maximum: most });
    this.#exports = instantiate(module, { ...imports, env: { ...imports["env"], memory } }).exports;
    this.#initialize();
    try {
      const windows = new Map<string, GuestWindow>();
      // All at once: a memory that grows under a guarded window is more to ask of the engine.
      let next = allocator === undefined ? grow(memory, extra) : 0;
      for (const [name, window] of request.windows) {
        const { access, offset, length } = window;
        const byteOffset = allocator === undefined ? next : this.#allocate(allocator, memory, window);
        next += pagesOf(length) * WASM_PAGE;
        checkPlace(byteOffset, length, [...windows.values()], allocator);
        this.#attachments.set(name, window.attach({ access, offset, length, into: { memory, byteOffset } }));
        windows.set(name, { byteOffset, byteLength: length, access });
      }
      this.windows = windows;
    } catch (error) {
      this.close();
      throw error;
    }
    this.#guarded.push(...[...this.#attachments].filter(([, { access }]) => access === "read-only"));
  }

  /**
   * Calls an export.
   *
   * @throws {ShmError} `ERR_SHM_GUEST_EXPORT`, `ERR_SHM_GUEST_TRAP`; `ERR_SHM_READ_ONLY` it stored into a read-only window
   */
  call(name: string, values: readonly GuestValue[]): GuestResult {
    const call = this.#function(name);
    let result: GuestResult;
    try {
      result = call(...values);
    } catch (cause) {
      const trap = guestTrap(name, cause);
      this.#checkWindows(name, trap);
      throw trap;
    }
    this.#checkWindows(name);
    return result;
  }

  /** Detaches the windows. May be called twice. */
  close(): void {
    for (const attachment of this.#attachments.values()) attachment[Symbol.dispose]();
    this.#attachments.clear();
  }

  #function(name: string): GuestFunction {
    const value = Object.hasOwn(this.#exports, name) ? this.#exports[name] : undefined;
    if (typeof value === "function") return value as GuestFunction;
    const there = Object.keys(this.#exports).filter((key) => typeof this.#exports[key] === "function");
    const what = value === undefined ? "does not export it" : "exports it, but not as a function";
    throw guestError(
      "ERR_SHM_GUEST_EXPORT",
      `${name}: the guest ${what}; its functions are ${there.join(", ") || "none"}`,
    );
  }

  /**
   * Lets the guest begin. An allocator that takes all of the memory there is for its heap does so at its first
   * allocation: it must have had one before pages are added for windows (AssemblyScript's, wasi-libc's).
   */
  #initialize(): void {
    const { _initialize: begin, __new: assemblyScript, malloc, free } = this.#exports as Record<string, GuestFunction>;
    try {
      if (typeof begin === "function" && begin.length === 0) begin();
      if (typeof assemblyScript === "function" && assemblyScript.length === 2) assemblyScript(16, 0);
      else if (typeof malloc === "function" && typeof free === "function") free(malloc(16) as GuestValue);
    } catch (cause) {
      throw guestTrap("starting the guest", cause);
    }
  }

  /** Room in a block of the guest's own allocator, for a guest that takes all of its memory for heap. */
  #allocate(allocator: string, memory: WebAssembly.Memory, { length }: WindowRequest): number {
    const bytes = roundUp(length, WASM_PAGE) + WASM_PAGE; // so that whole pages are in it, wherever it begins
    const block = this.call(allocator, [bytes]);
    if (block === 0)
      throw guestError("ERR_SHM_MEMORY_LIMIT", `${allocator}(${bytes}) gave no memory for a window of ${length} bytes`);
    const start = typeof block === "number" ? block >>> 0 : Number.NaN;
    if (!(start <= memory.buffer.byteLength - bytes))
      throw guestError(
        "ERR_SHM_GUEST_MEMORY",
        `${allocator}(${bytes}) gave ${String(block)}, where its memory has no such block`,
      );
    return roundUp(start, WASM_PAGE);
  }

  /** Drops what was stored into read-only windows, and says so. */
  #checkWindows(operation: string, cause?: unknown): void {
    let found = "";
    for (const [name, attachment] of this.#guarded) {
      const pages = attachment.privatePages;
      if (pages === 0) continue;
      attachment.discard();
      found ||= `${operation} stored into ${pages === 1 ? "a page" : `${pages} pages`} of the window "${name}", which is read-only; the segment is as it was`;
    }
    if (found !== "") throw readOnly(found, cause);
  }
}

/** An allocator may hand out a block that it has handed out before. */
function checkPlace(byteOffset: number, length: number, others: GuestWindow[], allocator: string | undefined): void {
  const overlaps = others.some(
    (other) => byteOffset < other.byteOffset + other.byteLength && other.byteOffset < byteOffset + length,
  );
  if (overlaps) throw guestError("ERR_SHM_GUEST_MEMORY", `${allocator} gave the same block for two windows`);
}

function instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports): WebAssembly.Instance {
  try {
    return new WebAssembly.Instance(module, imports);
  } catch (cause) {
    if (cause instanceof WebAssembly.LinkError)
      throw guestError("ERR_SHM_GUEST_IMPORT", `the guest cannot be linked: ${cause.message}`, cause);
    throw guestTrap("starting the guest", cause);
  }
}

/** New pages at the end of the memory; where they begin. Whatever the guest allocates from then on lies behind them. */
function grow(memory: WebAssembly.Memory, pages: number): number {
  try {
    return memory.grow(pages) * WASM_PAGE;
  } catch (cause) {
    throw guestError(
      "ERR_SHM_MEMORY_LIMIT",
      `the guest left no room in its memory for windows of ${pages} pages`,
      cause,
    );
  }
}
