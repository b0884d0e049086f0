// Bytes between a guest's memory and the program that runs it: copied out of any place, and into blocks of its own allocator.
// All that the guest says of its memory may be false.
import { sliceOf } from "../common/bytes.js";
import { guestError, invalidType, outOfRange } from "../common/errors.js";
import { roundUp, WASM_PAGE } from "../memory/layout.js";
import { shownName } from "../module/names.js";
import type { GuestResult, GuestValue, GuestWindow } from "./guest.js";

/** What a sandbox asks of its guest's memory. */
export type MemoryOperation = "bytes" | "write" | "free";
export type MemoryValue = number | string | Uint8Array | undefined;

/** Bytes of a message: each has room for one such part. */
export const PART = 256 * 1024;

/** By the names that toolchains give them: C, emscripten, AssemblyScript, wasm-bindgen, Rust by hand. */
const ALLOCATORS = ["malloc", "_malloc", "__new", "__wbindgen_malloc", "alloc", "allocate"];
const FREES = ["free", "_free", "__unpin", "__wbindgen_free", "dealloc", "deallocate"];

/** Behind the size: AssemblyScript's number of an ArrayBuffer, or an alignment. */
const KIND_OR_ALIGNMENT = 1;

/** What is needed of a guest's instance. */
export interface ExchangeGuest {
  readonly memory: WebAssembly.Memory;
  readonly windows: ReadonlyMap<string, GuestWindow>;
  /** How many values an export takes; undefined: it is not a function. */
  takes(name: string): number | undefined;
  call(name: string, values: readonly GuestValue[]): GuestResult;
}

/**
 * The start of a block that an allocator gave: bytes of the guest's memory.
 *
 * @throws {ShmError} `ERR_SHM_MEMORY_LIMIT` it gave none; `ERR_SHM_GUEST_MEMORY` it is not in the memory
 */
export function blockOf(block: GuestResult, bytes: number, allocator: string, memory: WebAssembly.Memory): number {
  const asked = `${shownName(allocator)}(${bytes})`;
  if (block === 0) throw guestError("ERR_SHM_MEMORY_LIMIT", `${asked} gave no memory`);
  const start = typeof block === "number" ? block >>> 0 : Number.NaN;
  if (!(start <= memory.buffer.byteLength - bytes))
    throw guestError("ERR_SHM_GUEST_MEMORY", `${asked} gave ${String(block)}, which is not a block in its memory`);
  return start;
}

/** The name of a window that has some of these bytes, on whole wasm pages. */
function windowAt({ windows }: ExchangeGuest, start: number, length: number): string | undefined {
  for (const [name, { byteOffset, byteLength }] of windows)
    if (start < byteOffset + roundUp(byteLength, WASM_PAGE) && byteOffset < start + length) return name;
  return undefined;
}

function place(guest: ExchangeGuest, pointer: number, length: number): number {
  const size = guest.memory.buffer.byteLength;
  const start = pointer >>> 0; // an i32 comes signed
  if (start <= size - length) return start;
  throw outOfRange("pointer", `so that ${length} bytes lie in the guest's memory of ${size}`, start);
}

function named(guest: ExchangeGuest, names: readonly string[], what: string): string {
  const name = names.find((each) => guest.takes(each) !== undefined);
  if (name !== undefined) return name;
  throw guestError("ERR_SHM_GUEST_EXPORT", `the guest exports no ${what} that is known: ${names.join(", ")}`);
}

function allocate(guest: ExchangeGuest, length: number, given: string | undefined): number {
  const name = given ?? named(guest, ALLOCATORS, "allocator (write takes a name, too)");
  const bytes = Math.max(length, 1); // a block of nothing may be null
  const block = guest.call(name, guest.takes(name) === 2 ? [bytes, KIND_OR_ALIGNMENT] : [bytes]);
  const start = blockOf(block, bytes, name, guest.memory);
  const window = windowAt(guest, start, bytes);
  if (window !== undefined)
    throw guestError("ERR_SHM_GUEST_MEMORY", `${shownName(name)}(${bytes}) gave a block in the window "${window}"`);
  if (name === "__new" && guest.takes("__pin") === 1) guest.call("__pin", [start]);
  return start;
}

function free(guest: ExchangeGuest, pointer: number, length: number | undefined): void {
  const name = named(guest, FREES, "function that frees");
  const takes = guest.takes(name) as number;
  if (takes > 1 && length === undefined) throw invalidType("length", `a number, as ${name} takes it`, length);
  guest.call(name, [pointer, Math.max(length ?? 0, 1), KIND_OR_ALIGNMENT].slice(0, takes));
}

/**
 * Does what a sandbox asks.
 *
 * - `bytes`: pointer, the length of all, and where a part of {@link PART} begins. Returns a copy of the part.
 * - `write`: pointer, bytes, the length of all, and the allocator's name. Without a pointer it allocates. Returns the pointer.
 * - `free`: pointer and length.
 *
 * @throws {ShmError} `ERR_SHM_GUEST_EXPORT`, `ERR_SHM_GUEST_MEMORY`, `ERR_SHM_MEMORY_LIMIT`, and as a call does
 * @throws {RangeError} `ERR_OUT_OF_RANGE` the pointer
 */
export function exchange(
  guest: ExchangeGuest,
  operation: MemoryOperation,
  values: readonly MemoryValue[],
): Uint8Array | number | undefined {
  if (operation === "bytes") {
    const [pointer, length, from] = values as [number, number, number];
    const start = place(guest, pointer, length) + from;
    return sliceOf(new Uint8Array(guest.memory.buffer, start, Math.min(PART, length - from)));
  }
  if (operation === "free") return free(guest, ...(values as [number, number | undefined])) as undefined;
  const [pointer, bytes, length, name] = values as [number | undefined, Uint8Array, number, string | undefined];
  const start = pointer === undefined ? allocate(guest, length, name) : place(guest, pointer, length);
  const window = windowAt(guest, start, length);
  if (window !== undefined) throw outOfRange("pointer", `outside of the window "${window}"`, start);
  new Uint8Array(guest.memory.buffer, start, bytes.length).set(bytes);
  return start;
}
