// What a guest module asks for, before any of it runs: its imports, and the limits of the memory it wants.
import { guestError } from "../common/errors.js";
import type { Imports } from "./guest.js";
import { avoidTierUpCalls } from "./tiering.js";

/** Wasm pages of 64 KiB that env.memory must have, and may have: not bytes. */
export interface MemoryPages {
  readonly initial: number;
  readonly maximum: number;
}

export interface Guest {
  readonly module: WebAssembly.Module;
  readonly pages: MemoryPages;
}

/** Wasm pages in the 4 GiB that a 32-bit memory may have. */
export const MOST_PAGES = 65_536;

// https://webassembly.github.io/spec/core/binary/modules.html
const HEADER = 8;
const TYPE_SECTION = 1;
const IMPORT_SECTION = 2;
const TABLE_SECTION = 4;
const MEMORY_SECTION = 5;
const FUNCTION_TYPE = 0x60;
const TABLE_WITH_INITIALIZER = 0x40;
const FUNCTION_IMPORT = 0;
const MEMORY_IMPORT = 2;
/** The one flag of the limits of a plain 32-bit memory. Others stand for shared memories, 64-bit ones and what is to come. */
const HAS_MAXIMUM = 1;

/** The most elements that V8 lets a table have, and that all tables of a guest may have: about 28 bytes of heap each. */
const MOST_OF_A_TABLE = 10_000_000;
const MOST_ELEMENTS = 32 * 2 ** 20;

/** Reads a module that the engine has compiled: its lengths are right, and its imports are functions and one memory. */
class Reader {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.position >= this.#bytes.length;
  }

  peek(): number {
    return this.#bytes[this.position] ?? 0;
  }

  byte(): number {
    return this.#bytes[this.position++] ?? 0;
  }

  /** LEB128, unsigned. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** A reference type of the GC proposal takes a heap type as well. */
  skipValueType(): void {
    const type = this.byte();
    if (type === 0x63 || type === 0x64) this.number();
  }

  skipName(): void {
    const length = this.number();
    this.position += length;
  }
}

/** The limits of env.memory in an import section whose other entries are functions. */
function importedPages(reader: Reader): MemoryPages {
  for (let count = reader.number(); count > 0; count--) {
    reader.skipName();
    reader.skipName();
    const kind = reader.byte();
    if (kind === FUNCTION_IMPORT) reader.number();
    if (kind !== MEMORY_IMPORT) continue;
    const flags = reader.number();
    if ((flags & ~HAS_MAXIMUM) !== 0)
      throw guestError(
        "ERR_SHM_GUEST_MEMORY",
        "the guest's env.memory is shared or 64-bit; it must be a plain 32-bit one",
      );
    const initial = reader.number();
    return { initial, maximum: flags === HAS_MAXIMUM ? reader.number() : MOST_PAGES };
  }
  throw guestError("ERR_SHM_GUEST_MEMORY", "the guest imports no env.memory"); // checkImports saw one
}

/** Objects of the engine's heap are held by no memory's limit, and when that heap is full the engine ends the process. */
function checkTypes(reader: Reader): void {
  for (let count = reader.number(); count > 0; count--) {
    if (reader.byte() !== FUNCTION_TYPE)
      throw guestError("ERR_SHM_GUEST_MEMORY", "the guest has garbage-collected types, whose objects no limit holds");
    for (let side = 0; side < 2; side++)
      for (let values = reader.number(); values > 0; values--) reader.skipValueType();
  }
}

/** Tables are in that heap too, and grow while the guest runs. */
function checkTables(reader: Reader): void {
  let elements = 0;
  for (let count = reader.number(); count > 0; count--) {
    const initialized = reader.peek() === TABLE_WITH_INITIALIZER;
    if (initialized) reader.position += 2; // and a reserved byte
    reader.skipValueType();
    const flags = reader.number();
    const initial = reader.number();
    const most = flags & HAS_MAXIMUM ? reader.number() : MOST_OF_A_TABLE;
    elements += Math.max(initial, Math.min(most, MOST_OF_A_TABLE));
    if (!initialized) continue;
    elements += (count - 1) * MOST_OF_A_TABLE; // where its initializer ends is not looked for
    break;
  }
  if (elements > MOST_ELEMENTS)
    throw guestError(
      "ERR_SHM_MEMORY_LIMIT",
      `the guest's tables may have ${elements} elements; ${MOST_ELEMENTS} is the most (a table without a maximum counts ${MOST_OF_A_TABLE})`,
    );
}

/** Of a section's contents: https://webassembly.github.io/spec/core/binary/modules.html#sections */
function memoryPages(bytes: Uint8Array): MemoryPages {
  const reader = new Reader(bytes);
  let pages: MemoryPages | undefined;
  for (reader.position = HEADER; !reader.done; ) {
    const id = reader.byte();
    const length = reader.number();
    const next = reader.position + length;
    if (id === TYPE_SECTION) checkTypes(reader);
    if (id === TABLE_SECTION) checkTables(reader);
    if (id === IMPORT_SECTION) pages = importedPages(reader);
    if (id === MEMORY_SECTION && reader.number() > 0)
      throw guestError(
        "ERR_SHM_GUEST_MEMORY",
        "the guest defines a memory of its own; it must import env.memory alone",
      );
    reader.position = next;
  }
  if (!pages) throw guestError("ERR_SHM_GUEST_MEMORY", "the guest imports no env.memory");
  return pages;
}

function checkImports(module: WebAssembly.Module, imports: Imports): void {
  let memories = 0;
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === "memory" && from === "env" && name === "memory") memories++;
    else if (kind !== "function")
      throw guestError(
        "ERR_SHM_GUEST_IMPORT",
        `the guest imports ${from}.${name}, a ${kind}: only env.memory and functions can be had`,
      );
    else if (!Object.hasOwn(imports, from) || !Object.hasOwn(imports[from] as object, name))
      throw guestError(
        "ERR_SHM_GUEST_IMPORT",
        `the guest imports the function ${from}.${name}; the imports option has none`,
      );
  }
  if (memories > 1) throw guestError("ERR_SHM_GUEST_MEMORY", "the guest imports env.memory more than once");
}

/**
 * @throws {ShmError} `ERR_SHM_GUEST_INVALID` no WebAssembly; `ERR_SHM_GUEST_IMPORT` it wants what it does not get;
 *   `ERR_SHM_GUEST_MEMORY` it has a memory of its own, or env.memory is of another kind
 */
export async function readGuest(bytes: Uint8Array<ArrayBuffer>, imports: Imports): Promise<Guest> {
  avoidTierUpCalls();
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compile(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^WebAssembly.compile\(\): /, "") : String(cause);
    throw guestError(
      "ERR_SHM_GUEST_INVALID",
      `the guest is no WebAssembly module that this engine takes: ${reason}`,
      cause,
    );
  }
  checkImports(module, imports);
  return { module, pages: memoryPages(bytes) };
}
