import type { BigIntKind, NumberKind, Width } from "../common/elements.js";
import type { Window } from "../memory/window.js";

/**
 * Thrown if a check fails; nothing has moved. The three symbols carry nothing and have no stack: the caller knows what
 * was asked for, and makes the error.
 */
export const TRAP: unique symbol = Symbol("wasm-shm: out of bounds");
/** The bytes at the position are not the encoding that was asked for: a varint of more than 64 bits. */
export const MALFORMED: unique symbol = Symbol("wasm-shm: malformed");
/** The varint at the position is valid, but no number holds it: past 2^53 - 1. */
export const UNSAFE: unique symbol = Symbol("wasm-shm: past 2^53");

/**
 * The core in WebAssembly, its twin in JS, or both: with "auto" JS does numbers, text and short arrays, and WebAssembly
 * does ranges and long arrays.
 */
export type CoreName = "wasm" | "js" | "auto";

/**
 * One position in one window, checked. Two implementations, wasm.ts (assembly/) and js.ts, and auto.ts, which uses
 * both. Each method moves the position by the bytes it names, or throws {@link TRAP} and has changed nothing: neither
 * the position, nor the window, nor an array it was given. The caller has checked the arguments: arrays are plain ones
 * of this realm, and overlap no window.
 */
export interface CoreCursor {
  readonly core: CoreName;
  readonly position: number;
  /** Returns the new position, which may be past the end. `offset` is a safe integer. */
  seek(offset: number, whence: number): number;
  /** Moves past `length` bytes; returns where in the window they begin. */
  take(length: number): number;
  /** Where in the window the next `length` bytes begin, if so many remain; does not move the position. */
  peek(length: number): number;
  /** As take, of at most `length` bytes: fewer at the end, none past it. Never traps. */
  claim(length: number): number;
  /**
   * Bytes from the position to the next `byte` among the `limit` from there; -1 if there is none. Never traps; does not
   * move the position.
   */
  find(byte: number, limit: number): number;

  readUint8(): number;
  readInt8(): number;
  readUint16(littleEndian: boolean): number;
  readInt16(littleEndian: boolean): number;
  readUint32(littleEndian: boolean): number;
  readInt32(littleEndian: boolean): number;
  readBigUint64(littleEndian: boolean): bigint;
  readBigInt64(littleEndian: boolean): bigint;
  readFloat16(littleEndian: boolean): number;
  readFloat32(littleEndian: boolean): number;
  readFloat64(littleEndian: boolean): number;
  writeUint8(value: number): void;
  writeInt8(value: number): void;
  writeUint16(value: number, littleEndian: boolean): void;
  writeInt16(value: number, littleEndian: boolean): void;
  writeUint32(value: number, littleEndian: boolean): void;
  writeInt32(value: number, littleEndian: boolean): void;
  writeBigUint64(value: bigint, littleEndian: boolean): void;
  writeBigInt64(value: bigint, littleEndian: boolean): void;
  /** Rounds a float64 once, to nearest, ties to even: as DataView.setFloat16. */
  writeFloat16(value: number, littleEndian: boolean): void;
  writeFloat32(value: number, littleEndian: boolean): void;
  writeFloat64(value: number, littleEndian: boolean): void;

  // LEB128, at most 10 bytes and 64 bits; padded encodings are valid. The reads throw TRAP if the window ends first,
  // MALFORMED past 64 bits, and those of numbers UNSAFE past 2^53 - 1. The writes return how many bytes they wrote.
  readVarUint(): number;
  /** Zigzag. */
  readVarInt(): number;
  readBigVarUint(): bigint;
  readBigVarInt(): bigint;
  /** `value` is a safe integer from 0. */
  writeVarUint(value: number): number;
  /** `value` is a safe integer. */
  writeVarInt(value: number): number;
  /** `value` fits 64 bits unsigned. */
  writeBigVarUint(value: bigint): number;
  /** `value` fits 64 bits signed. */
  writeBigVarInt(value: bigint): number;
  /** Fills `target`, as by a readVarUint for each element. After an error the elements may be anything. */
  readVarUints(target: Float64Array): void;
  /** As a writeVarUint for each value; all are safe integers from 0. */
  writeVarUints(values: Float64Array): number;

  /**
   * Fills `target` with the bytes of each element reversed. `width` is more than 1, and the length is a multiple of it.
   */
  readReversed(target: Uint8Array, width: Width): void;
  writeReversed(source: Uint8Array, width: Width): void;
  readFloat16s(target: Float32Array, littleEndian: boolean): void;
  writeFloat16s(source: Float32Array, littleEndian: boolean): void;

  /** CRC-32C of bytes outside every window. */
  crc32c(bytes: Uint8Array): number;

  /** No byte can be read or written through the cursor afterwards. May be called twice. */
  close(): void;
}

/**
 * Operations on ranges of a window, in place: from `start` up to `end`, bytes from the window's start, which the caller
 * has checked (0 <= start <= end <= the window's size). Throws {@link TRAP} if the window was closed. Arrays are as
 * CoreCursor's, except `other`, which may be in any memory, and in this window too.
 */
export interface CoreRange {
  readonly core: CoreName;
  /** Each continues from `previous`, which is 0 for the first bytes of a CRC and 1 for those of an Adler-32. */
  crc32(start: number, end: number, previous: number): number;
  crc32c(start: number, end: number, previous: number): number;
  adler32(start: number, end: number, previous: number): number;
  /** The seed is 64 bits unsigned. */
  xxh64(start: number, end: number, seed: bigint): bigint;
  xxh3(start: number, end: number, seed: bigint): bigint;
  /** The state of a hash before its first stripe: the same bytes by every core. */
  hashBegin(name: HashName, seed: bigint): Uint8Array;
  /** Takes whole stripes into a state. Any bytes are a state, but the ninth word of xxh3's is below 16. */
  hashStripes(name: HashName, state: Uint8Array, seed: bigint, start: number, end: number): void;
  /**
   * The hash of `total` bytes. Of xxh64 the range is what follows the stripes. Of xxh3 it is the last 64 bytes, `total` is
   * more than 240, and the stripes were those that end before the last byte. Does not change the state.
   */
  hashEnd(name: HashName, state: Uint8Array, seed: bigint, start: number, end: number, total: bigint): bigint;

  /** Where the first or the last one is: bytes from the window's start; -1 if there is none. */
  indexOfByte(byte: number, start: number, end: number): number;
  lastIndexOfByte(byte: number, start: number, end: number): number;
  /** `needle` has at least 2 bytes. */
  indexOf(needle: Uint8Array, start: number, end: number): number;
  lastIndexOf(needle: Uint8Array, start: number, end: number): number;

  /** Whether the bytes of the range are those of `other`, which has as many. Of `other` no property is read but its elements. */
  equals(other: Uint8Array, start: number, end: number): boolean;
  /** The sign of the first difference between unsigned bytes; 0 if there is none. `other` is as that of equals. */
  compare(other: Uint8Array, start: number, end: number): number;

  fillByte(byte: number, start: number, end: number): void;
  /** Repeats the pattern; the last copy is cut at the end of the range. `pattern` has at least 2 bytes. */
  fill(pattern: Uint8Array, start: number, end: number): void;
  /** As memmove; `target + (end - start)` is inside the window. */
  copyWithin(target: number, start: number, end: number): void;
  /** Reverses the bytes of each element; `end - start` is a multiple of width. */
  swap(width: Width, start: number, end: number): void;

  /** Whether the range is UTF-8 that ends with a whole character: what TextDecoder accepts with `fatal`. */
  isUtf8(start: number, end: number): boolean;
  /** Where the first sequence that is not UTF-8 begins: bytes from the window's start; -1 if there is none. */
  indexOfInvalidUtf8(start: number, end: number): number;

  // Elements of the host's byte order, at any alignment; `end - start` is a multiple of their width.
  /**
   * Integers: exact, rounded once to a number at the end. Floats: in float64, by 16 partial sums that begin at 0, the
   * element of index i added to partial i mod 16; then partial i gets partial i + 8 for i below 8, then i + 4 for i
   * below 4, then i + 2, then i + 1.
   */
  sum(kind: NumberKind, start: number, end: number): number;
  /** Exact, of any size. */
  sumBig(kind: BigIntKind, start: number, end: number): bigint;
  /** As Math.min and Math.max: NaN if an element is, and -0 is below 0. The range has at least one element. */
  min(kind: NumberKind, start: number, end: number): number;
  max(kind: NumberKind, start: number, end: number): number;
  minBig(kind: BigIntKind, start: number, end: number): bigint;
  maxBig(kind: BigIntKind, start: number, end: number): bigint;

  /** May be called twice. */
  close(): void;
}

/** The hashes that take their bytes in parts. */
export type HashName = "xxh64" | "xxh3";

/**
 * How each takes them, in bytes. `stripe`: the parts. `state`: what {@link CoreRange.hashStripes} leaves: little-endian words
 * of 64 bits. `last`: how many of the last bytes the end needs, some of which were in a stripe. Up to `short` bytes are
 * hashed in another way, in one call.
 */
export const hashShapes = {
  xxh64: { stripe: 32, state: 32, last: 0, short: 0 },
  xxh3: { stripe: 64, state: 72, last: 64, short: 240 },
} as const;

export interface Core {
  readonly name: CoreName;
  /** The core for memories without a page for the core's records: this one, or its twin in JS. */
  readonly anywhere: Core;
  /** A cursor at 0 of a window. The wasm core needs page 0 of the window's memory for itself. */
  open(window: Window): CoreCursor;
  /** The operations on ranges of a window. */
  range(window: Window): CoreRange;
  /** Closes every cursor and range of a window: none reaches a byte afterwards. The caller has closed the window. */
  close(window: Window): void;
  /** From here on code of the caller's may be in the window's memory: what the core keeps there is checked at each use. */
  expose(window: Window): void;
}
