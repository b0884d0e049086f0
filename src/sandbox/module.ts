// Reads what a guest module asks for, before any of it runs: its imports, and the limits of its memory and tables.
import { guestError, outOfMemory } from "../common/errors.js";
import type { Imports } from "./guest.js";
import { shownName } from "./names.js";
import { avoidTierUpCalls } from "./tiering.js";

/** The least and the most that env.memory may have, by the module's import. Wasm pages of 64 KiB. */
export interface MemoryPages {
  readonly initial: number;
  readonly maximum: number;
}

export interface Guest {
  readonly module: WebAssembly.Module;
  readonly pages: MemoryPages;
}

/** The most wasm pages that a 32-bit memory may have: 4 GiB. */
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
/** The one flag that the limits of a plain 32-bit memory may have. Others mean a shared memory, a 64-bit one, or a newer kind. */
const HAS_MAXIMUM = 1;

/** The most elements that V8 allows in a table. */
const MOST_OF_A_TABLE = 10_000_000;
/** The most elements that all tables of a guest may have together. Each takes about 28 bytes of the engine's heap. */
const MOST_ELEMENTS = 32 * 2 ** 20;

/** Reads the bytes of a module. The engine has compiled it, so its lengths are right. */
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

  /** In the GC proposal's reference types a heap type follows. */
  skipValueType(): void {
    const type = this.byte();
    if (type === 0x63 || type === 0x64) this.number();
  }

  skipName(): void {
    const length = this.number();
    this.position += length;
  }
}

/** The limits of env.memory in an import section. checkImports has seen that its other entries are functions. */
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
  throw guestError("ERR_SHM_GUEST_MEMORY", "the guest imports no env.memory");
}

/**
 * Refuses garbage-collected types. No memory limit applies to objects in the engine's heap, and the engine ends the
 * process when that heap is full.
 */
function checkTypes(reader: Reader): void {
  for (let count = reader.number(); count > 0; count--) {
    if (reader.byte() !== FUNCTION_TYPE)
      throw guestError(
        "ERR_SHM_GUEST_MEMORY",
        "the guest has garbage-collected types, whose objects no limit applies to",
      );
    for (let side = 0; side < 2; side++)
      for (let values = reader.number(); values > 0; values--) reader.skipValueType();
  }
}

/** Limits the elements that tables can grow to: tables are in the engine's heap too. */
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
    // The end of its initializer is not looked for, so the tables behind it count as the largest there can be.
    elements += (count - 1) * MOST_OF_A_TABLE;
    break;
  }
  if (elements > MOST_ELEMENTS)
    throw guestError(
      "ERR_SHM_MEMORY_LIMIT",
      `the guest's tables may have ${elements} elements; ${MOST_ELEMENTS} is the most (a table without a maximum counts ${MOST_OF_A_TABLE})`,
    );
}

/** Checks the sections of a module, and returns the limits of its env.memory. */
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
        `the guest imports ${shownName(from)}.${shownName(name)}, a ${kind}; it may import only env.memory and functions`,
      );
    else if (!Object.hasOwn(imports, from) || !Object.hasOwn(imports[from] as object, name))
      throw guestError(
        "ERR_SHM_GUEST_IMPORT",
        `the guest imports the function ${shownName(from)}.${shownName(name)}; the imports option has none`,
      );
  }
  if (memories > 1) throw guestError("ERR_SHM_GUEST_MEMORY", "the guest imports env.memory more than once");
}

/**
 * Compiles a guest and checks what it asks for.
 *
 * @throws {ShmError} `ERR_SHM_GUEST_INVALID` it is not WebAssembly; `ERR_SHM_GUEST_IMPORT` it imports what it is not given;
 *   `ERR_SHM_GUEST_MEMORY` it has a memory of its own, garbage-collected types, or an env.memory of another kind;
 *   `ERR_SHM_MEMORY_LIMIT` its tables may have too many elements
 */
export async function readGuest(bytes: Uint8Array<ArrayBuffer>, imports: Imports): Promise<Guest> {
  avoidTierUpCalls();
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compile(bytes);
  } catch (cause) {
    if (cause instanceof RangeError) throw outOfMemory(`compiling a guest of ${bytes.length} bytes`, { cause });
    const reason = cause instanceof Error ? cause.message.replace(/^WebAssembly.compile\(\): /, "") : String(cause);
    throw guestError(
      "ERR_SHM_GUEST_INVALID",
      `the guest is not a WebAssembly module that this engine accepts: ${reason}`,
      cause,
    );
  }
  checkImports(module, imports);
  return { module, pages: memoryPages(bytes) };
}
