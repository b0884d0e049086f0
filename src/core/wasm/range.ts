// Ranges of a window by the core in assembly/.
import { firstBytes } from "../../common/bytes.js";
import type { BigIntKind, NumberKind, Width } from "../../common/elements.js";
import type { Window } from "../../memory/window.js";
import { type Core, type CoreRange, type HashName, hashShapes, TRAP } from "../core.js";
import type { Engine } from "../engine.js";
import { invalidUtf8 } from "../js/utf8.js";
import type { Exports } from "./exports.js";
import { CLOSED, type Instance, keepFor, type Lease, release } from "./page.js";

/**
 * Bytes that one call of a core function gets. V8 compiles a hot function again, and better, but uses the result only from
 * the next call on: a first adler32 over 96 MiB runs at 3.4 to 3.9 GB/s in one call, at 7.1 to 8.1 in calls of this size
 * (Node 20 and 26, x86-64). It is a multiple of every stripe, element and row of partial sums.
 */
const CALL_SIZE = 256 * 1024;

const { stripe: XXH64_STRIPE } = hashShapes.xxh64;
const { stripe: XXH3_STRIPE, short: XXH3_SHORT } = hashShapes.xxh3;

/** What utf8Prefix returns if a byte is wrong, as the signed number that arrives here. */
const INVALID = -1;

/** Of each kind of integer: bytes of an element, and 1 if it is signed. */
const integers = {
  Int8: [1, 1],
  Uint8: [1, 0],
  Int16: [2, 1],
  Uint16: [2, 0],
  Int32: [4, 1],
  Uint32: [4, 0],
} as const;

/** Which one minMaxInteger and its like return. */
const MIN = 0;
const MAX = 1;

/** From here on a sum is moved to a bigint. The sum of one call is below 2^50, so a number holds both exactly. */
const EXACT = 2 ** 52;

/** Places where a long needle may begin to match in vain, before another search takes over. */
const CANDIDATES = 16;

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
    this.#begin("xxh64", seed);
    this.#inCalls(start, rest, (record, from, to) => this.#exports.xxh64Stripes(record, from, to));
    return BigInt.asUintN(
      64,
      this.#call((record) => this.#exports.xxh64End(record, rest, end, BigInt(length))),
    );
  }

  xxh3(start: number, end: number, seed: bigint): bigint {
    const length = end - start;
    if (length <= XXH3_SHORT)
      return BigInt.asUintN(
        64,
        this.#call((record) => this.#exports.xxh3Short(record, start, end, seed)),
      );
    // The stripes are those that end before the last byte. The last 64 bytes are hashed at the end, some of them again.
    const rest = start + length - 1 - ((length - 1) % XXH3_STRIPE);
    this.#begin("xxh3", seed);
    this.#inCalls(start, rest, (record, from, to) => this.#exports.xxh3Stripes(record, from, to));
    return BigInt.asUintN(
      64,
      this.#call((record) => this.#exports.xxh3End(record, end - XXH3_STRIPE, end, BigInt(length))),
    );
  }

  hashBegin(name: HashName, seed: bigint): Uint8Array {
    this.#begin(name, seed);
    return this.#instance.state.slice(0, hashShapes[name].state);
  }

  hashStripes(name: HashName, state: Uint8Array, seed: bigint, start: number, end: number): void {
    this.#begin(name, seed, state);
    const stripes = name === "xxh64" ? "xxh64Stripes" : "xxh3Stripes";
    this.#inCalls(start, end, (record, from, to) => this.#exports[stripes](record, from, to));
    state.set(this.#instance.state.subarray(0, state.length));
  }

  hashEnd(name: HashName, state: Uint8Array, seed: bigint, start: number, end: number, total: bigint): bigint {
    this.#begin(name, seed, state);
    const last = name === "xxh64" ? "xxh64End" : "xxh3End";
    const hash = this.#call((record) => this.#exports[last](record, start, end, total));
    return BigInt.asUintN(64, hash);
  }

  indexOfByte(byte: number, start: number, end: number): number {
    return this.#first(start, end, 1, (record, from, to) => this.#exports.indexOfByte(record, byte, from, to));
  }

  lastIndexOfByte(byte: number, start: number, end: number): number {
    return this.#last(start, end, 1, (record, from, to) => this.#exports.lastIndexOfByte(record, byte, from, to));
  }

  indexOf(needle: Uint8Array, start: number, end: number): number {
    const { length } = needle;
    if (!this.#toScratch(needle)) return this.#findLong(needle, start, end, false);
    return this.#first(start, end, length, (record, from, to) => this.#exports.indexOf(record, length, from, to));
  }

  lastIndexOf(needle: Uint8Array, start: number, end: number): number {
    const { length } = needle;
    if (!this.#toScratch(needle)) return this.#findLong(needle, start, end, true);
    return this.#last(start, end, length, (record, from, to) => this.#exports.lastIndexOf(record, length, from, to));
  }

  equals(other: Uint8Array, start: number, end: number): boolean {
    return this.compare(other, start, end) === 0;
  }

  compare(other: Uint8Array, start: number, end: number): number {
    if (this.#window.detached || this.#record === CLOSED) throw TRAP;
    const { compare } = this.#engine;
    return (
      compare?.(this.#window.nativePart(start, end - start), other) ??
      this.#compare(firstBytes(other, end - start), start)
    );
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
    const swap = width === 2 ? "swap16" : width === 4 ? "swap32" : "swap64";
    this.#inCalls(start, end, (record, from, to) => this.#exports[swap](record, from, to));
  }

  isUtf8(start: number, end: number): boolean {
    return this.#call((record) => this.#validUtf8(record, start, end) === end);
  }

  indexOfInvalidUtf8(start: number, end: number): number {
    return this.#call((record) => {
      for (let from = start; ; ) {
        from = this.#validUtf8(record, from, end);
        if (from === end) return -1;
        // The part that has it is read a byte at a time, which the core does no faster than JS.
        const to = Math.min(from + CALL_SIZE, end);
        const index = invalidUtf8(this.#window.part(from, to - from));
        const place = index < 0 ? to : from + index; // another process may have repaired the part meanwhile
        // Near the end of a part that is not the last, it may be a character that the part cuts.
        if (place < to - 3 || to === end) return place === end ? -1 : place;
        from = place;
      }
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
    let min = Number.POSITIVE_INFINITY;
    this.#inCalls(start, end, (record, from, to) => {
      min = Math.min(min, this.#minMax(kind, record, from, to, MIN));
    });
    return min;
  }

  max(kind: NumberKind, start: number, end: number): number {
    let max = Number.NEGATIVE_INFINITY;
    this.#inCalls(start, end, (record, from, to) => {
      max = Math.max(max, this.#minMax(kind, record, from, to, MAX));
    });
    return max;
  }

  minBig(kind: BigIntKind, start: number, end: number): bigint {
    return this.#minMaxBig(kind, start, end, MIN);
  }

  maxBig(kind: BigIntKind, start: number, end: number): bigint {
    return this.#minMaxBig(kind, start, end, MAX);
  }

  close(): void {
    if (this.#record === CLOSED) return;
    this.#exports.close(this.#record);
    this.#record = CLOSED;
    release(this, this.#lease);
  }

  /**
   * A needle that the scratch area cannot hold: its first part gives candidates, whose rest is then compared. After some
   * false ones the JS core takes over, which takes linear time on any bytes. Random bytes are searched at 9 GB/s, the JS
   * core's 0.3 (Node 20, x86-64).
   */
  #findLong(needle: Uint8Array, start: number, end: number, last: boolean): number {
    const head = needle.subarray(0, this.#instance.bytes.length);
    const rest = needle.subarray(head.length);
    let from = start;
    let to = end;
    for (let tried = 0; tried < CANDIDATES && to - from >= needle.length; tried++) {
      const place = this[last ? "lastIndexOf" : "indexOf"](head, from, to - rest.length);
      if (place < 0) return -1;
      if (this.equals(rest, place + head.length, place + needle.length)) return place;
      if (last) to = place + needle.length - 1;
      else from = place + 1;
    }
    return this.#js.range(this.#window)[last ? "lastIndexOf" : "indexOf"](needle, from, to);
  }

  #compare(other: Uint8Array, start: number): number {
    const { bytes } = this.#instance;
    return this.#call((record) => {
      for (let from = 0; from < other.length; from += bytes.length) {
        const part = other.subarray(from, from + bytes.length);
        this.#window.copy(bytes, part);
        const sign = this.#exports.compare(record, start + from, part.length);
        if (sign !== 0) return sign;
      }
      return 0;
    });
  }

  /** The end of the valid parts from `start` on: `end`, or the start of a part that has a wrong byte, or is cut. */
  #validUtf8(record: number, start: number, end: number): number {
    for (let from = start; from < end; ) {
      const to = Math.min(from + CALL_SIZE, end);
      const whole = this.#exports.utf8Prefix(record, from, to);
      if (whole === INVALID || (to === end && whole !== end - from)) return from;
      from += whole; // the next call begins with the unfinished character, of at most 3 bytes
    }
    return end;
  }

  #minMax(kind: NumberKind, record: number, from: number, to: number, which: typeof MIN | typeof MAX): number {
    if (kind === "Float32" || kind === "Float64")
      return this.#exports.minMaxFloat(record, kind === "Float32" ? 4 : 8, from, to, which);
    const [width, signed] = integers[kind];
    return this.#exports.minMaxInteger(record, width, signed, from, to, which);
  }

  #minMaxBig(kind: BigIntKind, start: number, end: number, which: typeof MIN | typeof MAX): bigint {
    const signed = kind === "BigInt64" ? 1 : 0;
    let result: bigint | undefined;
    this.#inCalls(start, end, (record, from, to) => {
      const bits = this.#exports.minMaxBig(record, signed, from, to, which);
      const value = signed ? bits : BigInt.asUintN(64, bits);
      if (result === undefined || (which === MIN ? value < result : value > result)) result = value;
    });
    if (result === undefined) throw TRAP; // there was no element, which the caller has checked
    return result;
  }

  /** Prepares the state of a hash, and the secret of its seed; then puts back the state that an earlier call left. */
  #begin(name: HashName, seed: bigint, state?: Uint8Array): void {
    if (name === "xxh64") this.#exports.xxh64Begin(seed);
    else this.#call(() => this.#exports.xxh3Begin(seed)); // may trap: it uses the core's constants
    if (state) this.#instance.state.set(state);
  }

  /** Puts a needle or a pattern into the scratch area; false if it does not fit. */
  #toScratch(bytes: Uint8Array): boolean {
    const scratch = this.#instance.bytes;
    if (bytes.length > scratch.length) return false;
    this.#window.copy(scratch, bytes);
    return true;
  }

  #call<T>(work: (record: number) => T): T {
    try {
      return work(this.#record);
    } catch (error) {
      throw this.#instance.reasonOf(error);
    }
  }

  /** Calls `work` for each part of CALL_SIZE bytes from `start` to `end`. */
  #inCalls(start: number, end: number, work: (record: number, from: number, to: number) => void): void {
    this.#call((record) => {
      for (let from = start; from < end; from += CALL_SIZE) work(record, from, Math.min(from + CALL_SIZE, end));
    });
  }

  /** The first result that is not -1, from the start on. Parts overlap, so that every `length` bytes are whole in one. */
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
