// Made by tools/exports.js from assembly/index.ts: npm run build:glue.

/**
 * The core's exports. What each does, and when it traps, is said in its file. A cursor is a record's number, and a
 * boolean crosses as 0 or 1. WebAssembly has no unsigned types: results marked u32 or u64 arrive signed. Functions are called
 * as methods of this object: lazy.ts.
 */
export interface Exports {
  // assembly/cursor/array.ts
  readReversed(cursor: number, length: number, width: number): void;
  writeReversed(cursor: number, length: number, width: number): void;

  // assembly/cursor/cursor.ts
  claim(cursor: number, length: number): number; // u32
  peek(cursor: number, length: number): number; // u32
  position(cursor: number): number;
  seek(cursor: number, offset: number, whence: number): number;
  take(cursor: number, length: number): number; // u32

  // assembly/cursor/float16.ts
  readFloat16(cursor: number, littleEndian: number): number;
  readFloat16s(cursor: number, count: number, littleEndian: number): void;
  writeFloat16(cursor: number, value: number, littleEndian: number): void;
  writeFloat16s(cursor: number, count: number, littleEndian: number): void;

  // assembly/cursor/scalar.ts
  readBigInt64(cursor: number, littleEndian: number): bigint;
  readBigUint64(cursor: number, littleEndian: number): bigint; // u64
  readFloat32(cursor: number, littleEndian: number): number;
  readFloat64(cursor: number, littleEndian: number): number;
  readInt8(cursor: number): number;
  readInt16(cursor: number, littleEndian: number): number;
  readInt32(cursor: number, littleEndian: number): number;
  readUint8(cursor: number): number; // u32
  readUint16(cursor: number, littleEndian: number): number; // u32
  readUint32(cursor: number, littleEndian: number): number; // u32
  writeBigInt64(cursor: number, value: bigint, littleEndian: number): void;
  writeBigUint64(cursor: number, value: bigint, littleEndian: number): void;
  writeFloat32(cursor: number, value: number, littleEndian: number): void;
  writeFloat64(cursor: number, value: number, littleEndian: number): void;
  writeInt8(cursor: number, value: number): void;
  writeInt16(cursor: number, value: number, littleEndian: number): void;
  writeInt32(cursor: number, value: number, littleEndian: number): void;
  writeUint8(cursor: number, value: number): void;
  writeUint16(cursor: number, value: number, littleEndian: number): void;
  writeUint32(cursor: number, value: number, littleEndian: number): void;

  // assembly/cursor/varint.ts
  readBigVarInt(cursor: number): bigint;
  readBigVarUint(cursor: number): bigint; // u64
  readVarInt(cursor: number): number;
  readVarUint(cursor: number): number;
  readVarUints(cursor: number, count: number): void;
  varUintsLength(count: number): number; // u32
  writeBigVarInt(cursor: number, value: bigint): number; // u32
  writeBigVarUint(cursor: number, value: bigint): number; // u32
  writeVarInt(cursor: number, value: number): number; // u32
  writeVarUint(cursor: number, value: number): number; // u32
  writeVarUints(cursor: number, count: number): void;

  // assembly/page/canary.ts
  expose(): void;

  // assembly/page/fault.ts
  readonly FOREIGN: WebAssembly.Global;
  readonly fault: WebAssembly.Global;
  readonly MALFORMED: WebAssembly.Global;
  readonly UNSAFE: WebAssembly.Global;

  // assembly/page/page.ts
  readonly SCRATCH: WebAssembly.Global;
  readonly SCRATCH_SIZE: WebAssembly.Global;
  readonly STATE: WebAssembly.Global;
  readonly WINDOW_START: WebAssembly.Global;

  // assembly/page/record.ts
  close(cursor: number): void;
  open(cursor: number, start: number, size: number): void;
  readonly RECORD_COUNT: WebAssembly.Global;

  // assembly/range/adler32.ts
  adler32(cursor: number, start: number, end: number, previous: number): number; // u32

  // assembly/range/compare.ts
  compare(cursor: number, start: number, length: number): number;

  // assembly/range/crc.ts
  crc32(cursor: number, start: number, end: number, previous: number): number; // u32
  crc32c(cursor: number, start: number, end: number, previous: number): number; // u32
  crc32cOfScratch(length: number, previous: number): number; // u32

  // assembly/range/fill.ts
  copyWithin(cursor: number, target: number, start: number, end: number): void;
  fill(cursor: number, length: number, start: number, end: number): void;
  fillByte(cursor: number, byte: number, start: number, end: number): void;

  // assembly/range/memchr.ts
  findNext(cursor: number, byte: number, limit: number): number;
  indexOfByte(cursor: number, byte: number, start: number, end: number): number;
  lastIndexOfByte(cursor: number, byte: number, start: number, end: number): number;

  // assembly/range/memmem.ts
  indexOf(cursor: number, length: number, start: number, end: number): number;
  lastIndexOf(cursor: number, length: number, start: number, end: number): number;

  // assembly/range/numeric.ts
  minMaxBig(cursor: number, signed: number, start: number, end: number, largest: number): bigint;
  minMaxFloat(cursor: number, width: number, start: number, end: number, largest: number): number;
  minMaxInteger(cursor: number, width: number, signed: number, start: number, end: number, largest: number): number;
  sumBegin(): void;
  sumEnd(): number;
  sumFloats(cursor: number, width: number, start: number, end: number): void;
  sumHalves(cursor: number, signed: number, start: number, end: number): void;
  sumIntegers(cursor: number, width: number, signed: number, start: number, end: number): number;

  // assembly/range/swap.ts
  swap16(cursor: number, start: number, end: number): void;
  swap32(cursor: number, start: number, end: number): void;
  swap64(cursor: number, start: number, end: number): void;

  // assembly/range/utf8.ts
  utf8Prefix(cursor: number, start: number, end: number): number; // u32

  // assembly/range/xxh3.ts
  xxh3Begin(seed: bigint): void;
  xxh3End(cursor: number, start: number, end: number, total: bigint): bigint; // u64
  xxh3Short(cursor: number, start: number, end: number, seed: bigint): bigint; // u64
  xxh3Stripes(cursor: number, start: number, end: number): void;

  // assembly/range/xxh64.ts
  xxh64Begin(seed: bigint): void;
  xxh64End(cursor: number, start: number, end: number, total: bigint): bigint; // u64
  xxh64Stripes(cursor: number, start: number, end: number): void;
}
