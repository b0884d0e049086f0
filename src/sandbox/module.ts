// Reads what a guest module asks for, before any of it runs: its imports, and the limits of its memory and tables.
import { guestError, outOfMemory } from "../common/errors.js";
import { WASM_PAGE } from "../memory/layout.js";
import { ModuleBinary } from "../module/binary.js";
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

/** The most elements that V8 allows in a table. */
const MOST_OF_A_TABLE = 10_000_000;
/** The most elements that all tables of a guest may have together. Each takes about 28 bytes of the engine's heap. */
const MOST_ELEMENTS = 32 * 2 ** 20;

/**
 * Refuses garbage-collected types. No memory limit applies to objects in the engine's heap, and the engine ends the
 * process when that heap is full.
 */
function checkTypes({ types }: ModuleBinary): void {
  if (types.includes(undefined))
    throw guestError(
      "ERR_SHM_GUEST_MEMORY",
      "the guest has garbage-collected types, whose objects no limit applies to",
    );
}

/** Limits the elements that tables can grow to: tables are in the engine's heap too. */
function checkTables({ tables }: ModuleBinary): void {
  const most = tables.map(({ initial, maximum = MOST_OF_A_TABLE }) =>
    Math.max(initial, Math.min(maximum, MOST_OF_A_TABLE)),
  );
  const elements = most.reduce((sum, each) => sum + each, 0);
  if (elements > MOST_ELEMENTS)
    throw guestError(
      "ERR_SHM_MEMORY_LIMIT",
      `the guest's tables may have ${elements} elements; ${MOST_ELEMENTS} is the most (a table without a maximum counts ${MOST_OF_A_TABLE})`,
    );
}

/** The limits of env.memory. checkImports has seen that the other imports are functions. */
function memoryPages(module: ModuleBinary): MemoryPages {
  if (module.memories.length > 0)
    throw guestError("ERR_SHM_GUEST_MEMORY", "the guest defines a memory of its own; it must import env.memory alone");
  const memory = module.imports.find((imported) => imported.kind === "memory")?.memory;
  if (!memory) throw guestError("ERR_SHM_GUEST_MEMORY", "the guest imports no env.memory");
  if (memory.shared || memory.is64 || memory.pageSize !== WASM_PAGE)
    throw guestError(
      "ERR_SHM_GUEST_MEMORY",
      "the guest's env.memory is shared or 64-bit; it must be a plain 32-bit one",
    );
  return { initial: memory.initial, maximum: memory.maximum ?? MOST_PAGES };
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
  const binary = new ModuleBinary(bytes, (reason) =>
    guestError("ERR_SHM_GUEST_INVALID", `the guest is not a WebAssembly module that this package can read: ${reason}`),
  );
  checkTypes(binary);
  checkTables(binary);
  return { module, pages: memoryPages(binary) };
}
