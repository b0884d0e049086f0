// A call of every method of a cursor and of ranges, with arguments that are valid in any window of some hundred zeros.
import { type Attachment, Cursor } from "wasm-shm";
import { Ranges } from "#src/range/range.js";

export const atCursor: Record<string, (cursor: Cursor) => unknown> = {
  seek: (cursor) => cursor.seek(8),
  reset: (cursor) => cursor.reset(),
  position: (cursor) => cursor.position,
  remaining: (cursor) => cursor.remaining,
  read: (cursor) => cursor.read(new Uint8Array(4)),
  write: (cursor) => cursor.write(Uint8Array.of(1, 2)),
  readExactly: (cursor) => cursor.readExactly(new Uint8Array(4)),
  writeAll: (cursor) => cursor.writeAll(Uint8Array.of(1, 2)),
  readChunk: (cursor) => cursor.readChunk(4),
  readUint8: (cursor) => cursor.readUint8(),
  readInt8: (cursor) => cursor.readInt8(),
  readUint16: (cursor) => cursor.readUint16(),
  readInt16: (cursor) => cursor.readInt16(),
  readUint32: (cursor) => cursor.readUint32(),
  readInt32: (cursor) => cursor.readInt32(),
  readBigUint64: (cursor) => cursor.readBigUint64(),
  readBigInt64: (cursor) => cursor.readBigInt64(),
  readFloat16: (cursor) => cursor.readFloat16(),
  readFloat32: (cursor) => cursor.readFloat32(),
  readFloat64: (cursor) => cursor.readFloat64(),
  writeUint8: (cursor) => cursor.writeUint8(1),
  writeInt8: (cursor) => cursor.writeInt8(1),
  writeUint16: (cursor) => cursor.writeUint16(1),
  writeInt16: (cursor) => cursor.writeInt16(1),
  writeUint32: (cursor) => cursor.writeUint32(1),
  writeInt32: (cursor) => cursor.writeInt32(1),
  writeBigUint64: (cursor) => cursor.writeBigUint64(1n),
  writeBigInt64: (cursor) => cursor.writeBigInt64(1n),
  writeFloat16: (cursor) => cursor.writeFloat16(1),
  writeFloat32: (cursor) => cursor.writeFloat32(1),
  writeFloat64: (cursor) => cursor.writeFloat64(1),
  readVarUint: (cursor) => cursor.readVarUint(),
  readVarInt: (cursor) => cursor.readVarInt(),
  readBigVarUint: (cursor) => cursor.readBigVarUint(),
  readBigVarInt: (cursor) => cursor.readBigVarInt(),
  writeVarUint: (cursor) => cursor.writeVarUint(300),
  writeVarInt: (cursor) => cursor.writeVarInt(-300),
  writeBigVarUint: (cursor) => cursor.writeBigVarUint(300n),
  writeBigVarInt: (cursor) => cursor.writeBigVarInt(-300n),
  readVarInt32: (cursor) => cursor.readVarInt32(),
  readVarInt64: (cursor) => cursor.readVarInt64(),
  writeVarInt32: (cursor) => cursor.writeVarInt32(-300),
  writeVarInt64: (cursor) => cursor.writeVarInt64(-300n),
  readVarUintArray: (cursor) => cursor.readVarUintArray(5),
  writeVarUintArray: (cursor) => cursor.writeVarUintArray([1, 300]),
  readFloat16Array: (cursor) => cursor.readFloat16Array(5),
  writeFloat16Array: (cursor) => cursor.writeFloat16Array(Float32Array.of(1, 2)),
  readString: (cursor) => cursor.readString(5),
  writeString: (cursor) => cursor.writeString("text"),
  readCString: (cursor) => cursor.readCString(),
  writeCString: (cursor) => cursor.writeCString("text"),
  readVarString: (cursor) => cursor.readVarString(),
  writeVarString: (cursor) => cursor.writeVarString("text"),
  readFixedText: (cursor) => cursor.readFixedText(8, { encoding: "utf16le" }),
  writeFixedText: (cursor) => cursor.writeFixedText("text", 8, { encoding: "utf16le" }),
  readArray: (cursor) => cursor.readArray(Uint32Array, 5, false),
  readInto: (cursor) => cursor.readInto(new Float64Array(5), false),
  writeArray: (cursor) => cursor.writeArray(Uint16Array.of(1, 2), false),
  viewArray: (cursor) => cursor.viewArray(Uint32Array, 5),
  readFrame: (cursor) => cursor.readFrame(),
  writeFrame: (cursor) => cursor.writeFrame(Uint8Array.of(1, 2, 3)),
};

/** They leave the range as it is. */
export const rangeReads: Record<string, (attachment: Attachment) => unknown> = {
  "checksum crc32": (attachment) => attachment.checksum("crc32", { start: 8 }),
  "checksum crc32c": (attachment) => attachment.checksum("crc32c", { start: 8 }),
  "checksum adler32": (attachment) => attachment.checksum("adler32", { start: 8 }),
  "checksum xxh64": (attachment) => attachment.checksum("xxh64", { start: 8, end: 300, seed: 5n }),
  "checksum xxh3": (attachment) => attachment.checksum("xxh3", { start: 8, end: 300, seed: 5n }),
  "indexOf a byte": (attachment) => attachment.indexOf(0, 8),
  "indexOf bytes": (attachment) => attachment.indexOf(Uint8Array.of(0, 0, 0), 8),
  "lastIndexOf a byte": (attachment) => attachment.lastIndexOf(0, 8),
  "lastIndexOf text": (attachment) => attachment.lastIndexOf("\0\0", 8),
  equals: (attachment) => attachment.equals(new Uint8Array(40), 8, 48),
  compare: (attachment) => attachment.compare(new Uint8Array(41), 8, 48),
  isUtf8: (attachment) => attachment.isUtf8(8),
  indexOfInvalidUtf8: (attachment) => attachment.indexOfInvalidUtf8(8),
  toBuffer: (attachment) => attachment.toBuffer(8, 48),
  text: (attachment) => attachment.text({ start: 8, end: 48 }),
  "sum of integers": (attachment) => attachment.sum(Int16Array, 8, 88),
  "sum of floats": (attachment) => attachment.sum(Float32Array, 8, 248),
  "sum of bigints": (attachment) => attachment.sum(BigInt64Array, 8, 88),
  "min of integers": (attachment) => attachment.min(Uint8Array, 8, 88),
  "min of bigints": (attachment) => attachment.min(BigUint64Array, 8, 88),
  "max of floats": (attachment) => attachment.max(Float64Array, 8, 88),
};

/** They change it. */
export const rangeWrites: Record<string, (attachment: Attachment) => unknown> = {
  "fill by a byte": (attachment) => attachment.fill(1, 8, 99),
  "fill by bytes": (attachment) => attachment.fill(Uint8Array.of(1, 2, 3), 8, 99),
  "fill by text": (attachment) => attachment.fill("abc", 8, 99),
  copyWithin: (attachment) => attachment.copyWithin(8, 0, 90),
  swap16: (attachment) => attachment.swap16(8, 72),
  swap32: (attachment) => attachment.swap32(8, 72),
  swap64: (attachment) => attachment.swap64(8, 72),
};

export const onRange = { ...rangeReads, ...rangeWrites };

/** Names of what the prototypes of a class have: its public methods and properties. */
function membersOf(type: { readonly prototype: object }): Set<string> {
  const names = new Set<string>();
  for (let from = type.prototype; from !== Object.prototype; from = Object.getPrototypeOf(from) as object)
    for (const name of Object.getOwnPropertyNames(from)) names.add(name);
  names.delete("constructor");
  return names;
}

/** What a cursor has beside its operations. `readable` and `writable` only make a stream: test/stream/. */
const besides = ["core", "size", "readable", "writable"];

/** Every operation of a cursor, and its position. The table above has each. */
export const cursorOperations = [...membersOf(Cursor)].filter((name) => !besides.includes(name));

/** Every operation on a range. The tables above have each, under its name and what may follow it. */
export const rangeOperations = [...membersOf(Ranges)];
