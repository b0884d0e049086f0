// Ranges of a window by the core in assembly/.
import type { Window } from "../../memory/window.js";
import { type BigIntKind, type Core, type CoreRange, type NumberKind, TRAP, type Width } from "../core.js";
import type { Engine } from "../engine.js";
import type { Exports } from "./exports.js";
import { CLOSED, type Instance, keepFor, type Lease, release } from "./page.js";

/**
 * Bytes for each call of a function that runs over the window. V8 compiles a hot function again, and better, but uses
 * the result only from the next call on: a first adler32 over 96 MiB runs at 3.4 to 3.9 GB/s in one call, at 7.1 to 8.1
 * in parts (Node 20 and 26, x86-64). A multiple of every stripe, element and row of partial sums.
 */
const CALL_SIZE = 256 * 1024;

const XXH64_STRIPE = 32;
const XXH3_STRIPE = 64;
const XXH3_SHORT = 240;

/** What utf8Prefix returns, as it arrives, if a byte is wrong. */
const INVALID = -1;

/** Width in bytes, and whether the integers are signed. */
const integers = {
  Int8: [1, 1],
  Uint8: [1, 0],
  Int16: [2, 1],
  Uint16: [2, 0],
  Int32: [4, 1],
  Uint32: [4, 0],
} as const;

/** The sum of parts is added to a bigint when it reaches this. The sum of one part is below 2^50. */
const EXACT = 2 ** 52;

export class WasmRange implements CoreRange {
  readonly core = "wasm";
  readonly #instance: Instance;
  readonly #exports: Exports;
  readonly #window: Window;
  readonly #lease: Lease;
  readonly #js: Core;
  readonly #engine: Engine;
  #record: number;

  constructor(instance: Instance, window: Window, lease: Lease, js: Core, engine: Engine) {
    this.#instance = instance;
    this.#exports = instance.exports;
    this.#window = window;
    this.#lease = lease;
    this.#js = js;
    this.#engine = engine;
    this.#record = lease.record;
    keepFor(this, lease);
  }

  crc32(start: number, end: number, previous: number): number {
    let sum = previous;
    this.#inCalls(start, end, (record, from, to) => {
      sum = this.#exports.crc32(record, from, to, sum) >>> 0;
    });
    return sum;
  }

  crc32c(start: number, end: number, previous: number): number {
    let sum = previous;
    this.#inCalls(start, end, (record, from, to) => {
      sum = this.#exports.crc32c(record, from, to, sum) >>> 0;
    });
    return sum;
  }

  adler32(start: number, end: number, previous: number): number {
    let sum = previous;
    this.#inCalls(start, end, (record, from, to) => {
      sum = this.#exports.adler32(record, from, to, sum) >>> 0;
    });
    return sum;
  }

  xxh64(start: number, end: number, seed: bigint): bigint {
    const length = end - start;
    const rest = start + length - (length % XXH64_STRIPE);
    this.#exports.xxh64Begin(seed);
    this.#inCalls(start, rest, (record, from, to) => this.#exports.xxh64Stripes(record, from, to));
    return BigInt.asUintN(
      64,
      this.#call((record) => this.#exports.xxh64End(record, rest, end, length)),
    );
  }

  xxh3(start: number, end: number, seed: bigint): bigint {
    const length = end - start;
    if (length <= XXH3_SHORT)
      return BigInt.asUintN(
        64,
        this.#call((record) => this.#exports.xxh3Short(record, start, end, seed)),
      );
    // The stripes are those that end before the last byte; the last 64 bytes are hashed once more.
    const rest = start + length - 1 - ((length - 1) % XXH3_STRIPE);
    this.#exports.xxh3Begin(seed);
    this.#inCalls(start, rest, (record, from, to) => this.#exports.xxh3Stripes(record, from, to));
    return BigInt.asUintN(
      64,
      this.#call((record) => this.#exports.xxh3End(record, end - XXH3_STRIPE, end, length)),
    );
  }

  indexOfByte(byte: number, start: number, end: number): number {
    return this.#first(start, end, 1, (record, from, to) => this.#exports.indexOfByte(record, byte, from, to));
  }

  lastIndexOfByte(byte: number, start: number, end: number): number {
    return this.#last(start, end, 1, (record, from, to) => this.#exports.lastIndexOfByte(record, byte, from, to));
  }

  indexOf(needle: Uint8Array, start: number, end: number): number {
    const { length } = needle;
    if (!this.#toScratch(needle)) return this.#js.range(this.#window).indexOf(needle, start, end);
    return this.#first(start, end, length, (record, from, to) => this.#exports.indexOf(record, length, from, to));
  }

  lastIndexOf(needle: Uint8Array, start: number, end: number): number {
    const { length } = needle;
    if (!this.#toScratch(needle)) return this.#js.range(this.#window).lastIndexOf(needle, start, end);
    return this.#last(start, end, length, (record, from, to) => this.#exports.lastIndexOf(record, length, from, to));
  }

  equals(other: Uint8Array, start: number): boolean {
    return this.compare(other, start) === 0;
  }

  compare(other: Uint8Array, start: number): number {
    if (this.#window.detached || this.#record === CLOSED) throw TRAP;
    return this.#engine.compare?.(this.#window.part(start, other.length), other) ?? this.#compare(other, start);
  }

  fillByte(byte: number, start: number, end: number): void {
    this.#call((record) => this.#exports.fillByte(record, byte, start, end));
  }

  fill(pattern: Uint8Array, start: number, end: number): void {
    const { length } = pattern;
    if (this.#toScratch(pattern)) this.#call((record) => this.#exports.fill(record, length, start, end));
    else this.#js.range(this.#window).fill(pattern, start, end);
  }

  copyWithin(target: number, start: number, end: number): void {
    this.#call((record) => this.#exports.copyWithin(record, target, start, end));
  }

  swap(width: Width, start: number, end: number): void {
    const { swap16, swap32, swap64 } = this.#exports;
    const swap = width === 2 ? swap16 : width === 4 ? swap32 : swap64;
    this.#inCalls(start, end, swap);
  }

  isUtf8(start: number, end: number): boolean {
    return this.#call((record) => {
      for (let from = start; from < end; ) {
        const to = Math.min(from + CALL_SIZE, end);
        const whole = this.#exports.utf8Prefix(record, from, to);
        if (whole === INVALID || (to === end && whole !== end - from)) return false;
        from += whole; // all of the part, or up to 3 bytes less
      }
      return true;
    });
  }

  sum(kind: NumberKind, start: number, end: number): number {
    if (kind === "Float32" || kind === "Float64") {
      const width = kind === "Float32" ? 4 : 8;
      this.#exports.sumBegin();
      this.#inCalls(start, end, (record, from, to) => this.#exports.sumFloats(record, width, from, to));
      return this.#exports.sumEnd();
    }
    const [width, signed] = integers[kind];
    let exact = 0n;
    let sum = 0;
    this.#inCalls(start, end, (record, from, to) => {
      sum += this.#exports.sumIntegers(record, width, signed, from, to);
      if (Math.abs(sum) < EXACT) return;
      exact += BigInt(sum);
      sum = 0;
    });
    return exact === 0n ? sum : Number(exact + BigInt(sum));
  }

  sumBig(kind: BigIntKind, start: number, end: number): bigint {
    const { float64 } = this.#instance;
    let sum = 0n;
    this.#inCalls(start, end, (record, from, to) => {
      this.#exports.sumHalves(record, kind === "BigInt64" ? 1 : 0, from, to);
      sum += BigInt(float64[0] as number) + (BigInt(float64[1] as number) << 32n);
    });
    return sum;
  }

  min(kind: NumberKind, start: number, end: number): number {
    let least = Number.POSITIVE_INFINITY;
    this.#inCalls(start, end, (record, from, to) => {
      least = Math.min(least, this.#extreme(kind, record, from, to, 0));
    });
    return least;
  }

  max(kind: NumberKind, start: number, end: number): number {
    let most = Number.NEGATIVE_INFINITY;
    this.#inCalls(start, end, (record, from, to) => {
      most = Math.max(most, this.#extreme(kind, record, from, to, 1));
    });
    return most;
  }

  minBig(kind: BigIntKind, start: number, end: number): bigint {
    return this.#extremeBig(kind, start, end, 0);
  }

  maxBig(kind: BigIntKind, start: number, end: number): bigint {
    return this.#extremeBig(kind, start, end, 1);
  }

  close(): void {
    if (this.#record === CLOSED) return;
    this.#exports.close(this.#record);
    this.#record = CLOSED;
    release(this, this.#lease);
  }

  #compare(other: Uint8Array, start: number): number {
    const { bytes } = this.#instance;
    return this.#call((record) => {
      for (let from = 0; from < other.length; from += bytes.length) {
        const part = other.subarray(from, from + bytes.length);
        bytes.set(part);
        const sign = this.#exports.compare(record, start + from, part.length);
        if (sign !== 0) return sign;
      }
      return 0;
    });
  }

  #extreme(kind: NumberKind, record: number, from: number, to: number, largest: number): number {
    if (kind === "Float32" || kind === "Float64")
      return this.#exports.extremeFloat(record, kind === "Float32" ? 4 : 8, from, to, largest);
    const [width, signed] = integers[kind];
    return this.#exports.extremeInteger(record, width, signed, from, to, largest);
  }

  #extremeBig(kind: BigIntKind, start: number, end: number, largest: 0 | 1): bigint {
    const signed = kind === "BigInt64" ? 1 : 0;
    let extreme: bigint | undefined;
    this.#inCalls(start, end, (record, from, to) => {
      const bits = this.#exports.extremeBig(record, signed, from, to, largest);
      const value = signed ? bits : BigInt.asUintN(64, bits);
      if (extreme === undefined || value < extreme !== Boolean(largest)) extreme = value;
    });
    if (extreme === undefined) throw TRAP; // the caller has checked that there is an element
    return extreme;
  }

  /** Puts a needle or a pattern into the scratch area; false if it does not fit. */
  #toScratch(bytes: Uint8Array): boolean {
    const scratch = this.#instance.bytes;
    if (bytes.length > scratch.length) return false;
    scratch.set(bytes);
    return true;
  }

  #call<T>(work: (record: number) => T): T {
    try {
      return work(this.#record);
    } catch (error) {
      throw this.#instance.reasonOf(error);
    }
  }

  /** Calls `work` for `start` to `end` in parts of CALL_SIZE. */
  #inCalls(start: number, end: number, work: (record: number, from: number, to: number) => void): void {
    this.#call((record) => {
      for (let from = start; from < end; from += CALL_SIZE) work(record, from, Math.min(from + CALL_SIZE, end));
    });
  }

  /**
   * The first answer from the start that is not -1. Parts overlap, so that every `length` bytes are whole in one of
   * them.
   */
  #first(
    start: number,
    end: number,
    length: number,
    find: (record: number, from: number, to: number) => number,
  ): number {
    return this.#call((record) => {
      for (let from = start; end - from >= length; from += CALL_SIZE) {
        const found = find(record, from, Math.min(from + CALL_SIZE + length - 1, end));
        if (found >= 0) return found;
      }
      return -1;
    });
  }

  /** As #first, from the end. */
  #last(
    start: number,
    end: number,
    length: number,
    find: (record: number, from: number, to: number) => number,
  ): number {
    return this.#call((record) => {
      for (let to = end; to - start >= length; to -= CALL_SIZE) {
        const found = find(record, Math.max(to - CALL_SIZE - length + 1, start), to);
        if (found >= 0) return found;
      }
      return -1;
    });
  }
}
