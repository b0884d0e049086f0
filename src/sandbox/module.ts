// Reads what a guest module asks for, before any of it runs: its imports, and the limits of its memory and tables.
import { guestError } from "../common/errors.js";
import { ModuleBinary, section } from "../module/binary.js";
import { withDefinitions } from "../module/defined.js";
import { heapContents } from "../module/fit.js";
import { withFuel } from "../module/fuel.js";
import { scan } from "../module/instructions.js";
import { shownNames } from "../module/names.js";
import { isResize } from "../module/resize.js";
import { appended, exported, memoryContents, memoryOf, OWN_MEMORY, withContents } from "../module/rewrite.js";
import { checkCode } from "./code.js";
import { checkCounts, checkSizes } from "./counts.js";
import { type Imports, MOST_PAGES } from "./guest.js";
import type { Hidden } from "./job.js";
import type { CheckedLimits } from "./limits.js";
import { hasFunction, providedName } from "./provided.js";
import { ENV, type ProvidedJob, type Toolchain, type Traps, toolchains, WASI } from "./providedjob.js";

/** The least and the most that env.memory may have, by the module's import. Wasm pages of 64 KiB. */
export interface MemoryPages {
  readonly initial: number;
  readonly maximum: number;
}

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

/** Names of missing functions in a message: what a guest of emscripten imports. */
const MOST_MISSING = 100;

function refuseMemory(reason: string): Error {
  return guestError("ERR_SHM_GUEST_MEMORY", `the guest's memory cannot be replaced: ${reason}`);
}

/**
 * The functions that a guest imports and is not given, of all that it imports.
 *
 * @throws {ShmError} `ERR_SHM_GUEST_IMPORT` they are not to trap
 */
export function checkImports(functions: Traps, { imports, provided, trapsImports }: ModuleRules): Traps {
  const isGiven = (module: string, name: string): boolean =>
    (Object.hasOwn(imports, module) && Object.hasOwn(imports[module] as object, name)) ||
    providedName(provided, module, name) !== undefined;
  const missing = functions.filter(([module, name]) => !isGiven(module, name));
  const refused = missing.filter(([, name]) => !isResize(name)); // which is answered in the guest
  if (refused.length > 0 && !trapsImports) throw refuseImports(refused);
  return missing;
}

function refuseImports(missing: Traps): Error {
  const names = shownNames(
    missing.map(([module, name]) => `${module}.${name}`),
    MOST_MISSING,
  );
  const has = (toolchain: Toolchain): number =>
    missing.filter(([module, name]) => module === ENV && hasFunction(toolchain, name)).length;
  const [most = 0] = toolchains.map(has).sort((one, other) => other - one);
  const known = toolchains
    .filter((toolchain) => most > 0 && has(toolchain) === most)
    .map((toolchain) => `toolchain: "${toolchain}" answers ${most}`);
  if (missing.some(([module]) => module === WASI)) known.push(`wasi: {} answers what is of ${WASI}`);
  const cure = [...known, 'imports: "trap" makes each one that traps'].join("; ");
  return guestError("ERR_SHM_GUEST_IMPORT", `the guest imports functions that it is not given: ${names}; ${cure}`);
}

/** What bounds a guest before it is compiled. */
export interface ModuleRules {
  readonly imports: Imports;
  /** Whether a function that is missing is to trap. */
  readonly trapsImports: boolean;
  readonly provided: ProvidedJob;
  readonly limits: CheckedLimits;
  /** Whether its instructions are counted. */
  readonly counts: boolean;
  /** Of a guest that is to share this process: bytes of the engine's heap that its tables may take. */
  readonly shared: { readonly heapBytes: number } | undefined;
  /** The most that its memory may have, and what its windows need: wasm pages. */
  readonly maximumPages: number;
  readonly windowPages: number;
  /** Whether its own allocator makes room for the windows. */
  readonly allocates: boolean;
}

/** A guest that was checked, and changed so that it imports env.memory, and else functions alone. */
export interface ReadGuest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pages: MemoryPages;
  /**
   * Whether windows lie behind all of the memory that it may ever see: its instructions for the memory's size are changed, so
   * that no allocator of its can reach a window. `pages.maximum` is what it sees at most.
   */
  readonly fixed: boolean;
  /** All that it imports. */
  readonly functions: Traps;
  readonly hidden: Hidden;
}

/**
 * Checks what a guest asks for, and changes it so that its memory is the host's. The engine does not see it: it may be hostile.
 *
 * @throws {ShmError} `ERR_SHM_GUEST_INVALID` it is not WebAssembly; `ERR_SHM_GUEST_LIMIT` it is too large;
 *   `ERR_SHM_GUEST_IMPORT` it imports functions that it is not given; `ERR_SHM_GUEST_MEMORY` it has no memory, several, or one of
 *   another kind, or garbage-collected types; `ERR_SHM_MEMORY_LIMIT` its tables may have too many elements
 */
export function readGuest(bytes: Uint8Array<ArrayBuffer>, rules: ModuleRules): ReadGuest {
  const refuse = (reason: string): Error =>
    guestError("ERR_SHM_GUEST_INVALID", `the guest is not a WebAssembly module that this package can read: ${reason}`);
  const given = new ModuleBinary(bytes, refuse);
  checkCounts(given, rules.limits);
  const functions = given.imports.flatMap(
    ({ kind, module, name }): Traps => (kind === "function" ? [[module, name]] : []),
  );
  checkImports(functions, rules);
  checkTypes(given);
  const defined = withDefinitions(given, (reason) =>
    guestError("ERR_SHM_GUEST_IMPORT", `the guest cannot be run: ${reason}`),
  );
  const whole = defined === bytes ? given : new ModuleBinary(defined, refuse);
  checkSizes(whole, rules.limits);
  const { bytes: counted, ...hidden } = rules.counts ? withFuel(whole) : { bytes: defined };
  const binary = rules.counts ? new ModuleBinary(counted, refuse) : whole;
  checkTables(binary, rules.shared?.heapBytes ?? Number.POSITIVE_INFINITY);
  const memory = memoryOf(binary, refuseMemory);
  if (!memory) throw guestError("ERR_SHM_GUEST_MEMORY", "the guest has no memory, so that it could see no window");
  if (memory.shared) throw refuseMemory("it is a shared memory, and must be a plain one");
  if (rules.shared) checkCode(binary);
  const { imported, initial, maximum = MOST_PAGES } = memory;
  const found = scan(binary);
  if (rules.allocates) {
    const isOwn = imported?.module !== OWN_MEMORY.module || imported.name !== OWN_MEMORY.name;
    const isSmall = isOwn || maximum < initial + rules.windowPages;
    const pages = { initial, maximum: isSmall ? MOST_PAGES : maximum };
    const wanted = { shared: false, initial, maximum: pages.maximum, renamed: true };
    const contents = [...memoryContents(binary, memory, wanted), ...heapContents(binary, found, undefined)];
    return { bytes: withContents(binary, new Map(contents)), pages, fixed: false, functions, hidden };
  }
  if (found.resizers.size > 1)
    throw guestError(
      "ERR_SHM_GUEST_MEMORY",
      `which of the imports ${shownNames([...found.resizers].map((index) => nameOf(binary, index)))} grows the guest's heap cannot be known; options.allocator puts the windows into blocks of that heap`,
    );
  const wanted = { shared: false, initial, maximum: MOST_PAGES, renamed: true };
  const most = Math.min(rules.maximumPages, maximum, MOST_PAGES - rules.windowPages);
  const heap = heapContents(binary, found, { initial, most });
  const pages = { initial, maximum: most };
  const all = new Map([...memoryContents(binary, memory, wanted), ...heap]);
  if (found.bodies.size === 0) return { bytes: withContents(binary, all), pages, fixed: true, functions, hidden };
  const [name, entry] = exported(binary, "pages", 3, binary.counts.globals);
  all.set(section.export, appended(binary, section.export, entry));
  return { bytes: withContents(binary, all), pages, fixed: true, functions, hidden: { ...hidden, pages: name } };
}

/** The name of an imported function. */
function nameOf({ imports }: ModuleBinary, index: number): string {
  const found = imports.filter(({ kind }) => kind === "function")[index];
  return `${found?.module}.${found?.name}`;
}
