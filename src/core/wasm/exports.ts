/**
 * assembly/index.ts. A cursor is a record's number, a boolean crosses as 0 or 1, and a u32 arrives signed. What a
 * function does, and when it traps, is said there.
 */
export interface Exports {
  readonly RECORD_COUNT: WebAssembly.Global;
  readonly WINDOW_START: WebAssembly.Global;
  readonly SCRATCH: WebAssembly.Global;
  readonly SCRATCH_SIZE: WebAssembly.Global;
  readonly MALFORMED: WebAssembly.Global;
  readonly UNSAFE: WebAssembly.Global;
  readonly fault: WebAssembly.Global;
  open(cursor: number, start: number, size: number): void;
  close(cursor: number): void;
  position(cursor: number): number;
  seek(cursor: number, offset: number, whence: number): number;
  take(cursor: number, length: number): number;
  claim(cursor: number, length: number): number;
  findNext(cursor: number, byte: number, limit: number): number;

  readUint8(cursor: number): number;
  readInt8(cursor: number): number;
  readUint16(cursor: number, littleEndian: number): number;
  readInt16(cursor: number, littleEndian: number): number;
  readUint32(cursor: number, littleEndian: number): number;
  readInt32(cursor: number, littleEndian: number): number;
  readBigUint64(cursor: number, littleEndian: number): bigint;
  readBigInt64(cursor: number, littleEndian: number): bigint;
  readFloat16(cursor: number, littleEndian: number): number;
  readFloat32(cursor: number, littleEndian: number): number;
  readFloat64(cursor: number, littleEndian: number): number;
  writeUint8(cursor: number, value: number): void;
  writeInt8(cursor: number, value: number): void;
  writeUint16(cursor: number, value: number, littleEndian: number): void;
  writeInt16(cursor: number, value: number, littleEndian: number): void;
  writeUint32(cursor: number, value: number, littleEndian: number): void;
  writeInt32(cursor: number, value: number, littleEndian: number): void;
  writeBigUint64(cursor: number, value: bigint, littleEndian: number): void;
  writeBigInt64(cursor: number, value: bigint, littleEndian: number): void;
  writeFloat16(cursor: number, value: number, littleEndian: number): void;
  writeFloat32(cursor: number, value: number, littleEndian: number): void;
  writeFloat64(cursor: number, value: number, littleEndian: number): void;

  readVarUint(cursor: number): number;
  readVarInt(cursor: number): number;
  readBigVarUint(cursor: number): bigint;
  readBigVarInt(cursor: number): bigint;
  writeVarUint(cursor: number, value: number): number;
  writeVarInt(cursor: number, value: number): number;
  writeBigVarUint(cursor: number, value: bigint): number;
  writeBigVarInt(cursor: number, value: bigint): number;
  readVarUints(cursor: number, count: number): void;
  varUintsLength(count: number): number;
  writeVarUints(cursor: number, count: number): void;
  readReversed(cursor: number, length: number, width: number): void;
  writeReversed(cursor: number, length: number, width: number): void;
  readFloat16s(cursor: number, count: number, littleEndian: number): void;
  writeFloat16s(cursor: number, count: number, littleEndian: number): void;

  crc32(cursor: number, start: number, end: number, previous: number): number;
  crc32c(cursor: number, start: number, end: number, previous: number): number;
  crc32cOfScratch(length: number, previous: number): number;
  adler32(cursor: number, start: number, end: number, previous: number): number;
  xxh64Begin(seed: bigint): void;
  xxh64Stripes(cursor: number, start: number, end: number): void;
  xxh64End(cursor: number, start: number, end: number, total: number): bigint;
  xxh3Short(cursor: number, start: number, end: number, seed: bigint): bigint;
  xxh3Begin(seed: bigint): void;
  xxh3Stripes(cursor: number, start: number, end: number): void;
  xxh3End(cursor: number, start: number, end: number, total: number): bigint;

  indexOfByte(cursor: number, byte: number, start: number, end: number): number;
  lastIndexOfByte(cursor: number, byte: number, start: number, end: number): number;
  indexOf(cursor: number, length: number, start: number, end: number): number;
  lastIndexOf(cursor: number, length: number, start: number, end: number): number;
  compare(cursor: number, start: number, length: number): number;
  fillByte(cursor: number, byte: number, start: number, end: number): void;
  fill(cursor: number, length: number, start: number, end: number): void;
  copyWithin(cursor: number, target: number, start: number, end: number): void;
  swap16(cursor: number, start: number, end: number): void;
  swap32(cursor: number, start: number, end: number): void;
  swap64(cursor: number, start: number, end: number): void;
  utf8Prefix(cursor: number, start: number, end: number): number;

  sumIntegers(cursor: number, width: number, signed: number, start: number, end: number): number;
  sumHalves(cursor: number, signed: number, start: number, end: number): void;
  sumBegin(): void;
  sumFloats(cursor: number, width: number, start: number, end: number): void;
  sumEnd(): number;
  minMaxInteger(cursor: number, width: number, signed: number, start: number, end: number, largest: number): number;
  minMaxBig(cursor: number, signed: number, start: number, end: number, largest: number): bigint;
  minMaxFloat(cursor: number, width: number, start: number, end: number, largest: number): number;
}
