// LEB128 (DWARF 5, section 7.6), of 64 bits in 10 bytes at most, and zigzag over it (Protocol Buffers). No byte is read
// twice: another process may have changed it.
import { MALFORMED, TRAP, UNSAFE } from "../core.js";
import { BLOCK } from "./block.js";

/** What the last read found: the index after it, and where 64 bits were wanted, they, in halves. No call can come between. */
export const found = { end: 0, low: 0, high: 0 };

/** The varint that begins at `position`, as a number. */
export function readNumber(bytes: Uint8Array, position: number): number {
  const size = bytes.length;
  let value = 0;
  let at = position;
  for (let shift = 0; shift < 28; shift += 7) {
    if (at >= size) throw TRAP;
    const byte = bytes[at++] as number;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      found.end = at;
      return value;
    }
  }
  readTail(bytes, at, value);
  if (found.high > 0x1fffff) throw UNSAFE;
  return found.high * 2 ** 32 + found.low;
}

/** As readNumber, zigzag. */
export function readSigned(bytes: Uint8Array, position: number): number {
  readHalves(bytes, position);
  const { low, high } = found;
  if (high === 0) return (low >>> 1) ^ -(low & 1);
  const magnitude = (high >>> 1) * 2 ** 32 + (((high << 31) | (low >>> 1)) >>> 0);
  const value = (low & 1) === 0 ? magnitude : -magnitude - 1;
  if (!Number.isSafeInteger(value)) throw UNSAFE; // what the additions rounded is past 2^53 as well
  return value;
}

/** Puts the 64 bits of the varint at `position` into {@link found}. */
export function readHalves(bytes: Uint8Array, position: number): void {
  const size = bytes.length;
  let low = 0;
  let at = position;
  for (let shift = 0; shift < 28; shift += 7) {
    if (at >= size) throw TRAP;
    const byte = bytes[at++] as number;
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      found.end = at;
      found.low = low;
      found.high = 0;
      return;
    }
  }
  readTail(bytes, at, low);
}

/** The fifth byte to the tenth, after 28 bits. */
function readTail(bytes: Uint8Array, position: number, first: number): void {
  const size = bytes.length;
  let at = position;
  if (at >= size) throw TRAP;
  let byte = bytes[at++] as number;
  const low = first | (byte << 28);
  let high = (byte & 0x7f) >>> 4;
  for (let shift = 3; byte > 0x7f; shift += 7) {
    if (at >= size) throw TRAP;
    byte = bytes[at++] as number;
    if (shift === 31 && byte > 1) throw MALFORMED; // the tenth byte has the 64th bit, and no other may follow
    high |= (byte & 0x7f) << shift;
  }
  found.end = at;
  found.low = low >>> 0;
  found.high = high >>> 0;
}

export function bigOf(low: number, high: number): bigint {
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}

/** Bytes of a number from 0. */
export function numberSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let size = 5;
  for (let limit = 2 ** 35; value >= limit; limit *= 128) size++;
  return size;
}

/** Returns the index after it; the caller took {@link numberSize} bytes. */
export function writeNumber(bytes: Uint8Array, position: number, value: number): number {
  let at = position;
  let rest = value;
  for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) bytes[at++] = (rest & 0x7f) | 0x80;
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** What is left of a signed number once 7 bits are written: zigzag doubles it, which no number could hold. */
const zigzagRest = (magnitude: number): number => Math.floor(magnitude / 64);

const magnitudeOf = (value: number): number => (value < 0 ? -1 - value : value);

export function signedSize(value: number): number {
  const magnitude = magnitudeOf(value);
  return magnitude < 64 ? 1 : 1 + numberSize(zigzagRest(magnitude));
}

/** The caller took {@link signedSize} bytes. */
export function writeSigned(bytes: Uint8Array, position: number, value: number): void {
  const magnitude = magnitudeOf(value);
  const first = ((magnitude & 0x3f) << 1) | (value < 0 ? 1 : 0);
  if (magnitude < 64) {
    bytes[position] = first;
    return;
  }
  bytes[position] = first | 0x80;
  writeNumber(bytes, position + 1, zigzagRest(magnitude));
}

/** Bytes of 64 bits in halves. */
export function halvesSize(low: number, high: number): number {
  if (high <= 0x1fffff) return numberSize(high * 2 ** 32 + low);
  return high < 2 ** 24 ? 8 : high < 2 ** 31 ? 9 : 10;
}

/** The caller took {@link halvesSize} bytes. */
export function writeHalves(bytes: Uint8Array, position: number, low: number, high: number): void {
  if (high <= 0x1fffff) {
    writeNumber(bytes, position, high * 2 ** 32 + low);
    return;
  }
  let at = position;
  for (let shift = 0; shift < 28; shift += 7) bytes[at++] = ((low >>> shift) & 0x7f) | 0x80;
  bytes[at++] = (low >>> 28) | ((high & 7) << 4) | 0x80;
  writeNumber(bytes, at, high >>> 3);
}

export const zigzagBig = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));

export const unzigzagBig = (value: bigint): bigint => (value >> 1n) ^ -(value & 1n);

/** Returns the index after the last. */
export function readNumbers(bytes: Uint8Array, position: number, target: Float64Array): number {
  let at = position;
  for (let index = 0; index < target.length; index += BLOCK) {
    at = readBlock(bytes, at, target, index, Math.min(index + BLOCK, target.length));
  }
  return at;
}

function readBlock(bytes: Uint8Array, position: number, target: Float64Array, from: number, to: number): number {
  let at = position;
  for (let index = from; index < to; index++) {
    target[index] = readNumber(bytes, at);
    at = found.end;
  }
  return at;
}

export function numbersSize(values: Float64Array): number {
  let size = 0;
  for (let index = 0; index < values.length; index++) size += numberSize(values[index] as number);
  return size;
}

/** The caller took {@link numbersSize} bytes. */
export function writeNumbers(bytes: Uint8Array, position: number, values: Float64Array): void {
  let at = position;
  for (let index = 0; index < values.length; index += BLOCK) {
    at = writeBlock(bytes, at, values, index, Math.min(index + BLOCK, values.length));
  }
}

function writeBlock(bytes: Uint8Array, position: number, values: Float64Array, from: number, to: number): number {
  let at = position;
  for (let index = from; index < to; index++) at = writeNumber(bytes, at, values[index] as number);
  return at;
}
