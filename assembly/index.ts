// All exports of the core. It imports env.memory and nothing else. Which bytes it may touch is in page/page.ts.

export { readReversed, writeReversed } from "./cursor/array";
export { claim, peek, position, seek, take } from "./cursor/cursor";
export { readFloat16, readFloat16s, writeFloat16, writeFloat16s } from "./cursor/float16";
export {
  readBigInt64,
  readBigUint64,
  readFloat32,
  readFloat64,
  readInt8,
  readInt16,
  readInt32,
  readUint8,
  readUint16,
  readUint32,
  writeBigInt64,
  writeBigUint64,
  writeFloat32,
  writeFloat64,
  writeInt8,
  writeInt16,
  writeInt32,
  writeUint8,
  writeUint16,
  writeUint32,
} from "./cursor/scalar";
export {
  readBigVarInt,
  readBigVarUint,
  readVarInt,
  readVarUint,
  readVarUints,
  varUintsLength,
  writeBigVarInt,
  writeBigVarUint,
  writeVarInt,
  writeVarUint,
  writeVarUints,
} from "./cursor/varint";
export { expose } from "./page/canary";
export { FOREIGN, fault, MALFORMED, UNSAFE } from "./page/fault";
export { SCRATCH, SCRATCH_SIZE, STATE, WINDOW_START } from "./page/page";
export { close, open, RECORD_COUNT } from "./page/record";
export { adler32 } from "./range/adler32";
export { compare } from "./range/compare";
export { crc32, crc32c, crc32cOfScratch } from "./range/crc";
export { copyWithin, fill, fillByte } from "./range/fill";
export { findNext, indexOfByte, lastIndexOfByte } from "./range/memchr";
export { indexOf, lastIndexOf } from "./range/memmem";
export {
  minMaxBig,
  minMaxFloat,
  minMaxInteger,
  sumBegin,
  sumEnd,
  sumFloats,
  sumHalves,
  sumIntegers,
} from "./range/numeric";
export { swap16, swap32, swap64 } from "./range/swap";
export { utf8Prefix } from "./range/utf8";
export { xxh3Begin, xxh3End, xxh3Short, xxh3Stripes } from "./range/xxh3";
export { xxh64Begin, xxh64End, xxh64Stripes } from "./range/xxh64";
