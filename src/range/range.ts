import { checkBigInt, checkChoice, checkInteger } from "../common/arguments.js";
import { bytesOf, checkBytes, firstBytes } from "../common/bytes.js";
import {
  type ArrayKind,
  type BigIntArrayConstructor,
  checkType,
  type ElementArrayConstructor,
  type NumberArrayConstructor,
} from "../common/elements.js";
import { outOfRange } from "../common/errors.js";
import type { BigIntKind, CoreRange, NumberKind, Width } from "../core/core.js";

/** Checksums of 32 bits: numbers, which the next range's can go on from. */
export type Checksum32 = "crc32" | "crc32c" | "adler32";
/** Checksums of 64 bits: bigints, from a seed. */
export type Checksum64 = "xxh64" | "xxh3";

const algorithms = ["crc32", "crc32c", "adler32", "xxh64", "xxh3"] as const;
const MAX_UINT64 = 2n ** 64n - 1n;
const encoder = new TextEncoder();

function isBig(kind: ArrayKind["kind"]): kind is BigIntKind {
  return kind === "BigInt64" || kind === "BigUint64";
}

/** The bytes of a needle or a pattern, in a copy that nobody changes. */
function checkPattern(value: unknown): Uint8Array {
  if (typeof value === "number") return Uint8Array.of(checkInteger("value", value, 0, 255));
  if (typeof value === "string") return encoder.encode(value);
  return firstBytes(value as Uint8Array, checkBytes("value", value)).slice();
}

/**
 * What works on the bytes of an attachment from `start` to `end`, in place: bytes from the window's start, `end`
 * excluded; all of it by default. Every call throws `RangeError` `ERR_OUT_OF_RANGE` where the range is not inside the
 * window, or is not a whole number of elements where it has some, `TypeError` `ERR_INVALID_ARG_TYPE` for a value of
 * the wrong kind, `ShmError` `ERR_SHM_DETACHED` after a detach, and `ERR_SHM_READ_ONLY` where it would change a read-only
 * attachment; nothing has changed then.
 */
export abstract class Ranges {
  abstract readonly byteLength: number;
  abstract readonly bytes: Uint8Array;

  /** @internal The core's part; throws ERR_SHM_DETACHED after a detach. */
  protected abstract range(operation: string): CoreRange;

  /** @internal As range, for what writes; throws ERR_SHM_READ_ONLY where the attachment is. */
  protected abstract writableRange(operation: string): CoreRange;

  /**
   * A checksum of 32 bits: zlib's CRC-32 and Adler-32, and the CRC-32C of RFC 3720.
   *
   * @param previous the checksum of what came before, to go on from (default that of nothing: 0, Adler-32's 1)
   */
  checksum(algorithm: Checksum32, start?: number, end?: number, previous?: number): number;
  /**
   * A hash of 64 bits: XXH64, and the XXH3 of that width. Neither is for keeping secrets.
   *
   * @param seed 64 bits (default 0n)
   * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
   */
  checksum(algorithm: Checksum64, start?: number, end?: number, seed?: bigint): bigint;
  checksum(
    algorithm: Checksum32 | Checksum64,
    start = 0,
    end = this.byteLength,
    from?: number | bigint,
  ): number | bigint {
    checkChoice("algorithm", algorithm, algorithms);
    this.#checkRange(start, end);
    if (algorithm === "xxh64" || algorithm === "xxh3") {
      const seed = from === undefined ? 0n : checkBigInt("seed", from);
      if (seed < 0n || seed > MAX_UINT64) throw outOfRange("seed", `>= 0n and <= ${MAX_UINT64}n`, seed);
      return this.range("checksum")[algorithm](start, end, seed);
    }
    const previous =
      from === undefined ? Number(algorithm === "adler32") : checkInteger("previous", from, 0, 0xffffffff);
    return this.range("checksum")[algorithm](start, end, previous);
  }

  /**
   * Where the first occurrence begins that is wholly in the range.
   *
   * @param value a byte, bytes, or text as UTF-8; nothing is found at `start`
   * @returns bytes from the window's start; -1 where there is none
   */
  indexOf(value: number | Uint8Array | string, start = 0, end = this.byteLength): number {
    const needle = checkPattern(value);
    this.#checkRange(start, end);
    const range = this.range("indexOf");
    if (needle.length === 0) return start;
    if (needle.length === 1) return range.indexOfByte(needle[0] as number, start, end);
    return range.indexOf(needle, start, end);
  }

  /** As {@link indexOf}, the last occurrence; nothing is found at `end`. */
  lastIndexOf(value: number | Uint8Array | string, start = 0, end = this.byteLength): number {
    const needle = checkPattern(value);
    this.#checkRange(start, end);
    const range = this.range("lastIndexOf");
    if (needle.length === 0) return end;
    if (needle.length === 1) return range.lastIndexOfByte(needle[0] as number, start, end);
    return range.lastIndexOf(needle, start, end);
  }

  /** Whether the range is, byte for byte, all of `other`: bytes, or another attachment's window. */
  equals(other: Uint8Array | Ranges, start = 0, end = this.byteLength): boolean {
    const bytes = this.#other(other);
    this.#checkRange(start, end);
    const range = this.range("equals");
    return bytes.length === end - start && range.equals(bytes, start);
  }

  /** -1 where the range comes before all of `other` in the order of unsigned bytes, 1 after, 0 the same. A beginning is less. */
  compare(other: Uint8Array | Ranges, start = 0, end = this.byteLength): -1 | 0 | 1 {
    const bytes = this.#other(other);
    this.#checkRange(start, end);
    const range = this.range("compare");
    const common = Math.min(bytes.length, end - start);
    const sign = range.compare(firstBytes(bytes, common), start);
    return Math.sign(sign === 0 ? end - start - bytes.length : sign) as -1 | 0 | 1;
  }

  /**
   * Sets every byte of the range.
   *
   * @param value a byte, or bytes or text as UTF-8, again and again, the last time cut short at `end`
   */
  fill(value: number | Uint8Array | string, start = 0, end = this.byteLength): void {
    const pattern = checkPattern(value);
    if (pattern.length === 0) throw outOfRange("value", "a byte at least", value);
    this.#checkRange(start, end);
    const range = this.writableRange("fill");
    if (pattern.length === 1) range.fillByte(pattern[0] as number, start, end);
    else range.fill(pattern, start, end);
  }

  /** Copies the range to `target`, as if by way of an array of its own: the two may overlap. All of it, or an error. */
  copyWithin(target: number, start: number, end = this.byteLength): void {
    this.#checkRange(start, end);
    checkInteger("target", target, 0, this.byteLength - (end - start));
    this.writableRange("copyWithin").copyWithin(target, start, end);
  }

  /** Reverses each 2 bytes: the other byte order. */
  swap16(start = 0, end = this.byteLength): void {
    this.#swap("swap16", 2, start, end);
  }

  /** Reverses each 4 bytes. */
  swap32(start = 0, end = this.byteLength): void {
    this.#swap("swap32", 4, start, end);
  }

  /** Reverses each 8 bytes. */
  swap64(start = 0, end = this.byteLength): void {
    this.#swap("swap64", 8, start, end);
  }

  /** Whether the range is UTF-8 and ends with a whole character: whether TextDecoder takes it with `fatal`. */
  isUtf8(start = 0, end = this.byteLength): boolean {
    this.#checkRange(start, end);
    return this.range("isUtf8").isUtf8(start, end);
  }

  /**
   * The sum of the range's elements, in the machine's own byte order, at any alignment.
   * Integers of up to 32 bits: exact, then rounded to a number. Floats: added as float64, in 16 interleaved partial
   * sums, so that it is the same on every core and engine. 64-bit integers: exact, a bigint.
   *
   * @param Type what the bytes are: one of the eleven typed-array constructors
   */
  sum(Type: NumberArrayConstructor, start?: number, end?: number): number;
  sum(Type: BigIntArrayConstructor, start?: number, end?: number): bigint;
  sum(Type: ElementArrayConstructor, start = 0, end = this.byteLength): number | bigint {
    const { kind } = this.#checkElements(Type, start, end);
    const range = this.range("sum");
    return isBig(kind) ? range.sumBig(kind, start, end) : range.sum(kind, start, end);
  }

  /**
   * The least of the range's elements; NaN where one is, and -0 is less than 0: as Math.min.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` there is no element
   */
  min(Type: NumberArrayConstructor, start?: number, end?: number): number;
  min(Type: BigIntArrayConstructor, start?: number, end?: number): bigint;
  min(Type: ElementArrayConstructor, start = 0, end = this.byteLength): number | bigint {
    const kind = this.#checkSome(Type, start, end);
    const range = this.range("min");
    return isBig(kind) ? range.minBig(kind, start, end) : range.min(kind, start, end);
  }

  /** The largest of the range's elements, as {@link min}. */
  max(Type: NumberArrayConstructor, start?: number, end?: number): number;
  max(Type: BigIntArrayConstructor, start?: number, end?: number): bigint;
  max(Type: ElementArrayConstructor, start = 0, end = this.byteLength): number | bigint {
    const kind = this.#checkSome(Type, start, end);
    const range = this.range("max");
    return isBig(kind) ? range.maxBig(kind, start, end) : range.max(kind, start, end);
  }

  #checkRange(start: number, end: number): void {
    checkInteger("end", end, 0, this.byteLength);
    checkInteger("start", start, 0, end);
  }

  #checkElements(Type: ElementArrayConstructor, start: number, end: number): ArrayKind {
    const kind = checkType(Type);
    this.#checkRange(start, end);
    this.#checkWhole(kind.width, start, end);
    return kind;
  }

  #checkSome(Type: ElementArrayConstructor, start: number, end: number): NumberKind | BigIntKind {
    const { kind, width } = this.#checkElements(Type, start, end);
    if (start === end) throw outOfRange("end", `>= ${start + width}, so that there is an element`, end);
    return kind;
  }

  #checkWhole(width: number, start: number, end: number): void {
    if ((end - start) % width !== 0) throw outOfRange("end", `a multiple of ${width} bytes after start, ${start}`, end);
  }

  #swap(operation: string, width: Width, start: number, end: number): void {
    this.#checkRange(start, end);
    this.#checkWhole(width, start, end);
    this.writableRange(operation).swap(width, start, end);
  }

  #other(other: Uint8Array | Ranges): Uint8Array {
    if (typeof other === "object" && other !== null && #checkRange in other) return other.bytes;
    checkBytes("other", other);
    return bytesOf(other as Uint8Array);
  }
}
