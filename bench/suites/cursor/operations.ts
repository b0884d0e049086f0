// The operations that the suite times: each as a pass over the window by a DataView, by a Buffer and by a cursor, and
// its proof.
import type { Cursor } from "wasm-shm";
import { expectBytes, expectEqual, fillPattern } from "../../harness/proof.js";
import { KiB } from "../../harness/size.js";

/** Bytes of the window. */
export const SIZE = 64 * KiB;

/** The bytes that the rivals work on, seen in three ways. */
export interface Views {
  readonly view: DataView;
  readonly buffer: Buffer;
  readonly cursor: Cursor;
}

/**
 * A pass over the window in steps of `width`. Reads return the sum of the numbers; writes store each number's offset.
 */
export type Pass = () => number;

export interface Operation {
  readonly name: string;
  readonly width: number;
  readonly writes?: boolean;
  readonly buffer: string;
  passes(views: Views): { view: Pass; buffer: Pass; cursor: Pass };
}

/**
 * The threads of threads.ts call it, too, once each: with a second closure the compiler would not take the cursor for a
 * constant.
 */
export function readUint32s(cursor: Cursor): Pass {
  return () => {
    cursor.seek(0);
    let sum = 0;
    for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + cursor.readUint32()) | 0;
    return sum;
  };
}

/** The same with the cursor as an argument, as in most functions; over the window's first `bytes`. */
export function readUint32sOf(cursor: Cursor, bytes = SIZE): number {
  cursor.seek(0);
  let sum = 0;
  for (let offset = 0; offset < bytes; offset += 4) sum = (sum + cursor.readUint32()) | 0;
  return sum;
}

// Every pass is written out. A function with the method as an argument would time the call of that argument.
export const operations: readonly Operation[] = [
  {
    name: "readUint32",
    width: 4,
    buffer: "Buffer.readUInt32LE",
    passes: ({ view, buffer, cursor }) => ({
      view() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + view.getUint32(offset, true)) | 0;
        return sum;
      },
      buffer() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + buffer.readUInt32LE(offset)) | 0;
        return sum;
      },
      cursor: readUint32s(cursor),
    }),
  },
  {
    name: "readUint32 big-endian",
    width: 4,
    buffer: "Buffer.readUInt32BE",
    passes: ({ view, buffer, cursor }) => ({
      view() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + view.getUint32(offset, false)) | 0;
        return sum;
      },
      buffer() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + buffer.readUInt32BE(offset)) | 0;
        return sum;
      },
      cursor() {
        cursor.seek(0);
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 4) sum = (sum + cursor.readUint32(false)) | 0;
        return sum;
      },
    }),
  },
  {
    name: "readFloat64",
    width: 8,
    buffer: "Buffer.readDoubleLE",
    passes: ({ view, buffer, cursor }) => ({
      view() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 8) sum += view.getFloat64(offset, true);
        return sum;
      },
      buffer() {
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 8) sum += buffer.readDoubleLE(offset);
        return sum;
      },
      cursor() {
        cursor.seek(0);
        let sum = 0;
        for (let offset = 0; offset < SIZE; offset += 8) sum += cursor.readFloat64();
        return sum;
      },
    }),
  },
  {
    name: "writeUint32",
    width: 4,
    writes: true,
    buffer: "Buffer.writeUInt32LE",
    passes: ({ view, buffer, cursor }) => ({
      view() {
        for (let offset = 0; offset < SIZE; offset += 4) view.setUint32(offset, offset, true);
        return view.getUint32(SIZE - 4, true);
      },
      buffer() {
        for (let offset = 0; offset < SIZE; offset += 4) buffer.writeUInt32LE(offset, offset);
        return buffer.readUInt32LE(SIZE - 4);
      },
      cursor() {
        cursor.seek(0);
        for (let offset = 0; offset < SIZE; offset += 4) cursor.writeUint32(offset);
        return cursor.position;
      },
    }),
  },
];

/** Whole numbers as float64: without NaN and subnormal numbers, and with a sum that is exact in any order. */
function fillNumbers(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < SIZE; offset += 8) view.setFloat64(offset, offset * 3 + 1, true);
}

/** The sum, byte by byte, so that no rival proves itself by its own method. */
function expectedSum(bytes: Uint8Array, operation: Operation): number {
  let sum = 0;
  for (let offset = 0; offset < SIZE; offset += operation.width) {
    const word = [...bytes.subarray(offset, offset + operation.width)];
    if (operation.name === "readFloat64") sum += offset * 3 + 1;
    else if (operation.name === "readUint32") sum = (sum + word.reduceRight((high, byte) => high * 256 + byte, 0)) | 0;
    else sum = (sum + word.reduce((high, byte) => high * 256 + byte, 0)) | 0;
  }
  return sum;
}

function expectedOffsets(): Uint8Array {
  return Uint8Array.from({ length: SIZE }, (_, index) => ((index & ~3) >>> (8 * (index & 3))) & 0xff);
}

/** Throws if the pass reads or writes anything wrong. */
export function prove(operation: Operation, bytes: Uint8Array, pass: Pass, name: string): void {
  if (operation.writes) {
    bytes.fill(0xff);
    pass();
    expectBytes(bytes, expectedOffsets(), name);
  } else {
    if (operation.name === "readFloat64") fillNumbers(bytes);
    else fillPattern(bytes);
    expectEqual(pass(), expectedSum(bytes, operation), name);
  }
}
