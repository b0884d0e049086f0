// Custom sections that toolchains write. Engines ignore them, so each may be stripped or wrong: one that cannot be read
// counts as absent. https://github.com/WebAssembly/tool-conventions
import type { ModuleBinary } from "./binary.js";
import { Reader } from "./reader.js";
import { most } from "./types.js";

/** Subsections of "name". */
const FUNCTION_NAMES = 1;
const GLOBAL_NAMES = 7;

/** Subsections of "dylink.0". */
const MEMORY_INFO = 1;
const NEEDED = 2;

/** Not seen outside this file. */
const unreadable = new Error("a custom section that cannot be read");

/** What `read` finds in the first section of that name; undefined if there is none that can be read. */
function inCustom<T>(module: ModuleBinary, name: string, read: (reader: Reader) => T): T | undefined {
  const section = module.customs(name)[0];
  if (section === undefined) return undefined;
  try {
    return read(new Reader(module.bytes, section.content, section.end, name, () => unreadable));
  } catch (error) {
    if (error === unreadable) return undefined;
    throw error;
  }
}

/** Calls `read` for each subsection. */
function subsections(reader: Reader, read: (id: number, content: Reader) => void): void {
  while (!reader.done) {
    const id = reader.byte();
    read(id, reader.sub(reader.u32()));
  }
}

/** Names by index, from the subsection `wanted` of "name". */
function namesOf(module: ModuleBinary, wanted: number, limit: number): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  inCustom(module, "name", (reader) =>
    subsections(reader, (id, content) => {
      if (id !== wanted) return;
      for (let count = content.count("names", limit); count > 0; count--) names.set(content.u32(), content.name());
    }),
  );
  return names;
}

/** Names of globals by index, as far as the module has them: compilers strip them on demand. */
export const globalNames = (module: ModuleBinary): ReadonlyMap<number, string> =>
  namesOf(module, GLOBAL_NAMES, most.globals);

/** Names of functions by index. */
export const functionNames = (module: ModuleBinary): ReadonlyMap<number, string> =>
  namesOf(module, FUNCTION_NAMES, most.functions);

/** What a position-independent module needs of its host (`wasm-ld -shared`, `-pie`): the section "dylink.0". */
export interface Dylink {
  /** Bytes of memory, and the alignment of their start: bytes. */
  readonly memorySize: number;
  readonly memoryAlignment: number;
  /** Elements of the table. */
  readonly tableSize: number;
  readonly tableAlignment: number;
  /** Libraries that must be there. */
  readonly needed: readonly string[];
}

export function dylinkOf(module: ModuleBinary): Dylink | undefined {
  return inCustom(module, "dylink.0", (reader) => {
    const found = { memorySize: 0, memoryAlignment: 1, tableSize: 0, tableAlignment: 1, needed: [] as string[] };
    subsections(reader, (id, content) => {
      if (id === NEEDED) found.needed = content.list("libraries", most.imports, () => content.name());
      if (id !== MEMORY_INFO) return;
      found.memorySize = content.u32();
      found.memoryAlignment = 2 ** content.u32();
      found.tableSize = content.u32();
      found.tableAlignment = 2 ** content.u32();
    });
    return found;
  });
}

/** The features that a linker says the module uses ("+"): "atomics", "bulk-memory". Empty if it says nothing. */
export function targetFeatures(module: ModuleBinary): ReadonlySet<string> {
  const features = inCustom(module, "target_features", (reader) =>
    reader.list("features", most.imports, () => {
      const prefix = reader.byte();
      const name = reader.name();
      return prefix === 0x2b ? name : "";
    }),
  );
  return new Set(features?.filter((name) => name !== ""));
}
