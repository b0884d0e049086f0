// The types that a module declares. https://webassembly.github.io/spec/core/binary/types.html
import type { Reader } from "./reader.js";

/**
 * The most that V8, SpiderMonkey and JavaScriptCore take: https://webassembly.github.io/spec/js-api/#limits. They set none
 * for sections, and 10,000,000 for segments of elements; each takes some 100 bytes here.
 */
export const most = {
  sections: 100_000,
  types: 1_000_000,
  functions: 1_000_000,
  imports: 1_000_000,
  exports: 1_000_000,
  globals: 1_000_000,
  tags: 1_000_000,
  segments: 100_000,
  tables: 100_000,
  memories: 100,
  values: 1000,
  fields: 10_000,
  locals: 50_000,
  elements: 10_000_000,
} as const;

/** A value type, as its bytes are: one byte, or a reference's two bytes and a heap type. */
export type ValueType = number | string;

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
export const REFERENCE = 0x64;
export const NULLABLE_REFERENCE = 0x63;
/** One-byte types reach from here (0x7f) down to the newest abstract heap type. */
const LEAST_TYPE = 0x65;
const MOST_TYPE = 0x7f;

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface Limits {
  /** Pages of a memory; elements of a table. */
  readonly initial: number;
  /** Undefined: none is declared. */
  readonly maximum: number | undefined;
  readonly shared: boolean;
  /** Indexed by 64 bits. */
  readonly is64: boolean;
  /** Bytes of a page of a memory. */
  readonly pageSize: number;
  /** Where the flags, the limits and the page size are in the module: bytes. */
  readonly start: number;
  readonly end: number;
}

export interface TableType extends Limits {
  readonly element: ValueType;
}

export interface GlobalType {
  readonly type: ValueType;
  readonly mutable: boolean;
}

export function valueType(reader: Reader): ValueType {
  const byte = reader.byte();
  if (byte === REFERENCE || byte === NULLABLE_REFERENCE) return `${byte} ${reader.heapType()}`;
  if (byte < LEAST_TYPE || byte > MOST_TYPE) throw reader.wrong(`an unknown type, 0x${byte.toString(16)},`);
  return byte;
}

const values = (reader: Reader): ValueType[] => reader.list("values", most.values, () => valueType(reader));

function functionType(reader: Reader): FunctionType {
  const parameters = values(reader);
  return { parameters, results: values(reader) };
}

function passField(reader: Reader): void {
  valueType(reader); // or an i8 or i16 (0x78, 0x77), which are in the same range
  if (reader.byte() > 1) throw reader.wrong("an unknown mutability");
}

const FUNCTION = 0x60;
const STRUCT = 0x5f;
const ARRAY = 0x5e;
const SUBTYPE = 0x50;
const FINAL_SUBTYPE = 0x4f;
const GROUP = 0x4e;

/** A type of a function; undefined for a garbage-collected one. */
function compositeType(reader: Reader): FunctionType | undefined {
  const form = reader.byte();
  if (form === FUNCTION) return functionType(reader);
  if (form === SUBTYPE || form === FINAL_SUBTYPE) {
    reader.list("supertypes", 1, () => reader.u32());
    return subtype(reader);
  }
  if (form === STRUCT) reader.list("fields", most.fields, () => passField(reader));
  else if (form === ARRAY) passField(reader);
  else throw reader.wrong(`an unknown kind of type, 0x${form.toString(16)},`);
  return undefined;
}

/** What a subtype is of: not another subtype. */
function subtype(reader: Reader): FunctionType | undefined {
  const form = reader.peek();
  if (form === SUBTYPE || form === FINAL_SUBTYPE) throw reader.wrong("a subtype in a subtype");
  return compositeType(reader);
}

/** All types, by their index; undefined stands for a garbage-collected one. */
export function typeSection(reader: Reader): (FunctionType | undefined)[] {
  const types: (FunctionType | undefined)[] = [];
  for (let count = reader.count("types", most.types); count > 0; count--) {
    if (reader.peek() !== GROUP) types.push(compositeType(reader));
    else {
      reader.byte();
      for (let rest = reader.count("types in a group", most.types); rest > 0; rest--) types.push(compositeType(reader));
    }
    if (types.length > most.types) throw reader.wrong(`more than ${most.types} types`);
  }
  return types;
}

const HAS_MAXIMUM = 1;
const SHARED = 2;
const WIDE = 4;
const HAS_PAGE_SIZE = 8;

export function limits(reader: Reader): Limits {
  const start = reader.position;
  const flags = reader.byte();
  if (flags > (HAS_MAXIMUM | SHARED | WIDE | HAS_PAGE_SIZE))
    throw reader.wrong(`unknown limits, 0x${flags.toString(16)},`);
  const is64 = (flags & WIDE) !== 0;
  const number = (): number => (is64 ? reader.u64() : reader.u32());
  const initial = number();
  const maximum = flags & HAS_MAXIMUM ? number() : undefined;
  const pageSize = flags & HAS_PAGE_SIZE ? 2 ** reader.byte() : 65_536;
  return { initial, maximum, shared: (flags & SHARED) !== 0, is64, pageSize, start, end: reader.position };
}

export function tableType(reader: Reader): TableType {
  const element = valueType(reader);
  return { element, ...limits(reader) };
}

export function globalType(reader: Reader): GlobalType {
  const type = valueType(reader);
  const mutability = reader.byte();
  if (mutability > 1) throw reader.wrong("an unknown mutability");
  return { type, mutable: mutability === 1 };
}

/** The index of a tag's type. */
export function tagType(reader: Reader): number {
  if (reader.byte() !== 0) throw reader.wrong("an unknown kind of tag");
  return reader.index("types");
}
