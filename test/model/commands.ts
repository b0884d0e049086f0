// Random commands. Each runs unchanged on a real cursor and attachment, and on those of the model.
import fc, { type Arbitrary } from "fast-check";
import type { Cursor, TextEncoding } from "wasm-shm";
import { seeds } from "../support/oracle.js";
import {
  atCursor,
  big,
  brief,
  type Command,
  command,
  float,
  inside,
  littleEndian,
  nearly,
  onRange,
  place,
  resolve,
  safe,
  text,
  wild,
  wildNumber,
} from "./arbitraries.js";
import { type AnyArray, type ArrayTypeName, arrayTypeNames, arrayTypes, bytesOf } from "./arguments.js";
import { ModelCursor, type ScalarName, scalarBytes } from "./cursor.js";

const scalar = fc.constantFrom(...(Object.keys(scalarBytes) as ScalarName[]));
const arrayName = fc.constantFrom(...arrayTypeNames);
/** Elements: few, or about as many as fit. */
const length = fc.oneof(
  { weight: 8, arbitrary: fc.nat(20) },
  { weight: 2, arbitrary: fc.nat(4000) },
  { weight: 1, arbitrary: wild },
);

/** One byte has no order, and a method refuses what it does not take. */
function orderOf<T>(name: ScalarName, little: T): T[] {
  return scalarBytes[name] === 1 ? [] : [little];
}

const scalars: Arbitrary<Command>[] = [
  atCursor("read scalar", [scalar, littleEndian], (cursor, name, little) =>
    cursor instanceof ModelCursor
      ? cursor.readScalar(name, little)
      : ((cursor as Cursor)[`read${name}`] as (...order: (boolean | undefined)[]) => number | bigint)(
          ...orderOf(name, little),
        ),
  ),
  atCursor(
    "write scalar",
    [scalar, fc.oneof(float, safe, big, wildNumber), littleEndian],
    (cursor, name, value, little) =>
      cursor instanceof ModelCursor
        ? cursor.writeScalar(name, value as number, little)
        : ((cursor as Cursor)[`write${name}`] as (value: unknown, ...order: (boolean | undefined)[]) => void)(
            value,
            ...orderOf(name, little),
          ),
  ),
];

const movements: Arbitrary<Command>[] = [
  command("seek", [place], ({ cursor }, to) => cursor.seek(resolve(to, cursor.size))),
  command(
    "seek, whence",
    [fc.oneof(fc.integer({ min: -90, max: 90 }), safe), fc.nat(2)],
    ({ cursor }, offset, whence) => cursor.seek(offset, whence as 0),
  ),
  command("reset", [], ({ cursor }) => cursor.reset()),
  command("remaining", [], ({ cursor }) => cursor.remaining),
];

const plain: Arbitrary<Command>[] = [
  atCursor("read", [fc.nat(90)], (cursor, wanted) => {
    const target = new Uint8Array(wanted).fill(0xee);
    return [cursor.read(target), ...target];
  }),
  atCursor("write", [brief], (cursor, source) => cursor.write(source)),
  atCursor("readExactly", [fc.nat(90)], (cursor, wanted) => {
    const target = new Uint8Array(wanted);
    cursor.readExactly(target);
    return target;
  }),
  atCursor("writeAll", [brief], (cursor, source) => cursor.writeAll(source)),
  command("readChunk", [length, place], ({ cursor }, wanted, at) =>
    cursor.readChunk(wanted as number, typeof wanted === "number" ? resolve(at, cursor.size) : 0),
  ),
];

const varints: Arbitrary<Command>[] = [
  atCursor("readVarUint", [], (cursor) => cursor.readVarUint()),
  atCursor("readVarInt", [], (cursor) => cursor.readVarInt()),
  atCursor("readBigVarUint", [], (cursor) => cursor.readBigVarUint()),
  atCursor("readBigVarInt", [], (cursor) => cursor.readBigVarInt()),
  atCursor("writeVarUint", [fc.oneof(safe, wild)], (cursor, value) => cursor.writeVarUint(value as number)),
  atCursor("writeVarInt", [fc.oneof(safe, wild)], (cursor, value) => cursor.writeVarInt(value as number)),
  atCursor("writeBigVarUint", [fc.oneof(big, wild)], (cursor, value) => cursor.writeBigVarUint(value as bigint)),
  atCursor("writeBigVarInt", [fc.oneof(big, wild)], (cursor, value) => cursor.writeBigVarInt(value as bigint)),
  atCursor("readVarInt32", [], (cursor) => cursor.readVarInt32()),
  atCursor("readVarInt64", [], (cursor) => cursor.readVarInt64()),
  atCursor("writeVarInt32", [fc.oneof(fc.integer(), wild)], (cursor, value) => cursor.writeVarInt32(value as number)),
  atCursor("writeVarInt64", [fc.oneof(big, wild)], (cursor, value) => cursor.writeVarInt64(value as bigint)),
  atCursor("readVarUintArray", [length], (cursor, count) => cursor.readVarUintArray(count as number)),
  atCursor("writeVarUintArray", [fc.array(fc.maxSafeNat(), { maxLength: 30 }), fc.boolean()], (cursor, values, typed) =>
    cursor.writeVarUintArray(typed ? Float64Array.from(values) : values),
  ),
  atCursor("writeVarUintArray", [fc.array(fc.oneof(fc.nat(300), wild), { maxLength: 8 })], (cursor, values) =>
    cursor.writeVarUintArray(values.slice(0, 1 + values.findIndex((value) => typeof value !== "number")) as number[]),
  ),
  atCursor("padded varint", [fc.nat(0x7fffffff), fc.nat(9)], (cursor, value, padding) => {
    const bytes = [value & 127, ...new Array(padding).fill(0)].map((byte, index) =>
      index < padding ? byte | 128 : byte,
    );
    cursor.write(Uint8Array.from(bytes)); // fewer at the window's end: the varint is then unterminated
    cursor.seek(Math.max(0, cursor.position - bytes.length));
    return cursor.readVarUint();
  }),
];

const encoding = fc.constantFrom<TextEncoding>("utf8", "utf16le", "latin1");

const texts: Arbitrary<Command>[] = [
  atCursor("readString", [length, fc.boolean()], (cursor, count, fatal) =>
    cursor.readString(count as number, { fatal }),
  ),
  atCursor("writeString", [text], (cursor, value) => cursor.writeString(value)),
  atCursor("readCString", [fc.option(length, { nil: undefined }), fc.boolean()], (cursor, most, fatal) =>
    cursor.readCString(most as number, { fatal }),
  ),
  atCursor("writeCString", [text], (cursor, value) => cursor.writeCString(value)),
  atCursor("readVarString", [fc.boolean()], (cursor, fatal) => cursor.readVarString({ fatal })),
  atCursor("writeVarString", [text], (cursor, value) => cursor.writeVarString(value)),
  atCursor("readFixedText", [length, encoding, fc.boolean()], (cursor, count, named, fatal) =>
    cursor.readFixedText(count as number, { encoding: named, fatal }),
  ),
  atCursor("writeFixedText", [text, fc.nat(40), encoding], (cursor, value, count, named) =>
    cursor.writeFixedText(value, count, { encoding: named }),
  ),
];

/** An array of a kind over random bytes. */
function arrayOf(name: ArrayTypeName, bytes: Uint8Array): AnyArray {
  const width = arrayTypes[name].BYTES_PER_ELEMENT;
  return new arrayTypes[name](bytes.slice(0, bytes.length - (bytes.length % width)).buffer);
}

const arrays: Arbitrary<Command>[] = [
  atCursor("readArray", [arrayName, length, littleEndian], (cursor, name, count, little) =>
    bytesOf(cursor.readArray(arrayTypes[name] as typeof Uint8Array, count as number, little)),
  ),
  atCursor("readInto", [arrayName, fc.nat(40), littleEndian], (cursor, name, count, little) => {
    const array = new arrayTypes[name](count) as Uint8Array;
    cursor.readInto(array, little);
    return bytesOf(array);
  }),
  atCursor("writeArray", [arrayName, brief, littleEndian], (cursor, name, bytes, little) =>
    cursor.writeArray(arrayOf(name, bytes) as Uint8Array, little),
  ),
  atCursor("viewArray", [arrayName, length], (cursor, name, count) =>
    bytesOf(cursor.viewArray(arrayTypes[name] as typeof Uint8Array, count as number)).slice(),
  ),
  atCursor("readFloat16", [littleEndian], (cursor, little) => cursor.readFloat16(little)),
  atCursor("writeFloat16", [fc.oneof(float, wildNumber), littleEndian], (cursor, value, little) =>
    cursor.writeFloat16(value as number, little),
  ),
  atCursor("readFloat16Array", [length, littleEndian], (cursor, count, little) => [
    ...cursor.readFloat16Array(count as number, little), // NaN is NaN
  ]),
  atCursor("writeFloat16Array", [fc.array(float, { maxLength: 40 }), littleEndian], (cursor, values, little) =>
    cursor.writeFloat16Array(Float32Array.from(values), little),
  ),
  atCursor("readFrame", [], (cursor) => cursor.readFrame()),
  atCursor("readFrame, of about what remains", [fc.integer({ min: -1, max: 2 })], (cursor, more) => {
    const { position, remaining } = cursor;
    cursor.writeAll(bytesOf(Uint32Array.of(Math.max(0, remaining - 8 + more))));
    cursor.seek(position);
    return cursor.readFrame();
  }),
  atCursor("writeFrame", [brief], (cursor, bytes) => cursor.writeFrame(bytes)),
  atCursor(
    "writeFrame, readFrame",
    [brief, fc.option(fc.nat(87), { freq: 2, nil: undefined })],
    (cursor, bytes, flip) => {
      const taken = cursor.writeFrame(bytes);
      cursor.seek(-taken, 1);
      if (flip !== undefined) {
        const at = cursor.position;
        cursor.seek(flip % taken, 1);
        const [byte] = cursor.readChunk(1, cursor.position) as unknown as [number];
        cursor.write(Uint8Array.of(byte ^ 1));
        cursor.seek(at);
      }
      return cursor.readFrame();
    },
  ),
];

/** Arrays over the window itself, which overlap the bytes that are read or written. */
const overlaps: Arbitrary<Command>[] = (["readInto", "writeArray"] as const).map((name) =>
  command(
    `${name}, overlapping`,
    [
      inside,
      inside,
      fc.nat(200),
      fc.constantFrom<ArrayTypeName>("Uint8Array", "Uint16Array", "Float64Array"),
      littleEndian,
    ],
    ({ cursor, attachment }, at, from, count, kind, little) => {
      const { bytes } = attachment;
      const width = arrayTypes[kind].BYTES_PER_ELEMENT;
      const start = Math.floor(resolve(from, bytes.length) / width) * width;
      const elements = Math.min(count, Math.floor((bytes.length - start) / width));
      const array = new arrayTypes[kind](bytes.buffer as ArrayBuffer, bytes.byteOffset + start, elements) as Uint8Array;
      cursor.seek(resolve(at, bytes.length));
      return cursor[name](array, little);
    },
  ),
);

const needle = fc.oneof<Arbitrary<number | Uint8Array | string>[]>(
  fc.nat(255),
  brief,
  text,
  fc.uint8Array({ maxLength: 3, max: 3 }),
);

const searches: Arbitrary<Command>[] = (["indexOf", "lastIndexOf"] as const).flatMap((name) => [
  onRange(name, [needle], (attachment, start, end, value) => attachment[name](value, start, end)),
  onRange(`${name}, of bytes of the range`, [inside, fc.nat(70)], (attachment, start, end, at, count) => {
    const from = resolve(at, attachment.byteLength);
    return attachment[name](attachment.bytes.slice(from, from + count), start, end);
  }),
]);

const comparisons: Arbitrary<Command>[] = (["equals", "compare"] as const).flatMap((name) => [
  onRange(name, [brief], (attachment, start, end, other) => attachment[name](other, start, end)),
  onRange(
    `${name}, of nearly the same`,
    [fc.option(inside, { nil: undefined }), fc.constantFrom(0, 1, -1)],
    (attachment, start, end, at, more) => {
      const { bytes } = attachment;
      if (typeof start !== "number" || typeof end !== "number") return attachment[name](bytes, start, end);
      const other = new Uint8Array([...bytes.slice(start, end), 0]).subarray(0, Math.max(0, end - start + more));
      const index = at && resolve(at, other.length);
      if (index !== undefined && index < other.length) other[index] = (other[index] as number) ^ 0x80;
      return attachment[name](other, start, end);
    },
  ),
  onRange(`${name}, of bytes of the window`, [inside, inside], (attachment, start, end, from, to) => {
    const { bytes } = attachment;
    return attachment[name](bytes.subarray(resolve(from, bytes.length), resolve(to, bytes.length)), start, end);
  }),
  onRange(`${name}, of an attachment`, [], (attachment, start, end) => attachment[name](attachment, start, end)),
]);

const changes: Arbitrary<Command>[] = [
  onRange("fill", [needle], (attachment, start, end, value) => attachment.fill(value, start, end)),
  onRange("fill, with bytes of the window", [inside, fc.nat(20)], (attachment, start, end, at, count) => {
    const from = resolve(at, attachment.byteLength);
    return attachment.fill(attachment.bytes.subarray(from, from + count), start, end);
  }),
  onRange("copyWithin", [inside], (attachment, start, end, to) =>
    attachment.copyWithin(resolve(to, attachment.byteLength), start, end),
  ),
  onRange("copyWithin, near", [fc.integer({ min: -70, max: 70 })], (attachment, start, end, by) =>
    attachment.copyWithin(typeof start === "number" ? start + by : 0, start, end),
  ),
  onRange("swap16", [], (attachment, start, end) => attachment.swap16(start, end), fc.constantFrom(2, 1)),
  onRange("swap32", [], (attachment, start, end) => attachment.swap32(start, end), fc.constantFrom(4, 1)),
  onRange("swap64", [], (attachment, start, end) => attachment.swap64(start, end), fc.constantFrom(8, 1)),
];

const judgements: Arbitrary<Command>[] = [
  command("isUtf8, of a sequence", [inside, nearly, fc.nat(40)], ({ cursor, attachment }, at, sequence, before) => {
    const end = resolve(at, cursor.size);
    const start = Math.max(0, end - before);
    attachment.fill(0x61, start, end);
    cursor.seek(end);
    const taken = cursor.write(sequence);
    return [
      attachment.isUtf8(start, end + taken),
      attachment.isUtf8(end, cursor.size),
      attachment.isUtf8(start, end),
      attachment.indexOfInvalidUtf8(start, end + taken),
    ];
  }),
  onRange("toBuffer", [], (attachment, start, end) => [...attachment.toBuffer(start, end)]),
  onRange("text", [encoding, fc.boolean()], (attachment, start, end, named, fatal) =>
    attachment.text({ start, end, encoding: named, fatal }),
  ),
  onRange("indexOfInvalidUtf8", [], (attachment, start, end) => attachment.indexOfInvalidUtf8(start, end)),
  onRange("isUtf8", [], (attachment, start, end) => attachment.isUtf8(start, end)),
  ...(["crc32", "crc32c", "adler32"] as const).map((name) =>
    onRange(
      name,
      [fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: undefined })],
      (attachment, start, end, from) => {
        const previous = name === "adler32" && from !== undefined ? adlerOf(from) : from;
        return attachment.checksum(name, { start, end, ...(previous !== undefined && { previous }) });
      },
    ),
  ),
  ...(["xxh64", "xxh3"] as const).map((name) =>
    onRange(name, [fc.option(fc.constantFrom(...seeds), { nil: undefined })], (attachment, start, end, seed) =>
      attachment.checksum(name, { start, end, ...(seed !== undefined && { seed }) }),
    ),
  ),
  ...(["sum", "min", "max"] as const).map((name) =>
    onRange(name, [arrayName], (attachment, start, end, kind) => {
      const width = arrayTypes[kind].BYTES_PER_ELEMENT;
      const areNumbers = typeof start === "number" && typeof end === "number";
      const whole = areNumbers && end > start ? end - ((end - start) % width) : end;
      return attachment[name](arrayTypes[kind] as typeof Uint8Array, start, whole);
    }),
  ),
];

/** A valid Adler-32, with both halves below 65521, from any number. */
function adlerOf(previous: number): number {
  return (Math.floor(previous / 65536) % 65521) * 65536 + ((previous % 65536) % 65521);
}

const groups = [
  scalars,
  movements,
  plain,
  varints,
  texts,
  arrays,
  overlaps,
  searches,
  comparisons,
  changes,
  judgements,
];

export const commands: Arbitrary<Command> = fc.oneof(...groups.flat());
