// A module of the caller's in an attachment's memory: what it declares is read from its bytes, and it is placed beside the
// window, or refused. Loaded at the first use.
import { checkRecord } from "../common/arguments.js";
import { invalidValue, moduleError, outOfMemory } from "../common/errors.js";
import type { Engine } from "../core/engine.js";
import type { Mapping } from "../host/host.js";
import { isShared, roundUp, WASM_PAGE, type WasmMemory, WINDOW_START } from "../memory/layout.js";
import { ModuleBinary } from "../module/binary.js";
import { type Declared, declaredOf, type Region } from "../module/declared.js";
import { type Fit, fit, fitContents, overlaps, type Room } from "../module/fit.js";
import { type Scan, scan } from "../module/instructions.js";
import { shownNames } from "../module/names.js";
import { memoryContents, memoryOf, OWN_MEMORY, withContents } from "../module/rewrite.js";
import { hasCorePage, takenIn } from "./lifetime.js";
import { type ModuleImports, type ModuleSource, sourceOf, type WasmInstance } from "./modulesource.js";

/** Where a module is to run. */
export interface Place {
  readonly mapping: Mapping;
  /** Bytes behind the core's page that are for modules. */
  readonly reserve: number;
  readonly engine: Engine;
  /** Throws if the attachment was detached meanwhile. */
  readonly check: () => void;
}

/** What instances have of each memory, as long as it lives: nothing tells when an instance is gone. */
const claims = new WeakMap<WasmMemory, Region[]>();

/** All of a memory that a new module must not touch. */
function roomOf({ mapping, reserve }: Place): Room {
  const { memory, byteOffset, byteLength, pageSize, memoryOf: owner } = mapping;
  const size = memory.buffer.byteLength;
  const taken: Region[] = [...takenIn(memory), ...(claims.get(memory) ?? [])];
  if (owner === "segment") {
    if (hasCorePage(mapping)) taken.push({ start: 0, end: WINDOW_START, what: "the core's page" });
    taken.push({ start: WINDOW_START + reserve, end: size, what: "the segment" });
    taken.push({ start: byteOffset, end: roundUp(byteOffset + byteLength, pageSize), what: "the window" });
  }
  return { taken, size, grows: owner === "caller" };
}

const refuseBytes = (reason: string): Error =>
  moduleError("ERR_SHM_MODULE_INVALID", `the module cannot be read: ${reason}`);

const refuseLayout = (reason: string, hint: string): Error =>
  moduleError("ERR_SHM_MODULE_LAYOUT", `the module does not fit the attachment's memory: ${reason}`, { hint });

type Imports = Record<string, Record<string, unknown>>;

/**
 * What the module imports, each read once: a getter could return another value later, and the engine gets what was checked.
 *
 * @throws {ShmError} `ERR_SHM_MODULE_IMPORT` with all that is missing
 */
function checkImports(
  wanted: readonly { module: string; name: string; kind: string }[],
  all: ModuleImports,
  memory: WasmMemory,
): Imports {
  const imports: Imports = Object.create(null);
  for (const { module, name } of wanted) {
    imports[module] ??= Object.create(null) as Record<string, unknown>;
    const own = imports[module];
    if (!(name in own)) own[name] = Object.hasOwn(all, module) ? all[module]?.[name] : undefined;
  }
  const given = ({ module, name }: { module: string; name: string }): unknown => imports[module]?.[name];
  const missing = wanted.filter((each) => each.kind !== "memory" && given(each) === undefined);
  if (missing.length > 0)
    throw moduleError(
      "ERR_SHM_MODULE_IMPORT",
      `the module imports what the imports lack: ${shownNames(missing.map(({ module, name, kind }) => `${module}.${name} (a ${kind})`))}`,
    );
  for (const each of wanted) {
    const value = each.kind === "memory" ? given(each) : undefined;
    if (value !== undefined && value !== memory)
      throw invalidValue(`imports.${each.module}.${each.name}`, "It is the attachment's memory: leave it out.", value);
  }
  return imports;
}

/** The imports, with the attachment's memory by the name that the module has for it. */
function withMemoryAt(imports: Imports, at: { module: string; name: string } | undefined, memory: WasmMemory) {
  const all = at ? Object.assign(imports, { [at.module]: { ...imports[at.module], [at.name]: memory } }) : imports;
  return all as unknown as WebAssembly.Imports;
}

/** The integer of an imported global, which the caller gives. */
function importedValue(module: ModuleBinary, imports: Imports): (index: number) => bigint | undefined {
  const globals = module.imports.filter(({ kind }) => kind === "global");
  return (index) => {
    const { module: from, name } = globals[index] ?? { module: "", name: "" };
    const given = imports[from]?.[name];
    const value: unknown = given instanceof WebAssembly.Global ? given.value : given;
    if (typeof value === "bigint") return value;
    return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : undefined;
  };
}

/** A module that was read and placed, and what it has of the memory. */
interface Placed {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly imports: Imports;
  readonly memoryAt: { module: string; name: string } | undefined;
  readonly claimed: readonly Region[];
}

interface Read {
  readonly module: ModuleBinary;
  readonly found: Scan;
}

/** Finds a place in what is free now. */
function placed({ module, found }: Read, given: ModuleImports, place: Place): Placed {
  const { memory } = place.mapping;
  const imports = checkImports(module.imports, given, memory);
  const own = memoryOf(module);
  if (!own) return { bytes: module.bytes as Uint8Array<ArrayBuffer>, imports, memoryAt: undefined, claimed: [] };
  const room = roomOf(place);
  const declared: Declared = declaredOf(module, own, found, importedValue(module, imports));
  const fitted: Fit = fit(declared, room, found.bodies.size > 0, own.initial, refuseLayout);
  const pages = Math.floor(room.size / WASM_PAGE);
  const wanted = { shared: isShared(memory), initial: Math.min(own.initial, pages), maximum: 65_536 };
  const contents = new Map([...memoryContents(module, own, wanted), ...fitContents(module, declared, fitted, found)]);
  return {
    bytes: withContents(module, contents),
    imports,
    memoryAt: own.imported ?? OWN_MEMORY,
    claimed: fitted.claimed,
  };
}

async function compiled(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw engineError(cause, bytes.length);
  }
}

/** The engine's refusals. What a start function throws is returned as it is. */
function engineError(cause: unknown, length?: number): unknown {
  if (cause instanceof WebAssembly.CompileError)
    return moduleError("ERR_SHM_MODULE_INVALID", `this engine does not compile the module: ${cause.message}`, {
      cause,
    });
  if (cause instanceof WebAssembly.LinkError)
    return moduleError("ERR_SHM_MODULE_IMPORT", `the module cannot be linked: ${cause.message}`, {
      hint: length === undefined ? "give the module's bytes: they can be changed to suit the memory" : undefined,
      cause,
    });
  return cause instanceof RangeError && length !== undefined
    ? outOfMemory(`compiling a module of ${length} bytes`, { cause })
    : cause;
}

/** @throws what {@link Attachment.instantiate} says */
export async function instantiate(
  source: ModuleSource,
  given: ModuleImports | undefined,
  place: Place,
): Promise<WasmInstance> {
  const imports = checkRecord(given, "imports") as ModuleImports;
  const { memory } = place.mapping;
  const module = await sourceOf(source, place.engine);
  place.check();
  if (module instanceof WebAssembly.Module) return instantiateCompiled(module, imports, place);
  const binary = new ModuleBinary(module, refuseBytes);
  const read = { module: binary, found: scan(binary) };
  const first = placed(read, imports, place);
  const engines = await compiled(first.bytes);
  // Another module may have been placed while this one was compiled.
  place.check();
  const { taken } = roomOf(place);
  for (const region of first.claimed) {
    const other = taken.find((each) => overlaps(region, each));
    if (other)
      throw refuseLayout(`${region.what} is to lie where ${other.what} is now`, "instantiate one after the other");
  }
  return claimedWhile(memory, first.claimed, async () => {
    try {
      return await WebAssembly.instantiate(engines, withMemoryAt(first.imports, first.memoryAt, memory));
    } catch (cause) {
      throw engineError(cause, binary.bytes.length);
    }
  });
}

/** Claims the regions; gives them back if there is no instance. */
async function claimedWhile<T>(memory: WasmMemory, regions: readonly Region[], make: () => Promise<T>): Promise<T> {
  const own = new Set(regions.map((region) => ({ ...region, what: `${region.what} of another instance` })));
  claims.set(memory, [...(claims.get(memory) ?? []), ...own]);
  try {
    return await make();
  } catch (error) {
    claims.set(
      memory,
      (claims.get(memory) ?? []).filter((region) => !own.has(region)),
    );
    throw error;
  }
}

/** A compiled module has no bytes: its imports and exports can be seen, but neither its data nor its stack. */
async function instantiateCompiled(
  module: WebAssembly.Module,
  given: ModuleImports,
  place: Place,
): Promise<WasmInstance> {
  const { memory } = place.mapping;
  const wanted = WebAssembly.Module.imports(module);
  const imports = checkImports(wanted, given, memory);
  const memories = wanted.filter(({ kind }) => kind === "memory");
  if (memories.length !== 1)
    throw moduleError(
      "ERR_SHM_MODULE_INVALID",
      `the compiled module imports ${memories.length} memories, and must import one`,
      {
        hint: "give the module's bytes: a memory of its own becomes an import then",
      },
    );
  try {
    return await WebAssembly.instantiate(module, withMemoryAt(imports, memories[0], memory));
  } catch (cause) {
    throw engineError(cause);
  }
}
