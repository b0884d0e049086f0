// What `segment.attach` is asked for, checked before any system call.
import { checkChoice, checkOptions, checkSize } from "../common/arguments.js";
import { invalidType, invalidValue, outOfRange } from "../common/errors.js";
import { type Access, accesses, type MemoryKind, memoryKinds } from "../common/flags.js";
import type { MapRequest } from "../host/host.js";
import { MAX_WINDOW, memoryByteLength, roundUp, WASM_PAGE, type WasmMemory } from "../memory/layout.js";
import { checkFree } from "./lifetime.js";

export interface AttachOptions {
  /**
   * What may be done to the segment through the attachment (default `"read-write"`).
   * `"read-only"`: cursors and ranges throw ERR_SHM_READ_ONLY if they are to write; a store through a view or from
   * WebAssembly lands in a private page. `"copy-on-write"`: all stores land in private pages, and no other process sees
   * them. {@link Attachment.privatePages} counts these pages.
   */
  access?: Access;
  /** Bytes from the segment's start, a multiple of the page size (default 0). */
  offset?: number;
  /** Bytes, a multiple of the page size or up to the segment's end (default: to the end). */
  length?: number;
  /** A memory of yours and a page-aligned place in it; its bytes there are lost. Default: a memory of its own. */
  into?: { memory: WasmMemory; byteOffset: number };
  /**
   * The kind of memory that is made. `"shared"` (the default on the sysv host): `memory.buffer` is a SharedArrayBuffer,
   * so the engine knows that others write there. A module must import it as shared, or its instantiation is a LinkError;
   * worker threads can be given it; `crypto.subtle`, `new Response` and other web APIs do not take its views.
   *
   * `"plain"` (the local host's only kind): for modules that import an unshared memory and for APIs that refuse a
   * SharedArrayBuffer. If another process writes to the segment while this one decodes text from `bytes` or sorts them, a
   * plain memory lets it end the process, or overwrite its heap. docs/memory-map.md has the ways out.
   */
  memory?: MemoryKind;
  /**
   * Bytes, rounded up to 64 KiB, for a module of yours: private zeros between the core's page and the window (default 0).
   * With `--global-base=65536` its data and its stack lie there, whatever the segment's size is. Not with `into`.
   */
  reserve?: number;
}

interface Sized {
  readonly id: number;
  /** Bytes. */
  readonly size: number;
}

/** @param pageSize the host's: bytes */
export function checkAttach(segment: Sized, pageSize: number, options: AttachOptions | undefined): MapRequest {
  const keys = ["access", "offset", "length", "into", "memory", "reserve"] as const;
  const { access = "read-write", offset, length, into, memory, reserve } = checkOptions(options, keys);
  checkChoice("options.access", access, accesses);
  if (memory !== undefined) checkChoice("options.memory", memory, memoryKinds);
  if (into !== undefined && memory !== undefined)
    throw invalidValue("options.memory", "The memory of options.into has its kind already: leave it out.", memory);
  const window = windowOf(segment, pageSize, { offset, length, into });
  return { ...window, access, memory, reserve: reserveFor(reserve, window) };
}

/** The checked window of an attach. @param name of the options, for errors */
export function windowOf(
  { id, size }: Sized,
  pageSize: number,
  { offset = 0, length, into }: { [Option in "offset" | "length" | "into"]: AttachOptions[Option] },
  name = "options",
): Pick<MapRequest, "id" | "offset" | "length" | "into"> {
  checkSize(`${name}.offset`, offset);
  if (offset % pageSize !== 0) throw outOfRange(`${name}.offset`, `a multiple of the page size, ${pageSize}`, offset);
  if (offset >= size) throw outOfRange(`${name}.offset`, `< ${size}, the segment's size`, offset);
  const rest = size - offset;
  const wanted = length === undefined ? rest : checkSize(`${name}.length`, length, 1);
  if (wanted > rest) throw outOfRange(`${name}.length`, `<= ${rest}, what the segment has from ${offset}`, wanted);
  if (wanted !== rest && wanted % pageSize !== 0)
    throw outOfRange(`${name}.length`, `a multiple of the page size, ${pageSize}, or ${rest}, to the end`, wanted);
  if (wanted > MAX_WINDOW)
    throw outOfRange(`${name}.length`, `<= ${MAX_WINDOW}, what a memory holds; attach windows of the segment`, wanted);
  return { id, offset, length: wanted, into: into === undefined ? undefined : placeOf(into, pageSize, wanted) };
}

/** The checked place of a window in the caller's memory. */
function placeOf(into: NonNullable<AttachOptions["into"]>, pageSize: number, length: number): MapRequest["into"] {
  const { memory, byteOffset } = checkOptions(into, ["memory", "byteOffset"], "options.into");
  const memoryLength = memoryByteLength(memory);
  if (memory === undefined || memoryLength === undefined)
    throw invalidType("options.into.memory", "an instance of WebAssembly.Memory", memory);
  const place = checkSize("options.into.byteOffset", byteOffset);
  if (place % pageSize !== 0)
    throw outOfRange("options.into.byteOffset", `a multiple of the page size, ${pageSize}`, place);
  const room = memoryLength - roundUp(length, pageSize);
  if (place > room)
    throw outOfRange("options.into.byteOffset", `<= ${room}, so that ${length} bytes fit the memory`, place);
  checkFree(memory, place, roundUp(length, pageSize));
  return { memory, byteOffset: place };
}

/** The checked reserve of a window: bytes, whole wasm pages; undefined for none. */
function reserveFor(value: unknown, { length, into }: Pick<MapRequest, "length" | "into">): number | undefined {
  if (value === undefined) return undefined;
  const reserve = roundUp(checkSize("options.reserve", value), WASM_PAGE);
  const room = MAX_WINDOW - roundUp(length, WASM_PAGE);
  if (reserve > room)
    throw outOfRange("options.reserve", `<= ${room}, what a memory has beside a window of ${length} bytes`, value);
  if (reserve > 0 && into)
    throw invalidValue(
      "options.reserve",
      "The memory of options.into is yours: place the window behind your module.",
      value,
    );
  return reserve === 0 ? undefined : reserve;
}
