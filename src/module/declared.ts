// What a module declares of its memory: the places of its static data and its stack, addresses that a linker fixed. No host can
// change them, except for the start of a stack. What toolchains call these addresses: https://github.com/WebAssembly/tool-conventions
import type { ModuleBinary } from "./binary.js";
import { globalNames } from "./customs.js";
import type { Scan } from "./instructions.js";
import type { ModuleMemory } from "./rewrite.js";
import { I32 } from "./types.js";

const PAGE = 65_536;

/** Bytes of the memory, and what is there. */
export interface Region {
  readonly start: number;
  readonly end: number;
  readonly what: string;
}

export interface Stack {
  /** Index of the global that points at its end: it grows downwards. */
  readonly global: number;
  readonly end: number;
  /** Bytes. */
  readonly size: number;
  /** Whether it may lie elsewhere: nothing else of the module has an address relative to it. */
  readonly movable: boolean;
}

export interface Declared {
  readonly regions: readonly Region[];
  /** Not in the regions, if it is movable. */
  readonly stack: Stack | undefined;
  /** Behind all of this: bytes. A heap begins here, or later. */
  readonly top: number;
}

/** Of a stack whose lower end nothing tells: what wasm-ld makes, if it is not told another size. */
const DEFAULT_STACK = 65_536;
/** Where wasm-ld puts static data, if it is not told another place. */
const DEFAULT_BASE = 1024;

/** The integers that a module's globals begin with, by names that toolchains give them. */
class Globals {
  readonly #module: ModuleBinary;
  readonly #imported: number;
  readonly #names: ReadonlyMap<number, string>;
  readonly #exported = new Map<string, number>();

  constructor(
    module: ModuleBinary,
    private readonly importedValue: (index: number) => bigint | undefined,
  ) {
    this.#module = module;
    this.#imported = module.imported("global");
    this.#names = globalNames(module);
    for (const { kind, name, index } of module.exports) if (kind === "global") this.#exported.set(name, index);
  }

  /** Whether names of globals were kept: then one without a name of its own is none of a linker's. */
  get hasNames(): boolean {
    return this.#names.size > 0;
  }

  /** By an export, or by the debug information: AssemblyScript's names have a path. */
  indexOf(name: string): number | undefined {
    const exported = this.#exported.get(name);
    if (exported !== undefined) return exported;
    for (const [index, known] of this.#names) if (known === name || known.endsWith(`/${name}`)) return index;
    return undefined;
  }

  isMutable(index: number): boolean {
    const global = this.#module.globals[index - this.#imported];
    return global?.mutable === true && global.type === I32;
  }

  valueOf(index: number | undefined): number | undefined {
    const value = index === undefined ? undefined : this.#integerOf(index, 0);
    return value === undefined ? undefined : Number(BigInt.asUintN(32, value));
  }

  /** What a segment's offset is: a constant, or an imported global and a constant. */
  addressOf(integer: { value: bigint; global: number | undefined } | undefined): number | undefined {
    if (integer === undefined) return undefined;
    const base = integer.global === undefined ? 0n : this.#integerOf(integer.global, 0);
    return base === undefined ? undefined : Number(BigInt.asUintN(32, base + integer.value));
  }

  #integerOf(index: number, depth: number): bigint | undefined {
    if (index < this.#imported) return this.importedValue(index);
    const integer = this.#module.globals[index - this.#imported]?.constant.integer;
    if (integer?.global === undefined) return integer?.value;
    const base = depth > 9 ? undefined : this.#integerOf(integer.global, depth + 1);
    return base === undefined ? undefined : base + integer.value;
  }
}

/** Static data: its segments, and what code copies to constant addresses. */
function segmentsOf(module: ModuleBinary, globals: Globals, scan: Scan): Region[] {
  const active = module.data.flatMap(({ offset, start, end }, index) => {
    if (offset === undefined || start === end) return [];
    const address = globals.addressOf(offset.integer);
    if (address === undefined)
      throw module.refuse(`the place of its data segment ${index} depends on what is not known before it runs`);
    return { start: address, end: address + end - start, what: `data segment ${index}` };
  });
  const copied = scan.initialized.map(({ start, length }) => ({
    start,
    end: start + length,
    what: "data that its code puts there",
  }));
  return [...active, ...copied.filter(({ start, end }) => start < end)];
}

/** The highest end. */
const endOf = (regions: readonly Region[], least = 0): number =>
  regions.reduce((most, { end }) => Math.max(most, end), least);

/** The global of the stack: by its name, or without names, one that code uses as such. */
function stackGlobal(globals: Globals, scan: Scan): number | undefined {
  const named = globals.indexOf("__stack_pointer");
  if (named !== undefined || globals.hasNames) return named;
  for (const index of scan.stacks) {
    const value = globals.valueOf(index) ?? 0;
    if (value >= DEFAULT_BASE && value % 16 === 0) return index;
  }
  return undefined;
}

/**
 * What a module declares of the memory.
 *
 * @param importedValue the integer of an imported global, by its index
 */
export function declaredOf(
  module: ModuleBinary,
  memory: ModuleMemory,
  scan: Scan,
  importedValue: (index: number) => bigint | undefined,
): Declared {
  const globals = new Globals(module, importedValue);
  const segments = segmentsOf(module, globals, scan);
  const regions = [...segments];
  const base = globals.valueOf(globals.indexOf("__global_base")) ?? Number.POSITIVE_INFINITY;
  const low = segments.reduce((least, { start }) => Math.min(least, start), base);
  const dataEnd = globals.valueOf(globals.indexOf("__data_end"));
  const heapBase = globals.valueOf(globals.indexOf("__heap_base"));
  const high = endOf(segments, dataEnd);
  if (dataEnd !== undefined && low < dataEnd) regions.push({ start: low, end: dataEnd, what: "its static data" });

  const found = stackGlobal(globals, scan);
  const end = globals.valueOf(found);
  let stack: Stack | undefined;
  if (found !== undefined && globals.isMutable(found) && end !== undefined) {
    const isAbove = high > 0 && end > high;
    const isBelow = end <= low && low < Number.POSITIVE_INFINITY;
    const size = isAbove ? end - high : isBelow ? end : Math.min(end, DEFAULT_STACK);
    // Without a segment, static data that begins as zeros may hide below the stack, if the module defines its memory.
    const isAlone = isBelow || memory.imported !== undefined || end - size <= DEFAULT_BASE;
    const movable = !isAbove && isAlone;
    stack = { global: found, end, size, movable };
    if (!movable) regions.push({ start: end - size, end, what: `its stack (global ${found})` });
    // Static data that begins as zeros has no segment in a module with a memory of its own.
    const isHidden = memory.imported === undefined && isBelow && dataEnd === undefined && heapBase === undefined;
    if (isHidden && high < memory.initial * PAGE)
      regions.push({
        start: high,
        end: memory.initial * PAGE,
        what: "its zeros (.bss), which end with its first pages unless it exports __heap_base,",
      });
  }
  const highest = endOf(regions);
  if (heapBase !== undefined && heapBase > highest && (highest > 0 || !stack))
    regions.push({ start: highest || heapBase, end: heapBase, what: "what is below its __heap_base" });
  return {
    regions: regions.filter((region) => region.start < region.end),
    stack,
    top: Math.max(highest, heapBase ?? 0),
  };
}
