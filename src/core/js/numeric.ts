// Sums, minima and maxima of a range of elements in the host's byte order, at any alignment. What they mean, to the last
// bit, is in ../core.ts.
import { type BigIntKind, HOST_IS_LITTLE_ENDIAN as LITTLE, type NumberKind } from "../../common/elements.js";

/** Bytes from one element to the next, and how to read one. */
interface Elements<T> {
  readonly width: 1 | 2 | 4 | 8;
  readonly at: (view: DataView, offset: number) => T;
}

const numbers: Readonly<Record<NumberKind, Elements<number>>> = {
  Int8: { width: 1, at: (view, offset) => view.getInt8(offset) },
  Uint8: { width: 1, at: (view, offset) => view.getUint8(offset) },
  Int16: { width: 2, at: (view, offset) => view.getInt16(offset, LITTLE) },
  Uint16: { width: 2, at: (view, offset) => view.getUint16(offset, LITTLE) },
  Int32: { width: 4, at: (view, offset) => view.getInt32(offset, LITTLE) },
  Uint32: { width: 4, at: (view, offset) => view.getUint32(offset, LITTLE) },
  Float32: { width: 4, at: (view, offset) => view.getFloat32(offset, LITTLE) },
  Float64: { width: 8, at: (view, offset) => view.getFloat64(offset, LITTLE) },
};

const bigints: Readonly<Record<BigIntKind, Elements<bigint>>> = {
  BigInt64: { width: 8, at: (view, offset) => view.getBigInt64(offset, LITTLE) },
  BigUint64: { width: 8, at: (view, offset) => view.getBigUint64(offset, LITTLE) },
};

/** Bytes of integers of which a number holds the sum exactly: at most 2^21 of 32 bits, so below 2^53. */
const EXACT_PART = 2 ** 21;

const PARTIAL_SUMS = 16;

export function sum(kind: NumberKind, view: DataView, start: number, end: number): number {
  const elements = numbers[kind];
  return kind === "Float32" || kind === "Float64"
    ? sumOfFloats(elements, view, start, end)
    : Number(sumOfIntegers(elements, view, start, end));
}

function sumOfIntegers({ width, at }: Elements<number>, view: DataView, start: number, end: number): bigint {
  let sum = 0n;
  for (let partStart = start; partStart < end; partStart += EXACT_PART) {
    const partEnd = Math.min(partStart + EXACT_PART, end);
    let part = 0;
    for (let offset = partStart; offset < partEnd; offset += width) part += at(view, offset);
    sum += BigInt(part);
  }
  return sum;
}

/** In the order of the contract, so that the last bit is the same on every core. */
function sumOfFloats({ width, at }: Elements<number>, view: DataView, start: number, end: number): number {
  const partials = new Float64Array(PARTIAL_SUMS);
  const add = (index: number, value: number): void => {
    partials[index] = (partials[index] as number) + value;
  };
  for (let index = 0, offset = start; offset < end; index++, offset += width) {
    add(index % PARTIAL_SUMS, at(view, offset));
  }
  for (let half = PARTIAL_SUMS / 2; half >= 1; half /= 2) {
    for (let index = 0; index < half; index++) add(index, partials[index + half] as number);
  }
  return partials[0] as number;
}

export function sumBig(kind: BigIntKind, view: DataView, start: number, end: number): bigint {
  const { width, at } = bigints[kind];
  let sum = 0n;
  for (let offset = start; offset < end; offset += width) sum += at(view, offset);
  return sum;
}

/** Math.min has the contract's rules for NaN and -0. */
export function min(kind: NumberKind, view: DataView, start: number, end: number): number {
  const { width, at } = numbers[kind];
  let result = Number.POSITIVE_INFINITY;
  for (let offset = start; offset < end; offset += width) result = Math.min(result, at(view, offset));
  return result;
}

export function max(kind: NumberKind, view: DataView, start: number, end: number): number {
  const { width, at } = numbers[kind];
  let result = Number.NEGATIVE_INFINITY;
  for (let offset = start; offset < end; offset += width) result = Math.max(result, at(view, offset));
  return result;
}

export function minBig(kind: BigIntKind, view: DataView, start: number, end: number): bigint {
  const { width, at } = bigints[kind];
  let result = at(view, start);
  for (let offset = start + width; offset < end; offset += width) {
    const value = at(view, offset);
    if (value < result) result = value;
  }
  return result;
}

export function maxBig(kind: BigIntKind, view: DataView, start: number, end: number): bigint {
  const { width, at } = bigints[kind];
  let result = at(view, start);
  for (let offset = start + width; offset < end; offset += width) {
    const value = at(view, offset);
    if (value > result) result = value;
  }
  return result;
}
