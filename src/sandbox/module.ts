// Reads what a guest module asks for, before any of it runs: its imports, and the limits of its memory and tables.
import { guestError } from "../common/errors.js";
import { WASM_PAGE } from "../memory/layout.js";
import { ModuleBinary } from "../module/binary.js";
import { checkCode } from "./code.js";
import { checkCounts, checkSizes } from "./counts.js";
import type { Imports } from "./guest.js";
import type { CheckedLimits } from "./limits.js";
import { shownName } from "./names.js";

/** The least and the most that env.memory may have, by the module's import. Wasm pages of 64 KiB. */
export interface MemoryPages {
  readonly initial: number;
  readonly maximum: number;
}

/** The most wasm pages that a 32-bit memory may have: 4 GiB. */
export const MOST_PAGES = 65_536;

/** The most elements that V8 allows in a table. */
const MOST_OF_A_TABLE = 10_000_000;
/** Each takes about so many bytes of the engine's heap: 8 in the table itself, the rest for calls through it. */
const BYTES_OF_AN_ELEMENT = 28;
/** The most elements of all tables together, if the heap has room for them. */
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

/**
 * Limits the elements that tables can grow to, and those of segments: they are in the engine's heap, and the engine ends the
 * process when that is full.
 *
 * @param heapBytes that they may take
 */
function checkTables({ tables, elements: segments }: ModuleBinary, heapBytes: number): void {
  const elements =
    tables.reduce((sum, { initial, maximum = MOST_OF_A_TABLE }) => {
      return sum + Math.max(initial, Math.min(maximum, MOST_OF_A_TABLE));
    }, 0) + segments.reduce((sum, { count }) => sum + count, 0);
  const most = Math.min(MOST_ELEMENTS, Math.floor(heapBytes / BYTES_OF_AN_ELEMENT));
  if (elements > most)
    throw guestError(
      "ERR_SHM_MEMORY_LIMIT",
      `the guest's tables may have ${elements} elements; ${most} is the most (a table without a maximum counts ${MOST_OF_A_TABLE})`,
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

function checkImports({ imports: wanted }: ModuleBinary, imports: Imports): void {
  let memories = 0;
  for (const { module: from, name, kind } of wanted) {
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

/** What bounds a guest before it is compiled. */
export interface ModuleRules {
  readonly imports: Imports;
  readonly limits: CheckedLimits;
  /** Of a guest that is to share this process: bytes of the engine's heap that its tables may take. */
  readonly shared: { readonly heapBytes: number } | undefined;
}

/**
 * Checks what a guest asks for, and returns the limits of its memory. The engine does not see it: it may be hostile.
 *
 * @throws {ShmError} `ERR_SHM_GUEST_INVALID` it is not WebAssembly; `ERR_SHM_GUEST_LIMIT` it is too large;
 *   `ERR_SHM_GUEST_IMPORT` it imports what it is not given; `ERR_SHM_GUEST_MEMORY` it has a memory of its own,
 *   garbage-collected types, or an env.memory of another kind; `ERR_SHM_MEMORY_LIMIT` its tables may have too many elements
 */
export function readGuest(bytes: Uint8Array, { imports, limits, shared }: ModuleRules): MemoryPages {
  const binary = new ModuleBinary(bytes, (reason) =>
    guestError("ERR_SHM_GUEST_INVALID", `the guest is not a WebAssembly module that this package can read: ${reason}`),
  );
  checkCounts(binary, limits);
  checkImports(binary, imports);
  checkTypes(binary);
  checkTables(binary, shared?.heapBytes ?? Number.POSITIVE_INFINITY);
  const pages = memoryPages(binary);
  checkSizes(binary, limits);
  if (shared) checkCode(binary);
  return pages;
}
