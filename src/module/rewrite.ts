// A module with its memory imported, and the limits of that import as its host has the memory. Instructions are the same for
// a plain memory and a shared one, for an own one and an imported one, so no other byte changes.
import { type Import, type ModuleBinary, section } from "./binary.js";
import type { Limits } from "./types.js";

/** A memory as the import is to declare it. */
export interface WantedMemory {
  readonly shared: boolean;
  /** Pages of 64 KiB: at most those of the memory that the module will be given. */
  readonly initial: number;
  /** At least those of that memory. */
  readonly maximum: number;
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
type Part = Uint8Array | number[];

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

/** The section of imports, with the memory's entry changed, or behind the others. */
function importSection(module: ModuleBinary, memory: ModuleMemory, wanted: WantedMemory): Part[] {
  const { bytes, imports } = module;
  const limits = limitsBytes(wanted);
  const entries = (start: number, end: number): Uint8Array => bytes.subarray(start, end);
  const first = imports[0]?.start ?? 0;
  const last = imports.at(-1)?.end ?? 0;
  if (memory.imported)
    return sectionOf(section.import, [
      unsigned(imports.length),
      entries(first, memory.start),
      limits,
      entries(memory.end, last),
    ]);
  const entry = [...nameBytes(OWN_MEMORY.module), ...nameBytes(OWN_MEMORY.name), MEMORY_KIND, ...limits];
  return sectionOf(section.import, [unsigned(imports.length + 1), entries(first, last), entry]);
}

/** A module that imports its memory, as `wanted` says. A memory that it defined is imported as {@link OWN_MEMORY}. */
export function withMemory(module: ModuleBinary, memory: ModuleMemory, wanted: WantedMemory): Uint8Array<ArrayBuffer> {
  const { bytes, sections } = module;
  const parts: Part[] = [bytes.subarray(0, 8)];
  let isDone = false;
  const imports = (): void => {
    parts.push(...importSection(module, memory, wanted));
    isDone = true;
  };
  for (const { id, start, end } of sections) {
    if (!isDone && id > section.import) imports(); // custom sections, and the types, come before the imports
    if (id === section.import) imports();
    else if (id !== section.memory) parts.push(bytes.subarray(start, end));
  }
  if (!isDone) imports();
  return joined(parts);
}
