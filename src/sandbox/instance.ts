// A running guest: its memory, the windows in it, and calls of its exports. A sandbox runs it in a process or a thread of
// its own, an inline sandbox on the caller's thread.
import { guestError, memoryMoved, outOfMemory, readOnly } from "../common/errors.js";
import { hints } from "../common/hints.js";
import { roundUp, WASM_PAGE } from "../memory/layout.js";
import { shownName, shownNames } from "../module/names.js";
import { blockOf, type ExchangeGuest, exchange, type MemoryOperation, type MemoryValue } from "./exchange.js";
import { type GuestResult, type GuestValue, type GuestWindow, MOST_PAGES } from "./guest.js";
import type { GuestAttachment, GuestLimits, InstanceRequest, WindowRequest } from "./job.js";
import type { Usage } from "./protocol.js";
import { provide } from "./provided.js";
import { GuestExit, type Wasi } from "./wasi.js";

type GuestFunction = (...values: GuestValue[]) => GuestResult;

/** Bytes of a block that shows whether an allocator keeps off the windows. */
const BLOCK = 16;

const STARTING = "starting the guest";
/** What a program that is run once exports, in place of `_initialize`. */
const COMMAND = "_start";

const pagesOf = (bytes: number): number => Math.ceil(bytes / WASM_PAGE);

/** The wasm pages that windows of these lengths need: each begins on a page of its own, behind one that is empty. */
export function windowPages(lengths: readonly number[]): number {
  return lengths.reduce((pages, length) => pages + 1 + pagesOf(length), 0);
}

/**
 * What dlmalloc, the allocator of emscripten, Rust and wasi-libc, finds before a block that it did not take from its heap: the
 * size, and no flags. It frees such a block by the system, which has no such call in WebAssembly. So a guest that frees a window,
 * as wasm-bindgen's functions do with each array that they are given, puts none of it among its free blocks.
 */
function markForeign(memory: WebAssembly.Memory, byteOffset: number, length: number): void {
  new DataView(memory.buffer).setUint32(byteOffset - 4, roundUp(length, 8) + 16, true);
}

const guestExit = (operation: string, code: number): Error =>
  guestError("ERR_SHM_GUEST_EXIT", `${operation}: the guest exited with code ${code}`);

/**
 * The error for what a call of the guest threw: an exit, a trap, a stack overflow, or a value that the guest's type does not take (for
 * the text of another value than an i64, engines throw a SyntaxError). Everything else is returned as it
 * is.
 */
function guestTrap(operation: string, cause: unknown): unknown {
  if (cause instanceof GuestExit) return guestExit(operation, cause.code);
  if (cause instanceof TypeError || cause instanceof SyntaxError)
    return Object.assign(new TypeError(`${operation}: ${cause.message}`, { cause }), { code: "ERR_INVALID_ARG_TYPE" });
  // A WebAssembly.Exception is one that the guest threw and did not catch. Not every engine has them.
  const isTrap = cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError;
  const { Exception } = WebAssembly as unknown as { Exception?: new () => unknown };
  if (!isTrap && !(Exception && cause instanceof Exception)) return cause;
  return guestError("ERR_SHM_GUEST_TRAP", `${operation} trapped: ${(cause as Error).message ?? "an exception"}`, cause);
}

/** The most pages that the memory may have, with so many of windows. */
const mostPages = ({ maximumPages, declaredPages }: GuestLimits, extra: number): number =>
  Math.min(maximumPages + extra, declaredPages, MOST_PAGES);

/** Bytes that a guest may have, without its windows. */
export function allowedBytes(limits: GuestLimits, windows: readonly { readonly length: number }[]): number {
  const extra = windowPages(windows.map(({ length }) => length));
  return (limits.fixed ? limits.maximumPages : mostPages(limits, extra) - extra) * WASM_PAGE;
}

export class GuestInstance implements ExchangeGuest {
  readonly windows: ReadonlyMap<string, GuestWindow>;
  readonly memory: WebAssembly.Memory;
  readonly #exports: WebAssembly.Exports;
  /** Pages that it sees, if it asks for them and they are not those of the memory. */
  readonly #pages: WebAssembly.Global<"i32"> | undefined;
  /** What is left, and the number that was given. */
  readonly #fuel: WebAssembly.Global<"i64"> | undefined;
  #fuelGiven = 0n;
  /** Pages of its memory that are not its own: of its windows, or what it does not ask for. */
  readonly #extra: number;
  /** The memory's buffer when the windows were last seen in place. A grow makes another. */
  #buffer: ArrayBufferLike;
  readonly #attachments = new Map<string, GuestAttachment>();
  readonly #wasi: Wasi | undefined;
  readonly #guarded: [name: string, attachment: GuestAttachment][] = [];

  /**
   * @throws {ShmError} ERR_SHM_GUEST_… the guest is at fault; and the errors of {@link Segment.attach}. No window stays
   *   attached then.
   */
  constructor(request: InstanceRequest) {
    const { module, initialPages, maximumPages, allocator, fixed, hidden } = request;
    const extra = windowPages([...request.windows.values()].map(({ length }) => length));
    const most = mostPages(request, extra);
    const own = fixed ? maximumPages : initialPages;
    if (own + extra > most)
      throw guestError(
        "ERR_SHM_GUEST_MEMORY",
        `the guest's memory may have ${most} pages of 64 KiB; ${own} are its own, and the windows need ${extra}; a lower memoryLimit leaves more`,
      );
    const memory = fixed ? (request.fixedMemory ?? fixedMemory)(own + extra) : makeMemory(initialPages, most);
    const { imports, wasi } = provide(module, memory, request);
    this.#wasi = wasi;
    this.memory = memory;
    this.#extra = fixed ? maximumPages + extra - initialPages : extra;
    this.#exports = { ...instantiate(module, imports).exports };
    this.#pages = this.#hidden(hidden.pages) as WebAssembly.Global<"i32"> | undefined;
    this.#fuel = this.#hidden(hidden.fuel) as WebAssembly.Global<"i64"> | undefined;
    if (request.fuel !== undefined) this.fuel = request.fuel;
    this.#initialize(this.#hidden(hidden.start) as GuestFunction | undefined);
    const exit = wasi?.takeExit();
    if (exit !== undefined) throw guestExit(STARTING, exit);
    this.#checkFuel(STARTING);
    try {
      const windows = new Map<string, GuestWindow>();
      let next = maximumPages * WASM_PAGE;
      for (const [name, window] of request.windows) {
        const { access, length } = window;
        const byteOffset = allocator === undefined ? next + WASM_PAGE : this.#allocate(allocator, memory, window);
        next = byteOffset + pagesOf(length) * WASM_PAGE;
        checkPlace(byteOffset, length, [...windows.values()], allocator);
        if (fixed) markForeign(memory, byteOffset, length);
        this.#attachments.set(name, window.attach({ memory, byteOffset }));
        windows.set(name, { byteOffset, byteLength: length, access });
      }
      this.windows = windows;
      if (allocator !== undefined && windows.size > 0) this.#checkBlock(allocator);
      this.#buffer = memory.buffer;
    } catch (error) {
      this.close();
      throw error;
    }
    this.#guarded.push(...[...this.#attachments].filter(([, { access }]) => access === "read-only"));
  }

  /**
   * Calls an export. With WASI, `_start` returns the code that the guest exits with.
   *
   * @throws {ShmError} `ERR_SHM_GUEST_EXPORT` it exports no such function; `ERR_SHM_GUEST_TRAP` it trapped;
   *   `ERR_SHM_READ_ONLY` it stored into a read-only window; `ERR_SHM_MEMORY_MOVED` it grew its memory, and the engine
   *   moved that away from the windows. So does every later call
   */
  call(name: string, values: readonly GuestValue[]): GuestResult {
    const call = this.#function(name);
    this.#checkFuel(name);
    const wasi = this.#wasi;
    let result: GuestResult;
    let failed: unknown;
    try {
      result = call(...values);
    } catch (cause) {
      failed = this.#spent(name, cause) ?? guestTrap(name, cause);
    }
    const exit = wasi?.takeExit(); // also if the guest caught it
    if (exit !== undefined) {
      result = exit;
      failed = name === COMMAND ? undefined : guestExit(name, exit);
    } else failed ??= this.#spent(name); // an exit has used the fuel of what it left out
    this.#checkWindows(name, failed);
    if (failed !== undefined) throw failed;
    return wasi && name === COMMAND ? (result ?? 0) : result;
  }

  /** What it may execute from now on. */
  set fuel(fuel: number) {
    if (!this.#fuel) return;
    this.#fuelGiven = BigInt(fuel);
    this.#fuel.value = this.#fuelGiven;
  }

  /** The error of what took more than was left. */
  #spent(operation: string, cause?: unknown): Error | undefined {
    const left = this.#fuel?.value ?? 0n;
    if (left >= 0n) return undefined;
    const given = this.#fuelGiven;
    return guestError("ERR_SHM_FUEL", `${operation} ran out of fuel: ${given} given, ${given - left} used`, cause);
  }

  #checkFuel(operation: string): void {
    const spent = this.#spent(operation);
    if (spent) throw spent;
  }

  /** An export that this package added, which no caller sees. */
  #hidden(name: string | undefined): WebAssembly.ExportValue | undefined {
    if (name === undefined) return undefined;
    const value = this.#exports[name];
    delete this.#exports[name];
    return value;
  }

  /** @throws {ShmError} as {@link exchange} */
  exchange(operation: MemoryOperation, values: readonly MemoryValue[]): Uint8Array | number | undefined {
    return exchange(this, operation, values);
  }

  takes(name: string): number | undefined {
    const value = Object.hasOwn(this.#exports, name) ? this.#exports[name] : undefined;
    return typeof value === "function" ? value.length : undefined;
  }

  get usage(): Usage {
    const pages = this.#pages?.value ?? this.memory.buffer.byteLength / WASM_PAGE - this.#extra;
    const left = this.#fuel && Number(this.#fuel.value);
    return { memory: pages * WASM_PAGE, fuel: left && Math.max(left, 0) };
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
      `${shownName(name)}: the guest ${what}; its functions are ${shownNames(there)}`,
    );
  }

  #initialize(begin: GuestFunction | undefined): void {
    const { _initialize, __wasm_call_ctors } = this.#exports as Record<string, GuestFunction>;
    // The first calls the second, and so does a command.
    const start = _initialize ?? (Object.hasOwn(this.#exports, COMMAND) ? undefined : __wasm_call_ctors);
    try {
      begin?.();
      if (typeof start === "function" && start.length === 0) start();
    } catch (cause) {
      throw (cause instanceof GuestExit ? undefined : this.#spent(STARTING, cause)) ?? guestTrap(STARTING, cause);
    }
  }

  /**
   * Has the guest's own allocator make room for a window, in a guest that uses all of its memory as heap. Returns the
   * window's place in the block: bytes.
   */
  #allocate(allocator: string, memory: WebAssembly.Memory, { length }: WindowRequest): number {
    const bytes = roundUp(length, WASM_PAGE) + WASM_PAGE; // so that it holds the window's whole pages wherever it begins
    return roundUp(blockOf(this.call(allocator, [bytes]), bytes, allocator, memory), WASM_PAGE);
  }

  /** A function that gives the same block each time is not an allocator: another block would lie in a window. */
  #checkBlock(allocator: string): void {
    const start = Number(this.call(allocator, [BLOCK])) >>> 0;
    for (const [name, { byteOffset, byteLength }] of this.windows)
      if (start < byteOffset + byteLength && byteOffset < start + BLOCK)
        throw guestError("ERR_SHM_GUEST_MEMORY", `${allocator}(${BLOCK}) gave a block in the window "${name}"`);
  }

  /**
   * Checks that the windows are where they were attached; drops what was stored into read-only ones, and says so.
   *
   * @throws {ShmError} `ERR_SHM_MEMORY_MOVED`, `ERR_SHM_READ_ONLY`
   */
  #checkWindows(operation: string, cause?: unknown): void {
    if (this.memory.buffer !== this.#buffer) this.#checkInPlace(operation);
    let found = "";
    for (const [name, attachment] of this.#guarded) {
      const pages = attachment.privatePages;
      if (pages === 0) continue;
      attachment.discard();
      found ||= `${operation} stored into ${pages === 1 ? "a page" : `${pages} pages`} of the window "${name}", which is read-only; the segment is as it was`;
    }
    if (found !== "") throw readOnly(found, cause);
  }

  /** After a grow. An engine that checks bounds in code may have copied the memory to another address. */
  #checkInPlace(operation: string): void {
    const { buffer } = this.memory;
    try {
      for (const attachment of this.#attachments.values()) attachment.bytes;
    } catch (cause) {
      throw memoryMoved(
        `${operation}: the engine moved the guest's memory when it grew, and its windows were left behind; make another sandbox, with a lower memoryLimit`,
        cause,
      );
    }
    this.#buffer = buffer;
  }
}

/** Refuses a window that overlaps another: a hostile allocator may return the same block twice. */
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
    throw guestTrap(STARTING, cause);
  }
}

/** Of so many wasm pages, for ever. @throws as {@link makeMemory} */
export const fixedMemory = (pages: number): WebAssembly.Memory => makeMemory(pages, pages);

/** @throws {ShmError} `ENOMEM` this process has no address space for it */
function makeMemory(initial: number, maximum: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial, maximum });
  } catch (cause) {
    throw outOfMemory(`a guest's memory of ${initial * WASM_PAGE} bytes`, {
      reason: "it takes some 10 GiB of address space, and this process has too little left",
      hint: hints.lessAddressSpace,
      cause,
    });
  }
}
