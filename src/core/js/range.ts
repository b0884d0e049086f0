import type { Window } from "../../memory/window.js";
import { type BigIntKind, type CoreRange, type NumberKind, TRAP, type Width } from "../core.js";
import type { Engine } from "../engine.js";
import { adler32 } from "./adler32.js";
import { CLOSED } from "./closed.js";
import { compare } from "./compare.js";
import { crc32, crc32c } from "./crc.js";
import { copyWithin, fill } from "./fill.js";
import { max, maxBig, min, minBig, sum, sumBig } from "./numeric.js";
import { indexOf, indexOfByte, lastIndexOf, lastIndexOfByte } from "./search.js";
import { swap } from "./swap.js";
import { isUtf8 } from "./utf8.js";
import { xxh3 } from "./xxh3.js";
import { xxh64 } from "./xxh64.js";

export class JsRange implements CoreRange {
  readonly core = "js";
  readonly #engine: Engine;
  #window: Window;

  constructor(window: Window, engine: Engine) {
    this.#window = window;
    this.#engine = engine;
  }

  crc32(start: number, end: number, previous: number): number {
    return crc32(this.#open(start, end).view, start, end, previous);
  }

  crc32c(start: number, end: number, previous: number): number {
    return crc32c(this.#open(start, end).view, start, end, previous);
  }

  adler32(start: number, end: number, previous: number): number {
    return adler32(this.#open(start, end).bytes, start, end, previous);
  }

  xxh64(start: number, end: number, seed: bigint): bigint {
    return xxh64(this.#open(start, end).view, start, end, seed);
  }

  xxh3(start: number, end: number, seed: bigint): bigint {
    return xxh3(this.#open(start, end).view, start, end, seed);
  }

  indexOfByte(byte: number, start: number, end: number): number {
    return fromWindow(start, indexOfByte(this.#part(start, end), byte));
  }

  lastIndexOfByte(byte: number, start: number, end: number): number {
    return fromWindow(start, lastIndexOfByte(this.#part(start, end), byte));
  }

  indexOf(needle: Uint8Array, start: number, end: number): number {
    return fromWindow(start, indexOf(this.#part(start, end), needle));
  }

  lastIndexOf(needle: Uint8Array, start: number, end: number): number {
    return fromWindow(start, lastIndexOf(this.#part(start, end), needle));
  }

  equals(other: Uint8Array, start: number): boolean {
    return this.compare(other, start) === 0;
  }

  compare(other: Uint8Array, start: number): number {
    const { bytes, view } = this.#open(start, start + other.length);
    return (
      this.#engine.compare?.(bytes.subarray(start, start + other.length), other) ?? compare(bytes, view, start, other)
    );
  }

  fillByte(byte: number, start: number, end: number): void {
    this.#open(start, end).bytes.fill(byte, start, end);
  }

  fill(pattern: Uint8Array, start: number, end: number): void {
    fill(this.#open(start, end).bytes, pattern, start, end);
  }

  copyWithin(target: number, start: number, end: number): void {
    copyWithin(this.#open(start, end).bytes, target, start, end);
  }

  swap(width: Width, start: number, end: number): void {
    swap(this.#open(start, end).view, width, start, end);
  }

  isUtf8(start: number, end: number): boolean {
    return isUtf8(this.#open(start, end).view, start, end);
  }

  sum(kind: NumberKind, start: number, end: number): number {
    return sum(kind, this.#open(start, end).view, start, end);
  }

  sumBig(kind: BigIntKind, start: number, end: number): bigint {
    return sumBig(kind, this.#open(start, end).view, start, end);
  }

  min(kind: NumberKind, start: number, end: number): number {
    return min(kind, this.#open(start, end).view, start, end);
  }

  max(kind: NumberKind, start: number, end: number): number {
    return max(kind, this.#open(start, end).view, start, end);
  }

  minBig(kind: BigIntKind, start: number, end: number): bigint {
    return minBig(kind, this.#open(start, end).view, start, end);
  }

  maxBig(kind: BigIntKind, start: number, end: number): bigint {
    return maxBig(kind, this.#open(start, end).view, start, end);
  }

  close(): void {
    this.#window = CLOSED;
  }

  /** The window with views that work and have the range; traps where it, or this, was closed. */
  #open(start: number, end: number): Window {
    const window = this.#window.current();
    const size = window.bytes.length;
    if (size === 0 || end > size || start > end) throw TRAP;
    return window;
  }

  #part(start: number, end: number): Uint8Array {
    return this.#open(start, end).part(start, end - start);
  }
}

const fromWindow = (start: number, index: number): number => (index < 0 ? -1 : start + index);
