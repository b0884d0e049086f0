// The model of a cursor: an array, a number, and each operation as its documentation says, slowly.
import type { Cursor, FixedTextOptions } from "wasm-shm";
import {
  type AnyArray,
  type AnyArrayType,
  arrayType,
  arrayTypes,
  bigint,
  bytesOf,
  integer,
  isBytes,
  number,
  outOfBounds,
  outOfRange,
  refuse,
  size,
  text,
  wrongType,
} from "./arguments.js";
import {
  CRC32C,
  crc,
  decodeLatin1,
  decodeUtf8,
  decodeUtf16,
  encodeFixed,
  encodeUtf8,
  fromFloat16,
  readVarint,
  reversed,
  toFloat16,
  unzigzag,
  varint,
  zigzag,
} from "./naive.js";

const { MAX_SAFE_INTEGER, MIN_SAFE_INTEGER } = Number;
const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export type ScalarName =
  | "Uint8"
  | "Int8"
  | "Uint16"
  | "Int16"
  | "Uint32"
  | "Int32"
  | "BigUint64"
  | "BigInt64"
  | "Float32"
  | "Float64";
export const scalarBytes: Record<ScalarName, number> = {
  Uint8: 1,
  Int8: 1,
  Uint16: 2,
  Int16: 2,
  Uint32: 4,
  Int32: 4,
  BigUint64: 8,
  BigInt64: 8,
  Float32: 4,
  Float64: 8,
};

interface TextOptions {
  fatal?: boolean;
}

/** As Cursor, except the scalars, which are two methods here, and the streams. */
type Modelled = Omit<
  Cursor,
  `${"read" | "write"}${ScalarName}` | "readable" | "writable" | "core" | typeof Symbol.dispose
>;

export class ModelCursor implements Pick<Modelled, keyof Modelled> {
  position = 0;

  constructor(readonly bytes: Uint8Array) {}

  get size(): number {
    return this.bytes.length;
  }

  get remaining(): number {
    return Math.max(0, this.size - this.position);
  }

  seek(offset: number, whence = 0): number {
    integer(offset, MIN_SAFE_INTEGER, MAX_SAFE_INTEGER);
    integer(whence, 0, 2);
    const target = offset + ([0, this.position, this.size][whence] as number);
    if (target < 0) outOfBounds();
    if (target > MAX_SAFE_INTEGER) outOfRange();
    this.position = target;
    return target;
  }

  reset(): void {
    this.position = 0;
  }

  read(target: Uint8Array): number {
    if (!isBytes(target)) wrongType();
    const moved = Math.min(this.remaining, target.length);
    target.set(this.#next(moved));
    this.position += moved;
    return moved;
  }

  write(source: Uint8Array): number {
    if (!isBytes(source)) wrongType();
    const moved = Math.min(this.remaining, source.length);
    if (moved > 0) this.bytes.set(source.slice(0, moved), this.position);
    this.position += moved;
    return moved;
  }

  readExactly(target: Uint8Array): void {
    if (!isBytes(target)) wrongType();
    target.set(this.#take(target.length));
  }

  writeAll(source: Uint8Array): void {
    if (!isBytes(source)) wrongType();
    this.#put(source.slice());
  }

  readChunk(length: number, start = 0): Uint8Array {
    integer(length, MIN_SAFE_INTEGER, MAX_SAFE_INTEGER);
    size(start);
    const end = length < 0 ? this.size : start + length;
    if (start > this.size || end > this.size) outOfBounds();
    return this.bytes.slice(start, end);
  }

  readScalar(name: ScalarName, littleEndian = true): number | bigint {
    const bytes = this.#take(scalarBytes[name]);
    return new DataView(bytes.buffer)[`get${name}`](0, littleEndian);
  }

  writeScalar(name: ScalarName, value: number | bigint, littleEndian = true): void {
    const checked = name.startsWith("Big") ? bigint(value) : number(value);
    const view = new DataView(new ArrayBuffer(scalarBytes[name]));
    (view[`set${name}`] as (offset: number, value: number | bigint, littleEndian: boolean) => void)(
      0,
      checked,
      littleEndian,
    );
    this.#put(bytesOf(view));
  }

  readVarUint(): number {
    return Number(this.#varint((value) => value));
  }

  readVarInt(): number {
    return Number(this.#varint(unzigzag));
  }

  readBigVarUint(): bigint {
    return this.#bigVarint();
  }

  readBigVarInt(): bigint {
    return unzigzag(this.#bigVarint());
  }

  writeVarUint(value: number): number {
    return this.#put(varint(BigInt(integer(value, 0, MAX_SAFE_INTEGER))));
  }

  writeVarInt(value: number): number {
    return this.#put(varint(zigzag(BigInt(integer(value, MIN_SAFE_INTEGER, MAX_SAFE_INTEGER)))));
  }

  writeBigVarUint(value: bigint): number {
    return this.#put(varint(bigint(value, 0n, 2n ** 64n - 1n)));
  }

  writeBigVarInt(value: bigint): number {
    return this.#put(varint(zigzag(bigint(value, -(2n ** 63n), 2n ** 63n - 1n))));
  }

  readVarInt32(): number {
    return Number(BigInt.asIntN(32, this.#bigVarint()));
  }

  readVarInt64(): bigint {
    return BigInt.asIntN(64, this.#bigVarint());
  }

  writeVarInt32(value: number): number {
    return this.#put(varint(BigInt.asUintN(64, BigInt(integer(value, -(2 ** 31), 2 ** 31 - 1)))));
  }

  writeVarInt64(value: bigint): number {
    return this.#put(varint(BigInt.asUintN(64, bigint(value, -(2n ** 63n), 2n ** 63n - 1n))));
  }

  readVarUintArray(length: number): Float64Array<ArrayBuffer> {
    if (size(length) > this.remaining || this.position > this.size) outOfBounds();
    return this.#orBack(() => Float64Array.from({ length }, () => this.readVarUint()));
  }

  writeVarUintArray(array: ArrayLike<number>): number {
    return this.#put(Array.from(array).flatMap((value) => varint(BigInt(integer(value, 0, MAX_SAFE_INTEGER)))));
  }

  readFloat16(littleEndian = true): number {
    const [first, second] = this.#take(2) as unknown as [number, number];
    return fromFloat16(littleEndian ? second * 256 + first : first * 256 + second);
  }

  writeFloat16(value: number, littleEndian = true): void {
    this.writeScalar("Uint16", toFloat16(number(value)), littleEndian);
  }

  readFloat16Array(length: number, littleEndian = true): Float32Array<ArrayBuffer> {
    if (2 * size(length) > this.remaining || this.position > this.size) outOfBounds();
    return Float32Array.from({ length }, () => this.readFloat16(littleEndian));
  }

  writeFloat16Array(array: Float32Array, littleEndian = true): void {
    if (!(array instanceof Float32Array)) wrongType();
    const view = new DataView(new ArrayBuffer(2 * array.length));
    array.forEach((value, index) => {
      view.setUint16(2 * index, toFloat16(value), littleEndian);
    });
    this.#put(bytesOf(view));
  }

  readString(byteLength: number, { fatal = false }: TextOptions = {}): string {
    size(byteLength);
    return this.#orBack(() => this.#text(this.#take(byteLength), fatal));
  }

  writeString(value: string): number {
    return this.#put(encodeUtf8(text(value)));
  }

  readCString(maxLength?: number, { fatal = false }: TextOptions = {}): string {
    if (maxLength !== undefined) size(maxLength);
    const limit = Math.min(maxLength ?? this.remaining, this.remaining);
    const length = this.#next(limit).indexOf(0);
    const isWhole = this.remaining > 0 && (maxLength ?? Number.POSITIVE_INFINITY) <= this.remaining;
    if (length < 0) refuse(isWhole ? "ERR_SHM_MALFORMED" : "ERR_SHM_OUT_OF_BOUNDS");
    return this.#orBack(() => this.#text(this.#take(length + 1).subarray(0, length), fatal));
  }

  writeCString(value: string): number {
    if (text(value).includes("\0")) outOfRange();
    return this.#put([...encodeUtf8(value), 0]);
  }

  readVarString({ fatal = false }: TextOptions = {}): string {
    return this.#orBack(() => {
      const length = this.#bigVarint();
      return this.#text(this.#take(length > BigInt(this.size) ? Number.POSITIVE_INFINITY : Number(length)), fatal);
    });
  }

  writeVarString(value: string): number {
    const bytes = encodeUtf8(text(value));
    return this.#put([...varint(BigInt(bytes.length)), ...bytes]);
  }

  readFixedText(byteLength: number, { encoding = "utf8", fatal = false }: FixedTextOptions = {}): string {
    size(byteLength);
    return this.#orBack(() => {
      const field = this.#take(byteLength);
      const unit = encoding === "utf16le" ? 2 : 1;
      const units = Array.from({ length: Math.floor(byteLength / unit) }, (_, index) =>
        field.slice(index * unit, (index + 1) * unit),
      );
      const end = units.findIndex((bytes) => bytes.every((byte) => byte === 0));
      const bytes = Uint8Array.from((end < 0 ? units : units.slice(0, end)).flatMap((each) => [...each]));
      const { text: decoded, valid } = { utf8: decodeUtf8, utf16le: decodeUtf16, latin1: decodeLatin1 }[encoding](
        bytes,
      );
      return fatal && !valid ? refuse("ERR_SHM_MALFORMED") : decoded;
    });
  }

  writeFixedText(value: string, byteLength: number, { encoding = "utf8" }: FixedTextOptions = {}): number {
    text(value);
    size(byteLength);
    if (value.includes("\0")) outOfRange();
    if (byteLength > this.size - this.position) outOfBounds();
    const bytes = encodeFixed(value, byteLength, encoding) ?? outOfRange();
    this.#put([...bytes, ...new Array<number>(byteLength - bytes.length).fill(0)]);
    return bytes.length;
  }

  // These four need casts: the public overloads say which array belongs to which constructor.
  readArray = ((type: AnyArrayType, length: number, littleEndian = true): AnyArray => {
    const width = arrayType(type).BYTES_PER_ELEMENT;
    const bytes = this.#take(size(length) * width);
    return new type((LITTLE === littleEndian ? bytes : reversed(bytes, width)).buffer as ArrayBuffer);
  }) as Cursor["readArray"];

  readInto = ((array: AnyArray, littleEndian = true): void => {
    arrayType(arrayTypes[array?.constructor?.name as keyof typeof arrayTypes]);
    const bytes = this.#take(array.byteLength);
    bytesOf(array).set(LITTLE === littleEndian ? bytes : reversed(bytes, array.BYTES_PER_ELEMENT));
  }) as Cursor["readInto"];

  writeArray = ((array: AnyArray, littleEndian = true): void => {
    arrayType(arrayTypes[array?.constructor?.name as keyof typeof arrayTypes]);
    const bytes = bytesOf(array).slice();
    this.#put(LITTLE === littleEndian ? bytes : reversed(bytes, array.BYTES_PER_ELEMENT));
  }) as Cursor["writeArray"];

  viewArray = ((type: AnyArrayType, length: number): AnyArray => {
    const width = arrayType(type).BYTES_PER_ELEMENT;
    if (size(length) * width > this.size - this.position) outOfBounds();
    if (this.position % width !== 0) refuse("ERR_SHM_MISALIGNED");
    const start = this.bytes.byteOffset + this.position;
    this.position += length * width;
    return new type(this.bytes.buffer as ArrayBuffer, start, length);
  }) as Cursor["viewArray"];

  readFrame(): Uint8Array<ArrayBuffer> {
    const rest = this.#next(this.remaining);
    if (rest.length === 0) outOfBounds();
    if (rest.length < 8) refuse("ERR_SHM_FRAME_TRUNCATED");
    const view = new DataView(rest.buffer);
    const length = view.getUint32(0, true);
    if (length > rest.length - 8) refuse("ERR_SHM_FRAME_TRUNCATED");
    const payload = rest.slice(8, 8 + length);
    if (crc(CRC32C, payload) !== view.getUint32(4, true)) refuse("ERR_SHM_FRAME_DAMAGED");
    this.position += 8 + length;
    return payload;
  }

  writeFrame(bytes: Uint8Array): number {
    if (!isBytes(bytes)) wrongType();
    const head = Uint32Array.of(bytes.length, crc(CRC32C, bytes)); // in the host's byte order, see below
    const bigOrLittle = LITTLE ? bytesOf(head) : reversed(bytesOf(head), 4);
    return this.#put([...bigOrLittle, ...bytes]);
  }

  /** A copy of the next `length` bytes; does not move the position. */
  #next(length: number): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(this.position, this.position + length);
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.size - this.position) outOfBounds();
    const bytes = this.#next(length);
    this.position += length;
    return bytes;
  }

  #put(bytes: ArrayLike<number>): number {
    if (bytes.length > this.size - this.position) outOfBounds();
    if (bytes.length > 0) this.bytes.set(bytes, this.position);
    this.position += bytes.length;
    return bytes.length;
  }

  /** If `use` throws, the position is restored. */
  #orBack<T>(use: () => T): T {
    const before = this.position;
    try {
      return use();
    } catch (error) {
      this.position = before;
      throw error;
    }
  }

  #text(bytes: Uint8Array, fatal: boolean): string {
    const { text: decoded, valid } = decodeUtf8(bytes);
    return fatal && !valid ? refuse("ERR_SHM_MALFORMED") : decoded;
  }

  #bigVarint(): bigint {
    const found = readVarint(this.#next(10));
    if (found === "unterminated") return outOfBounds();
    if (found === "malformed") return refuse("ERR_SHM_MALFORMED");
    this.position += found.taken;
    return found.value;
  }

  #varint(decode: (value: bigint) => bigint): bigint {
    return this.#orBack(() => {
      const value = decode(this.#bigVarint());
      return value > MAX_SAFE_INTEGER || value < MIN_SAFE_INTEGER ? refuse("ERR_SHM_UNSAFE_INTEGER") : value;
    });
  }
}
