import { checkSize } from "../common/arguments.js";
import { bytesOf, copyBytes } from "../common/bytes.js";
import {
  type ArrayKind,
  checkArray,
  checkType,
  type ElementArray,
  type ElementArrayConstructor,
  HOST_IS_LITTLE_ENDIAN,
} from "../common/elements.js";
import { invalidType, misaligned } from "../common/errors.js";
import { TextCursor } from "./text.js";

function isReversed({ width }: ArrayKind, littleEndian: boolean): boolean {
  return width > 1 && littleEndian !== HOST_IS_LITTLE_ENDIAN;
}

/**
 * Typed arrays at the cursor, of the eleven kinds, little-endian unless told otherwise. All or an error, which is
 * `ShmRangeError` `ERR_SHM_OUT_OF_BOUNDS` where fewer bytes remain; nothing has moved then.
 */
export abstract class ArrayCursor extends TextCursor {
  /**
   * Reads `length` elements into a new array.
   *
   * @param Type one of the eleven constructors, `Uint32Array` say
   * @param length elements
   */
  readArray<T extends ElementArrayConstructor>(Type: T, length: number, littleEndian = true): InstanceType<T> {
    const kind = checkType(Type);
    checkSize("length", length);
    const byteLength = length * kind.width;
    // Before the allocation: a length that another process wrote takes no more memory than it has bytes.
    const start = this.require("readArray", byteLength);
    if (!isReversed(kind, littleEndian)) {
      const array = new Type(this.copy(start, byteLength).buffer);
      this.take("readArray", byteLength);
      return array as InstanceType<T>;
    }
    const array = new Type(length);
    this.running.readReversed(new Uint8Array(array.buffer), kind.width);
    return array as InstanceType<T>;
  }

  /** Fills `array` from the position. */
  readInto(array: ElementArray, littleEndian = true): void {
    const kind = checkArray("array", array);
    const target = bytesOf(array);
    const start = this.require("readInto", target.length);
    if (isReversed(kind, littleEndian)) {
      const own = this.#isOurs(target) ? new Uint8Array(target.length) : target;
      this.running.readReversed(own, kind.width);
      if (own !== target) copyBytes(target, own);
      return;
    }
    copyBytes(target, this.window.part(start, target.length));
    this.take("readInto", target.length);
  }

  /** Writes all elements of `array`. */
  writeArray(array: ElementArray, littleEndian = true): void {
    const kind = checkArray("array", array);
    const source = bytesOf(array);
    this.checkWritable("writeArray");
    if (!isReversed(kind, littleEndian)) {
      const start = this.take("writeArray", source.length);
      copyBytes(this.window.current().bytes, source, start);
      return;
    }
    this.require("writeArray", source.length);
    this.running.writeReversed(this.#isOurs(source) ? source.slice() : source, kind.width);
  }

  /**
   * The next `length` elements themselves, no copy: what is stored in the array is stored in the segment. In the
   * machine's own byte order. Valid as long as {@link Attachment.bytes} is; moves past them.
   *
   * @throws {ShmError} `ERR_SHM_MISALIGNED` the position is no multiple of the element's size
   */
  viewArray<T extends ElementArrayConstructor>(Type: T, length: number): InstanceType<T> {
    const { name, width } = checkType(Type);
    checkSize("length", length);
    const start = this.require("viewArray", length * width);
    if (start % width !== 0)
      throw misaligned(`viewArray of ${name} at ${start} needs a position that is a multiple of ${width}`);
    const { buffer, byteOffset } = this.window.current();
    const array = new Type(buffer as ArrayBuffer, byteOffset + start, length);
    this.take("viewArray", length * width);
    return array as InstanceType<T>;
  }

  /** Reads `length` 16-bit IEEE 754 numbers into a new Float32Array, which holds each exactly. */
  readFloat16Array(length: number, littleEndian = true): Float32Array<ArrayBuffer> {
    checkSize("length", length);
    this.require("readFloat16Array", 2 * length);
    const array = new Float32Array(length);
    this.running.readFloat16s(array, littleEndian);
    return array;
  }

  /** Writes each number as 16-bit IEEE 754, rounded to nearest, ties to even. */
  writeFloat16Array(array: Float32Array, littleEndian = true): void {
    const { name } = checkArray("array", array);
    if (name !== "Float32Array") throw invalidType("array", "an instance of Float32Array", array);
    const bytes = bytesOf(array);
    this.checkWritable("writeFloat16Array");
    this.require("writeFloat16Array", bytes.length / 2);
    const { buffer, byteOffset, length } = this.#isOurs(bytes) ? bytes.slice() : bytes;
    this.running.writeFloat16s(new Float32Array(buffer, byteOffset, length / 4), littleEndian);
  }

  /** Whether an array lies in this window's memory, and may overlap what is read or written. */
  #isOurs(array: Uint8Array): boolean {
    return array.buffer === this.window.current().buffer;
  }
}
