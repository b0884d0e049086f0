// The core in plain JS: faster for single numbers, needed in memories without a core page, and there to compare with.
import type { Window } from "../window.js";
import { type Core, type CoreCursor, TRAP } from "./core.js";

/**
 * The largest prime below 2^16 (RFC 1950, section 8.2), and the most bytes whose sums stay below 2^31: past it the
 * engine would add in floating point, at half the speed (Node 20, 24) or a third (26). zlib's NMAX is for 2^32.
 */
const ADLER_MODULUS = 65521;
const ADLER_BLOCK = 3854;

class JsCursor implements CoreCursor {
  readonly core = "js";
  #window: Window;
  #position = 0;

  constructor(window: Window) {
    this.#window = window;
  }

  get position(): number {
    return this.#position;
  }

  seek(offset: number, whence: number): number {
    const base = whence === 0 ? 0 : whence === 1 ? this.#position : this.#window.byteLength;
    const target = base + offset;
    if (target < 0 || target > Number.MAX_SAFE_INTEGER) throw TRAP;
    this.#position = target;
    return target;
  }

  take(length: number): number {
    const position = this.#position;
    // Past the end, closed (no bytes) or grown (detached views, no bytes): one check finds all three.
    if (length > this.#window.bytes.length - position) this.#retry(length);
    this.#position = position + length;
    return position;
  }

  claim(length: number): number {
    const position = this.#position;
    const size = this.#window.current().bytes.length;
    if (position >= size) return size;
    this.#position = position + Math.min(length, size - position);
    return position;
  }

  readUint8(): number {
    const position = this.take(1);
    return this.#window.view.getUint8(position);
  }

  readInt8(): number {
    const position = this.take(1);
    return this.#window.view.getInt8(position);
  }

  readUint16(littleEndian: boolean): number {
    const position = this.take(2);
    return this.#window.view.getUint16(position, littleEndian);
  }

  readInt16(littleEndian: boolean): number {
    const position = this.take(2);
    return this.#window.view.getInt16(position, littleEndian);
  }

  readUint32(littleEndian: boolean): number {
    const position = this.take(4);
    return this.#window.view.getUint32(position, littleEndian);
  }

  readInt32(littleEndian: boolean): number {
    const position = this.take(4);
    return this.#window.view.getInt32(position, littleEndian);
  }

  readBigUint64(littleEndian: boolean): bigint {
    const position = this.take(8);
    return this.#window.view.getBigUint64(position, littleEndian);
  }

  readBigInt64(littleEndian: boolean): bigint {
    const position = this.take(8);
    return this.#window.view.getBigInt64(position, littleEndian);
  }

  readFloat32(littleEndian: boolean): number {
    const position = this.take(4);
    return this.#window.view.getFloat32(position, littleEndian);
  }

  readFloat64(littleEndian: boolean): number {
    const position = this.take(8);
    return this.#window.view.getFloat64(position, littleEndian);
  }

  writeUint8(value: number): void {
    const position = this.take(1);
    this.#window.view.setUint8(position, value);
  }

  writeInt8(value: number): void {
    const position = this.take(1);
    this.#window.view.setInt8(position, value);
  }

  writeUint16(value: number, littleEndian: boolean): void {
    const position = this.take(2);
    this.#window.view.setUint16(position, value, littleEndian);
  }

  writeInt16(value: number, littleEndian: boolean): void {
    const position = this.take(2);
    this.#window.view.setInt16(position, value, littleEndian);
  }

  writeUint32(value: number, littleEndian: boolean): void {
    const position = this.take(4);
    this.#window.view.setUint32(position, value, littleEndian);
  }

  writeInt32(value: number, littleEndian: boolean): void {
    const position = this.take(4);
    this.#window.view.setInt32(position, value, littleEndian);
  }

  writeBigUint64(value: bigint, littleEndian: boolean): void {
    const position = this.take(8);
    this.#window.view.setBigUint64(position, value, littleEndian);
  }

  writeBigInt64(value: bigint, littleEndian: boolean): void {
    const position = this.take(8);
    this.#window.view.setBigInt64(position, value, littleEndian);
  }

  writeFloat32(value: number, littleEndian: boolean): void {
    const position = this.take(4);
    this.#window.view.setFloat32(position, value, littleEndian);
  }

  writeFloat64(value: number, littleEndian: boolean): void {
    const position = this.take(8);
    this.#window.view.setFloat64(position, value, littleEndian);
  }

  adler32(start: number, end: number, previous: number): number {
    const { bytes } = this.#window.current();
    if (end > bytes.length || start > end) throw TRAP;
    let low = previous & 0xffff;
    let high = previous >>> 16;
    for (let index = start; index < end; ) {
      const stop = Math.min(index + ADLER_BLOCK, end);
      for (; index < stop; index++) {
        low = (low + (bytes[index] as number)) | 0; // below end <= bytes.length
        high = (high + low) | 0;
      }
      low %= ADLER_MODULUS;
      high %= ADLER_MODULUS;
    }
    return ((high << 16) | low) >>> 0;
  }

  close(): void {
    this.#window = CLOSED;
    this.#position = 1; // past the end of nothing, so that even a take of 0 bytes traps
  }

  /** The views may be of a buffer from before a grow: makes new ones, and traps where that was not it. */
  #retry(length: number): void {
    if (length > this.#window.current().bytes.length - this.#position) throw TRAP;
  }
}

const nothing = new Uint8Array(0);

/** What a closed cursor reads from. */
const CLOSED = {
  byteLength: 0,
  bytes: nothing,
  current: () => CLOSED,
} as unknown as Window;

export const jsCore: Core = {
  name: "js",
  open: (window) => new JsCursor(window),
  close: (window) => window.close(),
};
