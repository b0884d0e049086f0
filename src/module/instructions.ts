// Passes over the instructions of a function, to find those that ask for the size of the memory or move a segment into it.
// https://webassembly.github.io/spec/core/binary/instructions.html, and the proposals that engines have: threads, exceptions,
// tail calls, garbage collection, relaxed vectors, wide arithmetic.
import type { Body, ModuleBinary } from "./binary.js";
import type { Reader } from "./reader.js";
import { addResizes, type Found, type HeapCall, resizersOf } from "./resize.js";
import { most, NULLABLE_REFERENCE, REFERENCE, valueType } from "./types.js";

/** Numbers behind each opcode of one byte: u = 32 bits, unsigned. Opcodes that are not here are below, or unknown. */
const unsignedBehind: Readonly<Record<number, number>> = {
  ...behind(0, [0x00, 0x01, 0x05, 0x0a, 0x0b, 0x0f, 0x19, 0x1a, 0x1b, 0xd1, 0xd3, 0xd4]),
  ...behind(1, [0x07, 0x08, 0x09, 0x0c, 0x0d, 0x18, 0xd5, 0xd6]),
  ...behind(1, [0x20, 0x21, 0x22, 0x25, 0x26, 0x3f, 0x40]),
  ...behind(0, upTo(0x45, 0xc4)),
};

/** The same behind the prefix of garbage-collected types, of memories and tables, and of wide arithmetic. */
const behindReferences: Readonly<Record<number, number>> = {
  ...behind(1, [0, 1, 6, 7, 11, 12, 13, 14, 16]),
  ...behind(2, [2, 3, 4, 5, 8, 9, 10, 17, 18, 19]),
  ...behind(0, [15, 26, 27, 28, 29, 30]),
};
const behindMiscellaneous: Readonly<Record<number, number>> = {
  ...behind(0, [...upTo(0, 7), ...upTo(19, 22)]),
  ...behind(1, [9, 11, 13, 15, 16, 17]),
  ...behind(2, [8, 10, 12, 14]),
};

function behind(count: number, opcodes: readonly number[]): Record<number, number> {
  return Object.fromEntries(opcodes.map((opcode) => [opcode, count]));
}

function upTo(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

const MEMORY_SIZE = 0x3f;
const MEMORY_GROW = 0x40;
const I32_CONST = 0x41;
const CALL = 0x10;
const GLOBAL_GET = 0x23;
const GLOBAL_SET = 0x24;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const MISCELLANEOUS = 0xfc;
const MEMORY_INIT = 0x108;
const MEMORY_FILL = 0x10b;
const LARGEST_VECTOR = 275;
const LARGEST_ATOMIC = 0x4e;

function passUnsigned(reader: Reader, count: number | undefined): boolean {
  for (let rest = count ?? 0; rest > 0; rest--) reader.u32();
  return count !== undefined;
}

/** Alignment and offset; with bit 6 of the alignment, the memory's index between them. */
function passMemoryArgument(reader: Reader): void {
  if (reader.u32() & 0x40) reader.u32();
  reader.u64();
}

/** No result, one, or the index of a type. A reference's type has a second number. */
function passBlockType(reader: Reader): void {
  const first = reader.peek();
  if (first >= 0x80 || first < 0x40) reader.heapType();
  else if (reader.byte() === REFERENCE || first === NULLABLE_REFERENCE) reader.heapType();
}

function passCatch(reader: Reader): void {
  const kind = reader.byte();
  if (kind > 3) throw reader.wrong("an unknown kind of catch");
  passUnsigned(reader, kind < 2 ? 2 : 1);
}

function passReferences(reader: Reader): boolean {
  const opcode = reader.u32();
  if (opcode >= 20 && opcode <= 23) reader.heapType();
  else if (opcode === 24 || opcode === 25) {
    reader.byte();
    reader.u32();
    reader.heapType();
    reader.heapType();
  } else return passUnsigned(reader, behindReferences[opcode]);
  return true;
}

function passVector(reader: Reader): boolean {
  const opcode = reader.u32();
  if (opcode < 12 || opcode === 92 || opcode === 93) passMemoryArgument(reader);
  else if (opcode === 12 || opcode === 13) reader.skip(16);
  else if (opcode >= 21 && opcode <= 34) reader.byte();
  else if (opcode >= 84 && opcode <= 91) {
    passMemoryArgument(reader);
    reader.byte();
  }
  return opcode <= LARGEST_VECTOR;
}

function passAtomic(reader: Reader): boolean {
  const opcode = reader.u32();
  if (opcode === 3) reader.byte();
  else if (opcode < 3 || (opcode >= 0x10 && opcode <= LARGEST_ATOMIC)) passMemoryArgument(reader);
  else return false;
  return true;
}

/** Passes what is behind an opcode; false if it is not known. */
function passOperands(reader: Reader, opcode: number): boolean {
  if (opcode >= 0x28 && opcode <= 0x3e) passMemoryArgument(reader);
  else
    switch (opcode) {
      case 0x02:
      case 0x03:
      case 0x04:
      case 0x06:
        passBlockType(reader);
        break;
      case 0x0e:
        passUnsigned(reader, reader.count("labels", reader.end) + 1);
        break;
      case 0x1c:
        reader.list("types", most.values, () => valueType(reader));
        break;
      case 0x1f:
        passBlockType(reader);
        for (let rest = reader.count("catches", reader.end); rest > 0; rest--) passCatch(reader);
        break;
      case I32_CONST:
        reader.i32();
        break;
      case 0x42:
        if (reader.peek() >= 0x80) reader.signed(64);
        else reader.byte();
        break;
      case 0x43:
        reader.skip(4);
        break;
      case 0x44:
        reader.skip(8);
        break;
      case 0xd0:
        reader.heapType();
        break;
      case CALL:
      case 0x12:
      case 0xd2:
        reader.index("functions");
        break;
      case GLOBAL_GET:
      case GLOBAL_SET:
        reader.index("globals");
        break;
      case 0x11:
      case 0x13:
        reader.index("types");
        reader.u32(); // the table
        break;
      case 0x14:
      case 0x15:
        reader.index("types");
        break;
      case 0xfb:
        return passReferences(reader);
      case 0xfd:
        return passVector(reader);
      case 0xfe:
        return passAtomic(reader);
      default:
        return passUnsigned(reader, unsignedBehind[opcode]);
    }
  return true;
}

/** What an instruction with the prefix of memories and tables is returned as, its number added. */
const MISCELLANEOUS_BASE = 0x100;

/** Passes an instruction, and returns its opcode: the prefix, if it has one. @throws what `refuse` makes: it is not known */
export function passInstruction(reader: Reader): number {
  const opcode = reader.byte();
  let found = opcode;
  let isKnown: boolean;
  if (opcode === MISCELLANEOUS) {
    const second = reader.u32();
    found = MISCELLANEOUS_BASE + second;
    isKnown = passUnsigned(reader, behindMiscellaneous[second]);
  } else isKnown = passOperands(reader, opcode);
  if (!isKnown) throw reader.wrong(`an instruction that this version does not know, 0x${opcode.toString(16)},`);
  return found;
}

/** Bytes that code puts into the memory, at a place that is a constant of the code: as linkers do in shared memories. */
export interface Initialized {
  readonly start: number;
  readonly length: number;
}

export interface Scan {
  /** Instructions that ask for the memory's size, or grow it or have it grown, by where the code is that has them. */
  readonly bodies: ReadonlyMap<Body["code"], readonly Found[]>;
  /** Indices of the imports that may be the one that grows it. */
  readonly resizers: ReadonlySet<number>;
  readonly initialized: readonly Initialized[];
  /**
   * Indices of globals that code lowers by a constant and raises by one, as functions do to take room on a stack and to give
   * it back.
   */
  readonly stacks: ReadonlySet<number>;
}

/** Passes over all functions. @throws what `refuse` makes: an instruction is not known */
export function scan(module: ModuleBinary): Scan {
  const bodies = new Map<number, Found[]>();
  const candidates = resizersOf(module);
  const calls = new Map<number, HeapCall[]>();
  const initialized: Initialized[] = [];
  const [lowered, raised] = [new Set<number>(), new Set<number>()];
  for (const body of module.bodies()) {
    const found: Found[] = [];
    const called: HeapCall[] = [];
    const reader = module.code(body);
    // How many constants there were without another instruction between them, and of the last three the first and the rest.
    let constants = 0;
    let [address, middle, last] = [0, 0, 0];
    let global: number | undefined; // that the instruction before them gets
    let isSum = false; // of a constant: what the last instruction left
    while (!reader.done) {
      const start = reader.position;
      let opcode = reader.byte();
      if (opcode === I32_CONST) {
        constants++;
        address = middle;
        middle = last;
        last = reader.i32() >>> 0;
        continue;
      }
      let got: number | undefined;
      if (opcode === GLOBAL_GET) got = reader.index("globals");
      else if (opcode === GLOBAL_SET) {
        const set = reader.index("globals");
        if (isSum) raised.add(set);
      } else if (opcode === CALL) {
        const callee = reader.index("functions");
        if (candidates.has(callee)) called.push({ kind: "resize", callee, start, end: reader.position });
      } else {
        reader.position = start;
        opcode = passInstruction(reader);
      }
      if ((opcode === MEMORY_INIT || opcode === MEMORY_FILL) && constants >= 3)
        initialized.push({ start: address, length: last });
      if (opcode === I32_SUB && global !== undefined && constants === 1) lowered.add(global);
      isSum = opcode === I32_ADD && constants === 1;
      global = got;
      constants = 0;
      if (opcode === MEMORY_SIZE) found.push({ kind: "size", start, end: reader.position });
      if (opcode === MEMORY_GROW) found.push({ kind: "grow", start, end: reader.position });
    }
    if (found.length > 0) bodies.set(body.code, found);
    if (called.length > 0) calls.set(body.code, called);
  }
  const resizers = addResizes(bodies, calls, candidates);
  return { bodies, resizers, initialized, stacks: new Set([...lowered].filter((index) => raised.has(index))) };
}
