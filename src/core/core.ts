import type { Window } from "../window.js";

/**
 * Thrown where a check fails; nothing has moved. It carries nothing and has no stack: who called knows what was
 * asked, and makes the error from it.
 */
export const TRAP: unique symbol = Symbol("wasm-shm trap");

export type CoreName = "wasm" | "js";

/**
 * One position in one window, checked. Two implementations: wasm.ts (assembly/) and js.ts. Each method moves the
 * position by the bytes it names, or throws {@link TRAP} and has changed nothing. Arguments were checked before.
 */
export interface CoreCursor {
  readonly core: CoreName;
  readonly position: number;
  /** The new position, which may be past the end. `offset` is a safe integer. */
  seek(offset: number, whence: number): number;
  /** Moves past `length` bytes; returns where in the window they begin. */
  take(length: number): number;
  /** As take, of at most `length` bytes: fewer at the end, none past it. */
  claim(length: number): number;
  readUint8(): number;
  readInt8(): number;
  readUint16(littleEndian: boolean): number;
  readInt16(littleEndian: boolean): number;
  readUint32(littleEndian: boolean): number;
  readInt32(littleEndian: boolean): number;
  readBigUint64(littleEndian: boolean): bigint;
  readBigInt64(littleEndian: boolean): bigint;
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
  writeFloat32(value: number, littleEndian: boolean): void;
  writeFloat64(value: number, littleEndian: boolean): void;
  /** Adler-32 of the window's bytes from `start` to `end`, going on from `previous`; the position stays. */
  adler32(start: number, end: number, previous: number): number;
  /** No byte can be read or written through it from then on. May be called twice. */
  close(): void;
}

export interface Core {
  readonly name: CoreName;
  /** A cursor at 0 of a window. The wasm core needs page 0 of the window's memory for itself. */
  open(window: Window): CoreCursor;
  /** Closes the window: no cursor of it reaches a byte from then on. */
  close(window: Window): void;
}
