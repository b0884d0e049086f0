import { checkOrder, checkSize, extraArgument } from "../common/arguments.js";
import {
  bufferOf,
  byteLengthOf,
  bytesOf,
  firstBytes,
  newArray,
  type OwnFloat32Array,
  sliceOf,
} from "../common/bytes.js";
import {
  type ArrayKind,
  checkArray,
  checkType,
  type ElementArray,
  type ElementArrayConstructor,
  HOST_IS_LITTLE_ENDIAN,
} from "../common/elements.js";
import { invalidType, misaligned } from "../common/errors.js";
import { movesOf, SHORT_ARRAY } from "./elements.js";
import { access, type Position } from "./position.js";

const { positionOf } = access;

function isReversed({ width }: ArrayKind, littleEndian: boolean): boolean {
  return width > 1 && littleEndian !== HOST_IS_LITTLE_ENDIAN;
}

/**
 * Whether an array lies in this window's memory, and may overlap the bytes that are read or written. A shared memory that
 * grew has one more SharedArrayBuffer, and the earlier ones still reach its bytes.
 */
function mayOverlap({ window }: Position, array: ElementArray): boolean {
  const buffer: unknown = bufferOf(array);
  return buffer === window.current().buffer || !(buffer instanceof ArrayBuffer);
}

/** How a short array is moved element by element; undefined if it is not. The wasm core reverses elements itself. */
function shortMoves({ core }: Position, kind: ArrayKind, byteLength: number, littleEndian: boolean) {
  if (byteLength > SHORT_ARRAY || (core.core === "wasm" && isReversed(kind, littleEndian))) return undefined;
  return movesOf(kind);
}

/**
 * Typed arrays at the cursor, of the eleven kinds, little-endian unless told otherwise. All of the array, or
 * `ShmRangeError` `ERR_SHM_OUT_OF_BOUNDS` if fewer bytes remain; a failed call moves nothing.
 */
export abstract class ArrayCodec {
  /**
   * Reads `length` elements into a new array.
   *
   * @param Type one of the eleven constructors, for example `Uint32Array`
   * @param length elements
   */
  readArray<T extends ElementArrayConstructor>(Type: T, length: number, littleEndian = true): InstanceType<T> {
    if (arguments.length > 3) throw extraArgument("readArray", arguments, 3);
    checkOrder(littleEndian);
    const kind = checkType(Type);
    checkSize("length", length);
    const byteLength = length * kind.width;
    const at = positionOf(this);
    // Check before allocating: `length` may be hostile, so never allocate more than the window still holds.
    const start = at.peek("readArray", byteLength);
    const short = shortMoves(at, kind, byteLength, littleEndian);
    if (short) {
      const array = newArray<ElementArray>(Type, length);
      short.read(array, at.window.current().view, start, length, littleEndian);
      at.take("readArray", byteLength);
      return array as InstanceType<T>;
    }
    if (!isReversed(kind, littleEndian)) {
      const array = new Type(at.window.slice(start, byteLength).buffer);
      at.take("readArray", byteLength);
      return array as InstanceType<T>;
    }
    const array = newArray<ElementArray>(Type, length);
    at.core.readReversed(new Uint8Array(array.buffer), kind.width);
    return array as InstanceType<T>;
  }

  /** Fills `array` from the position. */
  readInto(array: ElementArray, littleEndian = true): void {
    if (arguments.length > 2) throw extraArgument("readInto", arguments, 2);
    checkOrder(littleEndian);
    const kind = checkArray("array", array);
    const byteLength = byteLengthOf(array);
    const at = positionOf(this);
    const start = at.peek("readInto", byteLength);
    const short = shortMoves(at, kind, byteLength, littleEndian);
    if (short && !mayOverlap(at, array)) {
      short.read(array, at.window.current().view, start, byteLength / kind.width, littleEndian);
      at.take("readInto", byteLength);
      return;
    }
    const target = firstBytes(array, byteLength);
    if (isReversed(kind, littleEndian)) {
      const own = mayOverlap(at, target) ? newArray(Uint8Array, target.length) : target;
      at.core.readReversed(own, kind.width);
      if (own !== target) at.window.copy(target, own);
      return;
    }
    at.window.read(target, start, target.length);
    at.take("readInto", target.length);
  }

  /** Writes all elements of `array`. */
  writeArray(array: ElementArray, littleEndian = true): void {
    if (arguments.length > 2) throw extraArgument("writeArray", arguments, 2);
    checkOrder(littleEndian);
    const kind = checkArray("array", array);
    const byteLength = byteLengthOf(array);
    const at = positionOf(this);
    at.checkWritable("writeArray");
    const short = shortMoves(at, kind, byteLength, littleEndian);
    if (short && !mayOverlap(at, array)) {
      const start = at.take("writeArray", byteLength);
      short.write(array, at.window.current().view, start, byteLength / kind.width, littleEndian);
      return;
    }
    const source = firstBytes(array, byteLength);
    if (!isReversed(kind, littleEndian)) {
      const window = at.window.current();
      const start = at.take("writeArray", source.length);
      window.write(source, start, source.length);
      return;
    }
    at.peek("writeArray", source.length);
    at.core.writeReversed(mayOverlap(at, source) ? sliceOf(source) : source, kind.width);
  }

  /**
   * The next `length` elements themselves, not a copy: a store into the array is a store into the segment. In the
   * machine's own byte order. Valid as long as {@link Attachment.bytes} is. Moves past the elements.
   *
   * @throws {ShmError} `ERR_SHM_MISALIGNED` the position is not a multiple of the element's size
   */
  viewArray<T extends ElementArrayConstructor>(Type: T, length: number): InstanceType<T> {
    if (arguments.length > 2) throw extraArgument("viewArray", arguments, 2);
    const { name, width } = checkType(Type);
    checkSize("length", length);
    const at = positionOf(this);
    const start = at.peek("viewArray", length * width);
    if (start % width !== 0)
      throw misaligned(`viewArray of ${name} at ${start} needs a position that is a multiple of ${width}`);
    const { buffer, byteOffset } = at.window.current();
    const array = new Type(buffer as ArrayBuffer, byteOffset + start, length);
    at.take("viewArray", length * width);
    return array as InstanceType<T>;
  }

  /** Reads `length` 16-bit IEEE 754 numbers into a new Float32Array, which holds each exactly. */
  readFloat16Array(length: number, littleEndian = true): OwnFloat32Array {
    if (arguments.length > 2) throw extraArgument("readFloat16Array", arguments, 2);
    checkOrder(littleEndian);
    checkSize("length", length);
    const at = positionOf(this);
    at.peek("readFloat16Array", 2 * length); // before the allocation, as in readArray
    const array = newArray<OwnFloat32Array>(Float32Array, length);
    at.core.readFloat16s(array, littleEndian);
    return array;
  }

  /** Writes each number as 16-bit IEEE 754, rounded to nearest, ties to even. */
  writeFloat16Array(array: Float32Array, littleEndian = true): void {
    if (arguments.length > 2) throw extraArgument("writeFloat16Array", arguments, 2);
    checkOrder(littleEndian);
    const { name } = checkArray("array", array);
    if (name !== "Float32Array") throw invalidType("array", "an instance of Float32Array", array);
    const bytes = bytesOf(array);
    const at = positionOf(this);
    at.checkWritable("writeFloat16Array");
    at.peek("writeFloat16Array", bytes.length / 2);
    const { buffer, byteOffset, length } = mayOverlap(at, bytes) ? sliceOf(bytes) : bytes;
    at.core.writeFloat16s(new Float32Array(buffer, byteOffset, length / 4), littleEndian);
  }
}
