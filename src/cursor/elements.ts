// Short arrays, element by element. A view of an array's bytes costs more than their copy: 40 to 110 ns for 16 elements, which
// a loop reads in 20 to 40 (Node 20 to 26, x86-64).
import type { ArrayKind, ElementArray } from "../common/elements.js";

/** Bytes up to which the loop is the faster way. */
export const SHORT_ARRAY = 256;

/** Copies `length` elements between an array and a window, from byte `start` on. The caller has checked that they are inside. */
type Move<T> = (array: T, view: DataView, start: number, length: number, littleEndian: boolean) => void;

interface Moves<T> {
  readonly read: Move<T>;
  readonly write: Move<T>;
}

// Stores take a number modulo its width, so that the signed and the unsigned kind share a loop. Each width has
// its own: V8 makes a method of a DataView part of the loop only if the loop names it.
const halves: Moves<Uint16Array> = {
  read(array, view, start, length, littleEndian) {
    for (let index = 0; index < length; index++) array[index] = view.getUint16(start + 2 * index, littleEndian);
  },
  write(array, view, start, length, littleEndian) {
    for (let index = 0; index < length; index++)
      view.setUint16(start + 2 * index, array[index] as number, littleEndian);
  },
};

const words: Moves<Uint32Array> = {
  read(array, view, start, length, littleEndian) {
    for (let index = 0; index < length; index++) array[index] = view.getUint32(start + 4 * index, littleEndian);
  },
  write(array, view, start, length, littleEndian) {
    for (let index = 0; index < length; index++)
      view.setUint32(start + 4 * index, array[index] as number, littleEndian);
  },
};

const doubles: Moves<BigUint64Array> = {
  read(array, view, start, length, littleEndian) {
    for (let index = 0; index < length; index++) array[index] = view.getBigUint64(start + 8 * index, littleEndian);
  },
  write(array, view, start, length, littleEndian) {
    for (let index = 0; index < length; index++)
      view.setBigUint64(start + 8 * index, array[index] as bigint, littleEndian);
  },
};

/** Not of floats: as numbers, some NaNs lose their bits. Nor of bytes, which need no order. */
const moves = { Int16: halves, Uint16: halves, Int32: words, Uint32: words, BigInt64: doubles, BigUint64: doubles };

/** How elements of that kind are moved one by one; undefined if they are not. */
export function movesOf({ kind }: ArrayKind): Moves<ElementArray> | undefined {
  return (moves as Partial<Record<string, Moves<never>>>)[kind] as Moves<ElementArray> | undefined;
}
