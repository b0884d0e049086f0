// Ranges of a window in JS: by the engine's own operation if it has one, else by the obvious code beside this file.
import type { BigIntKind, NumberKind, Width } from "../../common/elements.js";
import type { Window } from "../../memory/window.js";
import { type CoreName, type CoreRange, type HashName, TRAP } from "../core.js";
import type { Engine } from "../engine.js";
import { adler32 } from "./adler32.js";
import { CLOSED } from "./closed.js";
import { compare } from "./compare.js";
import { crc32, crc32c } from "./crc.js";
import { copyWithin, fill, fillByte } from "./fill.js";
import { max, maxBig, min, minBig, sum, sumBig } from "./numeric.js";
import { indexOf, indexOfByte, lastIndexOf, lastIndexOfByte } from "./search.js";
import { swap } from "./swap.js";
import { invalidUtf8 } from "./utf8.js";
import { seededSecret, xxh3, xxh3Begin, xxh3End, xxh3Stripes } from "./xxh3.js";
import { xxh64, xxh64Begin, xxh64End, xxh64Stripes } from "./xxh64.js";

/** The words of a hash's state. */
function load({ buffer, byteOffset, length }: Uint8Array): bigint[] {
  const view = new DataView(buffer, byteOffset, length);
  return Array.from({ length: length / 8 }, (_, index) => view.getBigUint64(8 * index, true));
}

function store({ buffer, byteOffset, length }: Uint8Array, words: readonly bigint[]): void {
  const view = new DataView(buffer, byteOffset, length);
  words.forEach((word, index) => {
    view.setBigUint64(8 * index, word, true);
  });
}

export class JsRange implements CoreRange {
  readonly #engine: Engine;
  #window: Window;

  constructor(window: Window, engine: Engine) {
    this.#window = window;
    this.#engine = engine;
  }

  get core(): CoreName {
    return "js";
  }

  crc32(start: number, end: number, previous: number): number {
    const bytes = this.#native(start, end);
    return this.#engine.crc32?.(bytes, previous) ?? crc32(this.#window.view, start, end, previous);
  }

  crc32c(start: number, end: number, previous: number): number {
    return crc32c(this.#open(start, end).view, start, end, previous);
  }

  adler32(start: number, end: number, previous: number): number {
    return adler32(this.#part(start, end), previous);
  }

  xxh64(start: number, end: number, seed: bigint): bigint {
    return xxh64(this.#open(start, end).view, start, end, seed);
  }

  xxh3(start: number, end: number, seed: bigint): bigint {
    return xxh3(this.#open(start, end).view, start, end, seed);
  }

  hashBegin(name: HashName, seed: bigint): Uint8Array {
    const sums = name === "xxh64" ? xxh64Begin(seed) : xxh3Begin();
    const state = new Uint8Array(8 * sums.length);
    store(state, sums);
    return state;
  }

  hashStripes(name: HashName, state: Uint8Array, seed: bigint, start: number, end: number): void {
    const { view } = this.#open(start, end);
    const sums = load(state);
    if (name === "xxh64") xxh64Stripes(sums, view, start, end);
    else xxh3Stripes(sums, seededSecret(seed), view, start, end);
    store(state, sums);
  }

  hashEnd(name: HashName, state: Uint8Array, seed: bigint, start: number, end: number, total: bigint): bigint {
    const { view } = this.#open(start, end);
    return name === "xxh64"
      ? xxh64End(load(state), view, start, end, total)
      : xxh3End(load(state), seededSecret(seed), view, start, total);
  }

  indexOfByte(byte: number, start: number, end: number): number {
    const text = this.#native(start, end);
    return placeIn(text, start, 1, this.searchBy("indexOf", text.length)?.(text, byte) ?? indexOfByte(text, byte));
  }

  lastIndexOfByte(byte: number, start: number, end: number): number {
    const text = this.#native(start, end);
    return placeIn(
      text,
      start,
      1,
      this.searchBy("lastIndexOf", text.length)?.(text, byte) ?? lastIndexOfByte(text, byte),
    );
  }

  indexOf(needle: Uint8Array, start: number, end: number): number {
    const text = this.#native(start, end);
    const native = this.searchBy("indexOf", text.length, needle.length);
    return placeIn(text, start, needle.length, native?.(text, needle) ?? indexOf(text, needle));
  }

  lastIndexOf(needle: Uint8Array, start: number, end: number): number {
    const text = this.#native(start, end);
    const native = this.searchBy("lastIndexOf", text.length, needle.length);
    return placeIn(text, start, needle.length, native?.(text, needle) ?? lastIndexOf(text, needle));
  }

  equals(other: Uint8Array, start: number, end: number): boolean {
    return this.compare(other, start, end) === 0;
  }

  compare(other: Uint8Array, start: number, end: number): number {
    const bytes = this.#native(start, end);
    return this.#engine.compare?.(bytes, other) ?? compare(bytes, other);
  }

  fillByte(byte: number, start: number, end: number): void {
    fillByte(this.#open(start, end), byte, start, end);
  }

  fill(pattern: Uint8Array, start: number, end: number): void {
    fill(this.#open(start, end), pattern, start, end);
  }

  copyWithin(target: number, start: number, end: number): void {
    copyWithin(this.#open(start, end), target, start, end);
  }

  swap(width: Width, start: number, end: number): void {
    const native = this.#engine.swap;
    if (native && width > 1) native(this.#native(start, end), width as 2 | 4 | 8);
    else swap(this.#open(start, end).view, width, start, end);
  }

  isUtf8(start: number, end: number): boolean {
    const bytes = this.#native(start, end);
    return this.#engine.isUtf8?.(bytes) ?? invalidUtf8(bytes) < 0;
  }

  indexOfInvalidUtf8(start: number, end: number): number {
    const bytes = this.#native(start, end);
    if (this.#engine.isUtf8?.(bytes)) return -1;
    const index = invalidUtf8(bytes); // -1 if another process has repaired it meanwhile
    return index < 0 ? -1 : start + index;
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

  /** The window, with views that work and contain the range; traps if the window, or this range, was closed. */
  #open(start: number, end: number): Window {
    const window = this.#window.current();
    const size = window.bytes.length;
    if (size === 0 || end > size || start > end) throw TRAP;
    return window;
  }

  #part(start: number, end: number): Uint8Array {
    return this.#open(start, end).part(start, end - start);
  }

  /** For the engine's operations. */
  #native(start: number, end: number): Uint8Array {
    return this.#open(start, end).nativePart(start, end - start);
  }

  /** The engine's search, if it is right about so long a text, and finds so long a needle in linear time. */
  protected searchBy(name: "indexOf" | "lastIndexOf", textLength: number, needleLength = 0): Engine["indexOf"] {
    const { longestText = Number.POSITIVE_INFINITY, longestNeedle = 0 } = this.#engine;
    return textLength <= longestText && needleLength <= longestNeedle ? this.#engine[name] : undefined;
  }
}

/**
 * What was found in `text`, from the window's start; -1 if it was not. An engine reads bytes that may change while it
 * searches, so an index that leaves no room for `length` bytes counts as not found.
 */
function placeIn(text: Uint8Array, start: number, length: number, index: number): number {
  return index >= 0 && index <= text.length - length ? start + index : -1;
}
