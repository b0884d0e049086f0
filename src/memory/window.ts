import {
  allocated,
  bufferOf,
  bytesOf,
  copyBytes,
  firstBytes,
  fixedBytes,
  newArray,
  type OwnUint8Array,
  sliceOf,
  WITHOUT_BUFFER,
} from "../common/bytes.js";
import type { ElementArray } from "../common/elements.js";
import { memoryMoved } from "../common/errors.js";
import { CopyChoice, type NativeCopy } from "./copy.js";
import { isShared, type WasmMemory } from "./layout.js";
import { type NativeText, readShort, SHORT_TEXT } from "./text.js";

/** One of so many sources is looked at. */
const MOST_FEW = 64;

/** Whether no thread can change its length, and it keeps little memory alive. */
function isFixed(source: Uint8Array): boolean {
  const buffer = bufferOf(source) as ArrayBuffer & { readonly growable?: boolean };
  return buffer.growable !== true && buffer.byteLength <= 65536;
}

/** Fills the target, for which a source that another thread grew may be too long by now. */
function writeFew(target: Uint8Array, source: Uint8Array): void {
  try {
    copyBytes(target, source);
  } catch {
    copyBytes(target, firstBytes(source, target.length));
  }
}

const NOTHING = new Uint8Array(0);

/** What an engine has in native code for the bytes of a window. Each may be absent. */
export interface WindowNatives {
  /** Copies what it copies faster than `set`. Read when the window is made. */
  readonly copy?: NativeCopy | undefined;
  /** Reads and writes short text; only with `view`. */
  readonly text?: NativeText | undefined;
  /** The same bytes as the engine's own kind, such as a Buffer. */
  readonly view?: (bytes: Uint8Array) => Uint8Array;
}

/**
 * The bytes of one attachment inside its memory, and the only place that makes views of them, or copies.
 *
 * `memory.grow` of a plain memory detaches every view: `bytes` is then empty, and {@link current} makes new views. A
 * closed window stays empty, so a check against `bytes.length` also finds that the window was closed.
 */
export class Window {
  // Declared, not defined, so that the constructor sets them once: V8 takes them for constants until the first detach or grow.
  declare buffer: ArrayBufferLike;
  declare bytes: Uint8Array;
  declare view: DataView;
  detached = false;
  /** Whether other threads can hold the memory. */
  readonly isShared: boolean;
  readonly #choice: CopyChoice;
  readonly #text: NativeText | undefined;
  readonly #view: WindowNatives["view"];
  /** Bytes up to which {@link readShort} may read a text; -1 without native code for it. */
  readonly shortText: number;
  /** Whether {@link prepareText} was called. */
  isTextReady = false;
  #native: Uint8Array = NOTHING; // `bytes` of the engine's own kind, made at the first use
  #fixed: Uint8Array | undefined; // a source whose length no thread can change
  #few = 0;

  /**
   * @param owner the attachment. A cursor holds the window, so it keeps the attachment: see segment/lifetime.ts
   * @param isInPlace whether the window is still where it was mapped. Asked after a grow; undefined if the engine
   *   cannot have moved the memory
   */
  constructor(
    readonly memory: WasmMemory,
    readonly byteOffset: number,
    readonly byteLength: number,
    readonly owner: object,
    private readonly isInPlace?: () => boolean,
    natives: WindowNatives = {},
  ) {
    this.isShared = isShared(memory);
    this.#text = natives.text;
    this.#view = natives.view;
    this.shortText = natives.text === undefined ? -1 : SHORT_TEXT;
    this.#choice = new CopyChoice(natives.copy, this.isShared);
    this.#makeViews();
  }

  /** This window, with views that work. Cheap if they did already. */
  current(): this {
    if (this.bytes.length === 0 && !this.detached) this.#renew();
    return this;
  }

  /** The window as the engine's own kind of bytes, such as a Buffer. The same object until a grow detaches it. */
  native(): Uint8Array {
    const { bytes } = this.current();
    if (this.#native.length === 0) this.#native = this.#view?.(bytes) ?? bytes;
    return this.#native;
  }

  /** Bytes of the engine's own kind: `length` from `start`. The caller has checked that they are inside. */
  nativePart(start: number, length: number): Uint8Array {
    const whole = this.native();
    return length === whole.length ? whole : whole.subarray(start, start + length);
  }

  /** A view of `length` bytes from `start`. The caller has checked that they are inside. */
  part(start: number, length: number): Uint8Array {
    return new Uint8Array(this.current().buffer, this.byteOffset + start, length);
  }

  /** Fills `target`, of `length` bytes, with those from `start`. The caller has checked that they are inside. */
  read(target: Uint8Array, start: number, length: number): void {
    const native = this.#choice.nativeFor(length, start);
    // What it refuses, `set` refuses with an error.
    if (native === undefined || native.read(fixedBytes(target, length), this.current().bytes, start) !== undefined)
      copyBytes(target, this.part(start, length));
  }

  /** Copies `source`, of `length` bytes, to `start`. The caller has checked that they fit. */
  write(source: Uint8Array, start: number, length: number): void {
    const { bytes } = this.current();
    if (length <= WITHOUT_BUFFER) {
      if (source === this.#fixed) copyBytes(bytes, source, start);
      else this.#writeFew(source, start, length);
      return;
    }
    const native = this.#choice.nativeFor(length, start);
    const fixed = fixedBytes(source, length);
    if (native === undefined || native.write(fixed, bytes, start) !== undefined) copyBytes(bytes, fixed, start);
  }

  /** The view of the place costs 20 ns. An array that is written again and again is looked at, and needs none from then on. */
  #writeFew(source: Uint8Array, start: number, length: number): void {
    this.#few = (this.#few + 1) % MOST_FEW;
    if (this.#few === 0 && isFixed(source)) this.#fixed = source;
    writeFew(this.part(start, length), source);
  }

  /**
   * A copy that no other process can change: `length` bytes from `start`, which the caller has checked.
   *
   * @param allocate makes an array whose bytes need not be zeros
   * @throws {ShmError} `ENOMEM`
   */
  slice(start: number, length: number, allocate?: (length: number) => OwnUint8Array): OwnUint8Array {
    const { bytes } = this.current();
    if (!allocate && this.#choice.nativeFor(length, start) === undefined) return sliceOf(bytes, start, start + length);
    const copy = allocate ? allocated(allocate, length) : newArray<OwnUint8Array>(Uint8Array, length);
    this.read(copy, start, length);
    return copy;
  }

  /**
   * Copies `source` into `target`, from its element `start` on, as `target.set` does. Both are of one type, made by this
   * package, and one is in this window's memory, perhaps outside the window: the core's scratch area.
   */
  copy<T extends ElementArray>(target: T, source: T, start = 0): void {
    const { byteLength, BYTES_PER_ELEMENT } = source;
    const first = start * BYTES_PER_ELEMENT;
    const native = this.#choice.nativeFor(byteLength, target.byteOffset + first - source.byteOffset);
    if (native === undefined || native.write(bytesOf(source), bytesOf(target), first) !== undefined)
      (target as Uint8Array).set(source as Uint8Array, start);
  }

  /**
   * Writes text as UTF-8 to `start`, by native code, if there is room whatever its characters are: 3 bytes for each unit, and one more.
   *
   * @returns bytes written; -1 if it cannot, and nothing has changed: less room, or {@link prepareText} must be called first
   */
  writeText(text: string, start: number): number {
    const view = this.#native;
    const most = 3 * text.length;
    return most >= view.length - start ? -1 : (this.#text as NativeText).write(view, text, start, most);
  }

  /**
   * Fills the `length` bytes from `start` with text as UTF-8, as many whole characters as fit, and zeros. The caller has
   * checked that the bytes are inside.
   *
   * @returns bytes of text; -1 if it cannot, and nothing has changed: there is no native code for it, or the field is long
   */
  writeField(text: string, start: number, length: number): number {
    if (length > this.shortText) return -1;
    const view = this.native();
    const written = (this.#text as NativeText).write(view, text, start, length);
    this.bytes.fill(0, start + written, start + length);
    return written;
  }

  /** Makes the view that {@link writeText} takes, which a grow detaches; false if there is no native code for text. */
  prepareText(): boolean {
    if (this.#text === undefined) return false;
    this.native();
    this.isTextReady = true;
    return true;
  }

  /**
   * The text of `length` bytes from `start`, which the caller has checked: at most {@link shortText}; else undefined, as it is
   * if it must be read in another way.
   *
   * @param onlyAscii undefined for other text: it must be checked, or is not UTF-8
   */
  readShort(start: number, length: number, onlyAscii: boolean): string | undefined {
    if (length > this.shortText) return undefined;
    return readShort(this.#text as NativeText, this.view, start, length, onlyAscii);
  }

  close(): void {
    this.detached = true;
    this.#native = NOTHING;
    this.isTextReady = false;
    this.buffer = NOTHING.buffer;
    this.bytes = NOTHING;
    this.view = new DataView(NOTHING.buffer);
  }

  /** After a grow: what was mapped may have stayed at the memory's old address. */
  #renew(): void {
    if (this.isInPlace?.() === false)
      throw memoryMoved(
        "the engine moved the memory when it grew, and the window was left behind: detach, then attach again",
      );
    this.#makeViews();
  }

  #makeViews(): void {
    this.#native = NOTHING;
    this.isTextReady = false;
    this.buffer = this.memory.buffer;
    this.bytes = new Uint8Array(this.buffer, this.byteOffset, this.byteLength);
    this.view = new DataView(this.buffer, this.byteOffset, this.byteLength);
  }
}
