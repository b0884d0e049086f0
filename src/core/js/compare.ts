import { BLOCK } from "./block.js";

/** Shorter ones are not worth a view of their own. */
const SHORT = 64;

/**
 * The sign of the first difference between the bytes from `start` and those of `other`, which are as many. One pass:
 * what differed is decided by what was read then.
 */
export function compare(bytes: Uint8Array, view: DataView, start: number, other: Uint8Array): -1 | 0 | 1 {
  const length = other.length;
  let at = 0;
  if (length >= SHORT) {
    const otherView = new DataView(other.buffer, other.byteOffset, length);
    const whole = length - (length % 16);
    for (; at < whole; at += BLOCK) {
      const sign = compareBlock(view, start, otherView, at, Math.min(at + BLOCK, whole));
      if (sign !== 0) return sign;
    }
    at = whole;
  }
  for (; at < length; at++) {
    const left = bytes[start + at] as number; // the caller checked: the window has as many
    const right = other[at] as number;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function compareBlock(view: DataView, start: number, other: DataView, from: number, to: number): -1 | 0 | 1 {
  for (let at = from; at < to; at += 16) {
    const a = view.getInt32(start + at, true);
    const b = view.getInt32(start + at + 4, true);
    const c = view.getInt32(start + at + 8, true);
    const d = view.getInt32(start + at + 12, true);
    const e = other.getInt32(at, true);
    const f = other.getInt32(at + 4, true);
    const g = other.getInt32(at + 8, true);
    const h = other.getInt32(at + 12, true);
    if (((a ^ e) | (b ^ f) | (c ^ g) | (d ^ h)) === 0) continue;
    if (a !== e) return wordSign(a, e);
    if (b !== f) return wordSign(b, f);
    return c !== g ? wordSign(c, g) : wordSign(d, h);
  }
  return 0;
}

/** Of two little-endian words that differ: by the first byte that does, the lowest. */
function wordSign(left: number, right: number): -1 | 1 {
  const difference = left ^ right;
  const shift = (31 - Math.clz32(difference & -difference)) & 24;
  return ((left >>> shift) & 0xff) < ((right >>> shift) & 0xff) ? -1 : 1;
}
