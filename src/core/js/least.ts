// Inner loops of min and max, a block a call. Integers are compared as if some of their bits were flipped: the sign's,
// which puts signed ones and unsigned ones in one order, and all of them where the greatest is wanted.
import { HOST_IS_LITTLE } from "./order.js";

const LITTLE = HOST_IS_LITTLE;

/**
 * Four at a time: in two lanes of 16 bits each, 256 + byte - least keeps its bit of 256 unless the byte is less.
 */
export function leastByte(view: DataView, start: number, end: number, flip: number): number {
  let least = 0xff;
  let leasts = 0xff00ff;
  let at = start;
  for (const last = end - 4; at <= last; at += 4) {
    const four = view.getInt32(at, true) ^ flip;
    const even = ((four & 0xff00ff) | 0x01000100) - leasts;
    const odd = (((four >>> 8) & 0xff00ff) | 0x01000100) - leasts;
    if ((even & odd & 0x01000100) === 0x01000100) continue;
    least = Math.min(least, four & 0xff, (four >>> 8) & 0xff, (four >>> 16) & 0xff, four >>> 24);
    if (least === 0) return 0;
    leasts = (least << 16) | least;
  }
  for (; at < end; at++) least = Math.min(least, view.getUint8(at) ^ (flip & 0xff));
  return least;
}

export function leastHalf(view: DataView, start: number, end: number, flip: number): number {
  let first = 0xffff;
  let second = 0xffff;
  let third = 0xffff;
  let fourth = 0xffff;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    const two = view.getInt32(at, LITTLE) ^ flip;
    const others = view.getInt32(at + 4, LITTLE) ^ flip;
    first = Math.min(first, two & 0xffff);
    second = Math.min(second, two >>> 16);
    third = Math.min(third, others & 0xffff);
    fourth = Math.min(fourth, others >>> 16);
  }
  for (; at < end; at += 2) first = Math.min(first, view.getUint16(at, LITTLE) ^ (flip & 0xffff));
  return Math.min(first, second, third, fourth);
}

export function leastWord(view: DataView, start: number, end: number, flip: number): number {
  let first = 0x7fffffff;
  let second = first;
  let third = first;
  let fourth = first;
  let at = start;
  for (const last = end - 16; at <= last; at += 16) {
    first = Math.min(first, view.getInt32(at, LITTLE) ^ flip);
    second = Math.min(second, view.getInt32(at + 4, LITTLE) ^ flip);
    third = Math.min(third, view.getInt32(at + 8, LITTLE) ^ flip);
    fourth = Math.min(fourth, view.getInt32(at + 12, LITTLE) ^ flip);
  }
  for (; at < end; at += 4) first = Math.min(first, view.getInt32(at, LITTLE) ^ flip);
  return Math.min(first, second, third, fourth);
}

/** Math.min has the contract's rules for NaN and -0; `sign` -1 asks for the greatest's opposite. */
export function leastFloat32(view: DataView, start: number, end: number, sign: number): number {
  let first = Number.POSITIVE_INFINITY;
  let second = first;
  let third = first;
  let fourth = first;
  let at = start;
  for (const last = end - 16; at <= last; at += 16) {
    first = Math.min(first, view.getFloat32(at, LITTLE) * sign);
    second = Math.min(second, view.getFloat32(at + 4, LITTLE) * sign);
    third = Math.min(third, view.getFloat32(at + 8, LITTLE) * sign);
    fourth = Math.min(fourth, view.getFloat32(at + 12, LITTLE) * sign);
  }
  for (; at < end; at += 4) first = Math.min(first, view.getFloat32(at, LITTLE) * sign);
  return Math.min(first, second, third, fourth);
}

export function leastFloat64(view: DataView, start: number, end: number, sign: number): number {
  let first = Number.POSITIVE_INFINITY;
  let second = first;
  let third = first;
  let fourth = first;
  let at = start;
  for (const last = end - 32; at <= last; at += 32) {
    first = Math.min(first, view.getFloat64(at, LITTLE) * sign);
    second = Math.min(second, view.getFloat64(at + 8, LITTLE) * sign);
    third = Math.min(third, view.getFloat64(at + 16, LITTLE) * sign);
    fourth = Math.min(fourth, view.getFloat64(at + 24, LITTLE) * sign);
  }
  for (; at < end; at += 8) first = Math.min(first, view.getFloat64(at, LITTLE) * sign);
  return Math.min(first, second, third, fourth);
}

/** Where the last call of leastPair left off: the high word as a signed one, the low one as unsigned. */
export const pair = { high: 0, low: 0 };

export function resetPair(): void {
  pair.high = 0x7fffffff;
  pair.low = 0xffffffff;
}

const LOW = LITTLE ? 0 : 4;
const HIGH = 4 - LOW;

/** Of 64 bits: by the high words, where those are the same by the low ones. Goes on from {@link pair}. */
export function leastPair(view: DataView, start: number, end: number, flip: number, lowFlip: number): void {
  let { high, low } = pair;
  for (let at = start; at < end; at += 8) {
    const itsHigh = view.getInt32(at + HIGH, LITTLE) ^ flip;
    if (itsHigh > high) continue;
    const itsLow = (view.getInt32(at + LOW, LITTLE) ^ lowFlip) >>> 0;
    if (itsHigh === high && itsLow >= low) continue;
    high = itsHigh;
    low = itsLow;
  }
  pair.high = high;
  pair.low = low;
}
