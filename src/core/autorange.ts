// Ranges with core "auto": by the engine's own operation if it has one, else by the wasm core, of which an attachment has an
// instance from the first such range on. An engine's is faster at every size for a search, UTF-8 and CRC-32; the wasm core
// is for the other sums, for fills, moves and swaps (Node 20 to 26, x86-64: npm run bench -- goals).
import type { BigIntKind, NumberKind, Width } from "../common/elements.js";
import type { Window } from "../memory/window.js";
import { type Core, type CoreName, type CoreRange, type HashName, TRAP } from "./core.js";
import type { Engine } from "./engine.js";
import { JsRange } from "./js/range.js";

export class AutoRange extends JsRange {
  readonly #window: Window;
  readonly #wasm: Core;
  readonly #engine: Engine;
  #made: CoreRange | undefined;
  #isClosed = false;

  constructor(window: Window, wasm: Core, engine: Engine) {
    super(window, engine);
    this.#window = window;
    this.#wasm = wasm;
    this.#engine = engine;
  }

  override get core(): CoreName {
    return "auto";
  }

  override crc32(start: number, end: number, previous: number): number {
    return this.#engine.crc32 ? super.crc32(start, end, previous) : this.#long.crc32(start, end, previous);
  }

  override crc32c(start: number, end: number, previous: number): number {
    return this.#long.crc32c(start, end, previous);
  }

  override adler32(start: number, end: number, previous: number): number {
    return this.#long.adler32(start, end, previous);
  }

  override xxh64(start: number, end: number, seed: bigint): bigint {
    return this.#long.xxh64(start, end, seed);
  }

  override xxh3(start: number, end: number, seed: bigint): bigint {
    return this.#long.xxh3(start, end, seed);
  }

  override hashBegin(name: HashName, seed: bigint): Uint8Array {
    return this.#long.hashBegin(name, seed);
  }

  override hashStripes(name: HashName, state: Uint8Array, seed: bigint, start: number, end: number): void {
    this.#long.hashStripes(name, state, seed, start, end);
  }

  override hashEnd(name: HashName, state: Uint8Array, seed: bigint, start: number, end: number, total: bigint): bigint {
    return this.#long.hashEnd(name, state, seed, start, end, total);
  }

  override indexOfByte(byte: number, start: number, end: number): number {
    return this.searchBy("indexOf", end - start)
      ? super.indexOfByte(byte, start, end)
      : this.#long.indexOfByte(byte, start, end);
  }

  override lastIndexOfByte(byte: number, start: number, end: number): number {
    return this.searchBy("lastIndexOf", end - start)
      ? super.lastIndexOfByte(byte, start, end)
      : this.#long.lastIndexOfByte(byte, start, end);
  }

  override indexOf(needle: Uint8Array, start: number, end: number): number {
    return this.searchBy("indexOf", end - start, needle.length)
      ? super.indexOf(needle, start, end)
      : this.#long.indexOf(needle, start, end);
  }

  override lastIndexOf(needle: Uint8Array, start: number, end: number): number {
    return this.searchBy("lastIndexOf", end - start, needle.length)
      ? super.lastIndexOf(needle, start, end)
      : this.#long.lastIndexOf(needle, start, end);
  }

  override compare(other: Uint8Array, start: number, end: number): number {
    return this.#engine.compare ? super.compare(other, start, end) : this.#long.compare(other, start, end);
  }

  override fillByte(byte: number, start: number, end: number): void {
    this.#long.fillByte(byte, start, end);
  }

  override fill(pattern: Uint8Array, start: number, end: number): void {
    this.#long.fill(pattern, start, end);
  }

  override copyWithin(target: number, start: number, end: number): void {
    this.#long.copyWithin(target, start, end);
  }

  override swap(width: Width, start: number, end: number): void {
    if (this.#engine.fastSwaps?.includes(width)) super.swap(width, start, end);
    else this.#long.swap(width, start, end);
  }

  override isUtf8(start: number, end: number): boolean {
    return this.#engine.isUtf8 ? super.isUtf8(start, end) : this.#long.isUtf8(start, end);
  }

  override indexOfInvalidUtf8(start: number, end: number): number {
    if (this.#engine.isUtf8 && super.isUtf8(start, end)) return -1;
    return this.#long.indexOfInvalidUtf8(start, end);
  }

  override sum(kind: NumberKind, start: number, end: number): number {
    return this.#long.sum(kind, start, end);
  }

  override sumBig(kind: BigIntKind, start: number, end: number): bigint {
    return this.#long.sumBig(kind, start, end);
  }

  override min(kind: NumberKind, start: number, end: number): number {
    return this.#long.min(kind, start, end);
  }

  override max(kind: NumberKind, start: number, end: number): number {
    return this.#long.max(kind, start, end);
  }

  override minBig(kind: BigIntKind, start: number, end: number): bigint {
    return this.#long.minBig(kind, start, end);
  }

  override maxBig(kind: BigIntKind, start: number, end: number): bigint {
    return this.#long.maxBig(kind, start, end);
  }

  override close(): void {
    super.close();
    this.#isClosed = true;
    this.#made?.close();
  }

  /** The range by the wasm core, made for the first operation that it does better. */
  get #long(): CoreRange {
    if (this.#isClosed || this.#window.detached) throw TRAP;
    this.#made ??= this.#wasm.range(this.#window);
    return this.#made;
  }
}
