// LEB128 (DWARF 5, section 7.6), of 64 bits in 10 bytes at most, and zigzag over it (Protocol Buffers). A value is made
// of one read of each byte, because a concurrent writer may change them.
import { MALFORMED, TRAP, UNSAFE } from "../core.js";

/** Bytes of the longest encoding. */
const MOST = 10;

/** What the last read found: the index after the varint, and its 64 bits in two halves. Valid until the next read. */
export const found = { end: 0, low: 0, high: 0 };

/** Puts the 64 bits of the varint at `position` into {@link found}. */
function readHalves(bytes: Uint8Array, position: number): void {
  let low = 0;
  let high = 0;
  for (let index = 0; index < MOST; index++) {
    if (position + index >= bytes.length) throw TRAP;
    const byte = bytes[position + index] as number;
    const bits = byte & 0x7f;
    if (index < 4) low |= bits << (7 * index);
    else if (index === 4) {
      low |= bits << 28;
      high = bits >>> 4;
    } else high |= bits << (7 * index - 32);
    if (byte < 0x80) {
      if (index === MOST - 1 && byte > 1) break; // more than the 64th bit
      found.end = position + index + 1;
      found.low = low >>> 0;
      found.high = high >>> 0;
      return;
    }
  }
  throw MALFORMED;
}

/** The varint at `position`, as a number. */
export function readNumber(bytes: Uint8Array, position: number): number {
  // Most have at most 28 bits: the halves of a longer one cost three times as much.
  let value = 0;
  for (let index = 0; index < 4; index++) {
    const byte = bytes[position + index] as number; // past the end undefined, which is not below anything
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) {
      found.end = position + index + 1;
      return value;
    }
  }
  readHalves(bytes, position);
  if (found.high > 0x1fffff) throw UNSAFE;
  return found.high * 2 ** 32 + found.low;
}

/** As readNumber, zigzag. */
export function readSigned(bytes: Uint8Array, position: number): number {
  readHalves(bytes, position);
  const { low, high } = found;
  const magnitude = high * 2 ** 31 + (low >>> 1);
  const value = (low & 1) === 0 ? magnitude : -magnitude - 1;
  if (!Number.isSafeInteger(value)) throw UNSAFE; // a sum that was rounded is past 2^53 as well
  return value;
}

/** As readNumber, all 64 bits. */
export function readBig(bytes: Uint8Array, position: number): bigint {
  readHalves(bytes, position);
  const { low, high } = found;
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}

/** Bytes of a safe integer from 0. */
export function numberSize(value: number): number {
  let size = 1;
  for (let limit = 0x80; value >= limit; limit *= 0x80) size++;
  return size;
}

/** Writes a safe integer from 0, and returns the index after it. The caller took {@link numberSize} bytes. */
export function writeNumber(bytes: Uint8Array, position: number, value: number): number {
  let at = position;
  let rest = value;
  for (; rest >= 2 ** 31; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest & 0x7f) | 0x80;
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** Bytes of 64 bits in two halves. */
export function halvesSize(low: number, high: number): number {
  const bits = high === 0 ? 32 - Math.clz32(low | 1) : 64 - Math.clz32(high);
  return Math.ceil(bits / 7);
}

/** Writes 64 bits in two halves. The caller took {@link halvesSize} bytes. */
export function writeHalves(bytes: Uint8Array, position: number, low: number, high: number): void {
  let at = position;
  for (; high !== 0 || low >= 0x80; high >>>= 7) {
    bytes[at++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
  }
  bytes[at] = low;
}

/** 0, -1, 1, -2, … are 0, 1, 2, 3, …; not exact from 2^53 on. */
export const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

export const zigzagBig = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));

export const unzigzagBig = (value: bigint): bigint => (value >> 1n) ^ -(value & 1n);
