// A module with its memory imported, and the limits of that import as its host has the memory. Instructions are the same for
// a plain memory and a shared one, for an own one and an imported one, so no other byte changes.
import { type Import, type ModuleBinary, ORDER, section } from "./binary.js";
import type { Limits } from "./types.js";

/** A memory as the import is to declare it. */
export interface WantedMemory {
  readonly shared: boolean;
  /** Pages of 64 KiB: at most those of the memory that the module will be given. */
  readonly initial: number;
  /** At least those of that memory. */
  readonly maximum: number;
  /** Whether it is imported as {@link OWN_MEMORY}, under whatever name the module imports it (default false). */
  readonly renamed?: boolean;
}

/** The one memory of a module. */
export interface ModuleMemory extends Limits {
  /** Undefined: the module defines it. */
  readonly imported: Import | undefined;
}

/** The name that a memory gets which the module defined. */
export const OWN_MEMORY = { module: "env", name: "memory" } as const;

/**
 * The memory of a module; undefined if it has none.
 *
 * @throws what `refuse` makes: it has several, or one that no 32-bit memory can take the place of
 */
export function memoryOf(module: ModuleBinary, refuse = module.refuse): ModuleMemory | undefined {
  const all = [
    ...module.imports.flatMap((imported) => (imported.kind === "memory" ? { ...imported.memory, imported } : [])),
    ...module.memories.map((memory) => ({ ...memory, imported: undefined })),
  ];
  const memory = all[0];
  if (all.length > 1) throw refuse(`it has ${all.length} memories, and must have one alone`);
  if (memory?.is64) throw refuse("its memory is a 64-bit one (memory64), and must be a 32-bit one");
  if (memory && memory.pageSize !== 65_536)
    throw refuse(`its memory has pages of ${memory.pageSize} bytes, and must have those of 65536`);
  return memory;
}

const HAS_MAXIMUM = 1;
const SHARED = 2;
const MEMORY_KIND = 2;

/** LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}

/** LEB128. */
export function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const byte = Number(rest & 0x7fn);
    // The last byte: what is left are copies of its sign.
    if (rest >> 6n === 0n || rest >> 6n === -1n) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}

const encoder = new TextEncoder();

function nameBytes(name: string): number[] {
  const bytes = encoder.encode(name);
  return [...unsigned(bytes.length), ...bytes];
}

function limitsBytes({ shared, initial, maximum }: WantedMemory): number[] {
  return [HAS_MAXIMUM | (shared ? SHARED : 0), ...unsigned(initial), ...unsigned(maximum)];
}

/** Bytes of the module, and others in the place of a part of them. */
export type Part = Uint8Array | readonly number[];

export function joined(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

/** A section of these parts. */
export function sectionOf(id: number, parts: readonly Part[]): Part[] {
  return [[id, ...unsigned(parts.reduce((length, part) => length + part.length, 0))], ...parts];
}

/** The content of the section of imports, with the memory's entry changed, or behind the others. */
function importsWith(module: ModuleBinary, memory: ModuleMemory, wanted: WantedMemory): Part[] {
  const { bytes, imports } = module;
  const limits = limitsBytes(wanted);
  const first = imports[0]?.start ?? 0;
  const last = imports.at(-1)?.end ?? 0;
  const entry = [...nameBytes(OWN_MEMORY.module), ...nameBytes(OWN_MEMORY.name), MEMORY_KIND, ...limits];
  if (memory.imported) {
    const { start, end } = memory.imported;
    const changed = wanted.renamed ? [entry] : [bytes.subarray(start, memory.start), limits];
    return [unsigned(imports.length), bytes.subarray(first, start), ...changed, bytes.subarray(end, last)];
  }
  return [unsigned(imports.length + 1), bytes.subarray(first, last), entry];
}

/** The content of a section, with entries behind those that it has. */
export function appended(module: ModuleBinary, id: number, ...entries: readonly Part[]): Part[] {
  const found = module.sections.find((each) => each.id === id);
  const reader = module.reader(found);
  const count = reader?.u32() ?? 0;
  const rest = reader && found ? module.bytes.subarray(reader.position, found.end) : [];
  return [unsigned(count + entries.length), rest, ...entries];
}

/** What a module exports by a name that it does not have yet: the name, and the entry. */
export function exported(module: ModuleBinary, what: string, kind: number, index: number): [name: string, entry: Part] {
  const names = new Set(module.exports.map((found) => found.name));
  let name = `wasm-shm ${what}`;
  while (names.has(name)) name += "'";
  return [name, [...nameBytes(name), kind, ...unsigned(index)]];
}

/** New contents of sections, by id; undefined: the section goes. */
export type Contents = Map<number, readonly Part[] | undefined>;

/** What makes a memory an import, as `wanted` says. One that the module defined is imported as {@link OWN_MEMORY}. */
export function memoryContents(module: ModuleBinary, memory: ModuleMemory, wanted: WantedMemory): Contents {
  return new Map([
    [section.import, importsWith(module, memory, wanted)],
    [section.memory, undefined],
  ]);
}

/** The module with these contents. Those that it lacks are put in the order of the format. */
export function withContents(module: ModuleBinary, contents: Contents): Uint8Array<ArrayBuffer> {
  const { bytes, sections } = module;
  const parts: Part[] = [bytes.subarray(0, 8)];
  const rest = new Map(contents);
  const put = (id: number): void => {
    const content = rest.get(id);
    rest.delete(id);
    if (content) parts.push(...sectionOf(id, content));
  };
  for (const { id, start, end } of sections) {
    if (id !== section.custom)
      for (const earlier of ORDER.slice(0, ORDER.indexOf(id))) if (rest.has(earlier)) put(earlier);
    if (contents.has(id)) put(id);
    else parts.push(bytes.subarray(start, end));
  }
  for (const id of ORDER) if (rest.has(id)) put(id);
  return joined(parts);
}

/** A module that imports its memory, as `wanted` says. */
export const withMemory = (module: ModuleBinary, memory: ModuleMemory, wanted: WantedMemory): Uint8Array<ArrayBuffer> =>
  withContents(module, memoryContents(module, memory, wanted));
