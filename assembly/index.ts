// The core's exports, all of them. It imports env.memory and nothing else; what it may touch is in page.ts.
export { adler32 } from "./adler32";
export { readReversed, writeReversed } from "./array";
export { compare } from "./compare";
export { crc32, crc32c, crc32cOfScratch } from "./crc";
export { claim, position, seek, take } from "./cursor";
export { fault, MALFORMED, UNSAFE } from "./fault";
export { copyWithin, fill, fillByte } from "./fill";
export { readFloat16, readFloat16s, writeFloat16, writeFloat16s } from "./float16";
export { indexOf, lastIndexOf } from "./needle";
export {
  extremeBig,
  extremeFloat,
  extremeInteger,
  sumBegin,
  sumEnd,
  sumFloats,
  sumHalves,
  sumIntegers,
} from "./numeric";
export { SCRATCH, SCRATCH_SIZE, WINDOW_START } from "./page";
export { close, open, RECORD_COUNT } from "./record";
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
} from "./scalar";
export { findNext, indexOfByte, lastIndexOfByte } from "./search";
export { swap16, swap32, swap64 } from "./swap";
export { utf8Prefix } from "./utf8";
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
} from "./varint";
export { xxh3Begin, xxh3End, xxh3Short, xxh3Stripes } from "./xxh3";
export { xxh64Begin, xxh64End, xxh64Stripes } from "./xxh64";
