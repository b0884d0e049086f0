// The parts of the model, slow and obvious. Each is written from the definition, a bit, a byte or a code point at a
// time. Tests compare those that other software has too with it.

import type { TextEncoding } from "wasm-shm";

/** A CRC of reflected bits, by its definition; continues from `previous`. */
export function crc(polynomial: number, bytes: Uint8Array, previous = 0): number {
  let state = ~previous;
  for (const byte of bytes) {
    state ^= byte;
    for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (state & 1 ? polynomial : 0);
  }
  return ~state >>> 0;
}

export const CRC32 = 0xedb88320;
export const CRC32C = 0x82f63b78;

/** RFC 1950, section 8.2. */
export function adler32(bytes: Uint8Array, previous = 1): number {
  let low = previous & 0xffff;
  let high = previous >>> 16;
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return high * 65536 + low;
}

/** LEB128 of `value` as an unsigned number. */
export function varint(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    if (rest === 0n) return [...bytes, low];
    bytes.push(low | 128);
  }
}

export const zigzag = (value: bigint): bigint => (value < 0n ? -2n * value - 1n : 2n * value);
export const unzigzag = (value: bigint): bigint => (value % 2n === 0n ? value / 2n : -(value + 1n) / 2n);

export type Varint = { value: bigint; taken: number } | "unterminated" | "malformed";

/** The varint at the start of `bytes`. */
export function readVarint(bytes: Uint8Array): Varint {
  let value = 0n;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[index];
    if (byte === undefined) return "unterminated";
    value += BigInt(byte & 127) << BigInt(7 * index);
    if (byte < 128) return value < 2n ** 64n ? { value, taken: index + 1 } : "malformed";
  }
  return "malformed";
}

/** The lead bytes of UTF-8: how many bytes follow, and where the first of those may lie (Unicode, table 3-7). */
function follows(lead: number): [count: number, least: number, most: number] | undefined {
  if (lead >= 0xc2 && lead <= 0xdf) return [1, 0x80, 0xbf];
  if (lead === 0xe0) return [2, 0xa0, 0xbf];
  if (lead === 0xed) return [2, 0x80, 0x9f];
  if (lead >= 0xe1 && lead <= 0xef) return [2, 0x80, 0xbf];
  if (lead === 0xf0) return [3, 0x90, 0xbf];
  if (lead >= 0xf1 && lead <= 0xf3) return [3, 0x80, 0xbf];
  if (lead === 0xf4) return [3, 0x80, 0x8f];
  return undefined;
}

/** The text, with U+FFFD for each maximal part that is not UTF-8; and whether there was none. */
export function decodeUtf8(bytes: Uint8Array): { text: string; valid: boolean } {
  let text = "";
  let valid = true;
  for (let index = 0; index < bytes.length; ) {
    const lead = bytes[index++] as number;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      continue;
    }
    const rest = follows(lead);
    let [count, least, most] = rest ?? [0, 0, 0];
    let point = lead & (0x3f >> count);
    for (; count > 0; count--) {
      const byte = bytes[index];
      if (byte === undefined || byte < least || byte > most) break;
      point = point * 64 + (byte & 0x3f);
      index++;
      [least, most] = [0x80, 0xbf];
    }
    const whole = rest !== undefined && count === 0;
    valid &&= whole;
    text += whole ? String.fromCodePoint(point) : "\ufffd";
  }
  return { text, valid };
}

/** A lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const found = char.codePointAt(0) as number;
    const point = found >= 0xd800 && found <= 0xdfff ? 0xfffd : found;
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    else bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
  }
  return Uint8Array.from(bytes);
}

/** As much of a text as `size` bytes hold, by whole code points; undefined if the encoding lacks one. */
export function encodeFixed(text: string, size: number, encoding: TextEncoding): number[] | undefined {
  const all: number[][] = [];
  for (const char of text) {
    const point = char.codePointAt(0) as number;
    if (encoding === "latin1" && point > 0xff) return undefined;
    const whole = point >= 0xd800 && point <= 0xdfff ? "\ufffd" : char;
    if (encoding === "latin1") all.push([point]);
    else if (encoding === "utf8") all.push([...encodeUtf8(whole)]);
    else all.push(whole.split("").flatMap((unit) => [unit.charCodeAt(0) & 255, unit.charCodeAt(0) >> 8]));
  }
  let bytes: number[] = [];
  for (const next of all) {
    if (bytes.length + next.length > size) break;
    bytes = [...bytes, ...next];
  }
  return bytes;
}

/** Where the first part that is not UTF-8 begins; -1 if there is none. */
export function invalidUtf8(bytes: Uint8Array): number {
  if (decodeUtf8(bytes).valid) return -1;
  for (let start = bytes.length - 1; ; start--) if (decodeUtf8(bytes.slice(0, start)).valid) return start;
}

/** The number of a binary16 pattern (IEEE 754-2019, section 3.4). */
export function fromFloat16(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >> 10) & 31;
  const fraction = pattern & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const magnitudes = Array.from({ length: 0x7c00 }, (_, pattern) => fromFloat16(pattern));
const OVERFLOW = 65520; // half-way from the largest to the next multiple

/** The pattern of the nearest binary16; of two equally near, the even one. NaN is 0x7e00. */
export function toFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= OVERFLOW) return sign | 0x7c00;
  let [least, most] = [0, magnitudes.length - 1]; // the largest pattern that is not above
  while (least < most) {
    const middle = (least + most + 1) >> 1;
    if ((magnitudes[middle] as number) <= magnitude) least = middle;
    else most = middle - 1;
  }
  // Differences of neighbours are exact in float64, and the half-way point is a float64.
  const half = ((magnitudes[least] as number) + (magnitudes[least + 1] ?? 65536)) / 2;
  const up = magnitude > half || (magnitude === half && least % 2 === 1);
  return sign | (least + (up ? 1 : 0));
}

/** As Buffer.compare. */
export function compareBytes(left: Uint8Array, right: Uint8Array): -1 | 0 | 1 {
  for (let index = 0; index < Math.min(left.length, right.length); index++)
    if (left[index] !== right[index]) return (left[index] as number) < (right[index] as number) ? -1 : 1;
  return left.length === right.length ? 0 : left.length < right.length ? -1 : 1;
}

/** The index of the first or the last `needle` in `bytes`; -1 if there is none. */
export function findBytes(bytes: Uint8Array, needle: Uint8Array, last = false): number {
  const places = bytes.length - needle.length + 1;
  for (let tried = 0; tried < places; tried++) {
    const place = last ? places - 1 - tried : tried;
    if (needle.every((byte, index) => bytes[place + index] === byte)) return place;
  }
  return -1;
}

/** The bytes of each element of `width`, the last first. */
export function reversed(bytes: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let index = 0; index < bytes.length; index++)
    out[index] = bytes[index - (index % width) + width - 1 - (index % width)] as number;
  return out;
}

/** The contract's sum of floats: 16 partial sums, then halves added to halves. */
export function sumOfFloats(values: Iterable<number>): number {
  const partials = new Array<number>(16).fill(0);
  let index = 0;
  for (const value of values) {
    partials[index % 16] = (partials[index % 16] as number) + value;
    index++;
  }
  for (const half of [8, 4, 2, 1])
    for (let at = 0; at < half; at++) partials[at] = (partials[at] as number) + (partials[at + half] as number);
  return partials[0] as number;
}

export function sumOfIntegers(values: Iterable<number | bigint>): bigint {
  let sum = 0n;
  for (const value of values) sum += BigInt(value);
  return sum;
}

export function decodeLatin1(bytes: Uint8Array): { text: string; valid: boolean } {
  return { text: Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""), valid: true };
}

/** Little-endian. A surrogate without its pair, or a byte at the end without another, becomes U+FFFD. */
export function decodeUtf16(bytes: Uint8Array): { text: string; valid: boolean } {
  let text = "";
  let valid = true;
  const unitAt = (index: number): number => (bytes[index] as number) + 256 * (bytes[index + 1] ?? Number.NaN);
  const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
  const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;
  for (let index = 0; index < bytes.length; index += 2) {
    const [unit, next] = [unitAt(index), unitAt(index + 2)];
    if (isHigh(unit) && isLow(next)) {
      text += String.fromCharCode(unit, next);
      index += 2;
    } else if (Number.isNaN(unit) || isHigh(unit) || isLow(unit)) {
      text += "\ufffd";
      valid = false;
      if (isHigh(unit) && index + 3 === bytes.length) index += 2; // the end is one error, also of both kinds
    } else text += String.fromCharCode(unit);
  }
  return { text, valid };
}
