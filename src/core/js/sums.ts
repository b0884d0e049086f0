// Inner loops of sums, a block a call. Views are DataViews: any alignment, at an array's speed (Node 20, 26). `flip` turns
// signed integers into unsigned ones, 2^(bits - 1) greater.
import { BLOCK } from "./block.js";
import { HOST_IS_LITTLE } from "./order.js";

const LITTLE = HOST_IS_LITTLE;

/** Bytes whose sums of lanes of 16 bits, below 2^8 each and two for 8 bytes, stay below 2^16. */
const LANES_BLOCK = 1024;

export function sumBytes(view: DataView, start: number, end: number, flip: number): number {
  let total = 0;
  let at = start;
  for (const last = end - 8; at <= last; ) {
    const stop = Math.min(last, at + LANES_BLOCK - 8);
    let even = 0;
    let odd = 0;
    for (; at <= stop; at += 8) {
      const first = view.getInt32(at) ^ flip;
      const second = view.getInt32(at + 4) ^ flip;
      even = (even + (first & 0xff00ff) + (second & 0xff00ff)) | 0;
      odd = (odd + ((first >>> 8) & 0xff00ff) + ((second >>> 8) & 0xff00ff)) | 0;
    }
    total += (even & 0xffff) + (even >>> 16) + (odd & 0xffff) + (odd >>> 16);
  }
  for (; at < end; at++) total += view.getUint8(at) ^ (flip & 0xff);
  return total;
}

/** Of at most 2^17 bytes: two halves below 2^16 for 8 bytes stay below 2^31. */
export function sumHalves(view: DataView, start: number, end: number, flip: number): number {
  let even = 0;
  let odd = 0;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    const first = view.getInt32(at, LITTLE) ^ flip;
    const second = view.getInt32(at + 4, LITTLE) ^ flip;
    even = (even + (first & 0xffff) + (second & 0xffff)) | 0;
    odd = (odd + (first >>> 16) + (second >>> 16)) | 0;
  }
  let total = even + odd;
  for (; at < end; at += 2) total += view.getUint16(at, LITTLE) ^ (flip & 0xffff);
  return total;
}

export function sumWords(view: DataView, start: number, end: number, flip: number): number {
  return sumSteps(view, start, end, 4, flip);
}

/** Of the words at `start` and every 8 bytes from there. */
export function sumAlternateWords(view: DataView, start: number, end: number, flip: number): number {
  return sumSteps(view, start, end, 8, flip);
}

function sumSteps(view: DataView, start: number, end: number, step: 4 | 8, flip: number): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let at = start;
  for (const last = end - 4 * step; at <= last; at += 4 * step) {
    first += (view.getInt32(at, LITTLE) ^ flip) >>> 0;
    second += (view.getInt32(at + step, LITTLE) ^ flip) >>> 0;
    third += (view.getInt32(at + 2 * step, LITTLE) ^ flip) >>> 0;
    fourth += (view.getInt32(at + 3 * step, LITTLE) ^ flip) >>> 0;
  }
  for (; at < end; at += step) first += (view.getInt32(at, LITTLE) ^ flip) >>> 0;
  return first + second + third + fourth;
}

const partials = new Float64Array(16);

/**
 * The order in which the contract has floats added, so that every core's result is the same to the last bit. A block is
 * whole rounds of the partial sums, but the last.
 */
export function sumFloats(kind: "Float32" | "Float64", view: DataView, start: number, end: number): number {
  const addBlock = kind === "Float32" ? addFloat32 : addFloat64;
  partials.fill(0);
  for (let at = start; at < end; at += BLOCK) addBlock(view, at, Math.min(at + BLOCK, end));
  for (let distance = 8; distance >= 1; distance /= 2) {
    for (let index = 0; index < distance; index++) {
      partials[index] = (partials[index] as number) + (partials[index + distance] as number);
    }
  }
  return partials[0] as number;
}

function addFloat32(view: DataView, start: number, end: number): void {
  let at = start;
  let a = partials[0] as number;
  let b = partials[1] as number;
  let c = partials[2] as number;
  let d = partials[3] as number;
  let e = partials[4] as number;
  let f = partials[5] as number;
  let g = partials[6] as number;
  let h = partials[7] as number;
  let i = partials[8] as number;
  let j = partials[9] as number;
  let k = partials[10] as number;
  let l = partials[11] as number;
  let m = partials[12] as number;
  let n = partials[13] as number;
  let o = partials[14] as number;
  let p = partials[15] as number;
  for (const last = end - 64; at <= last; at += 64) {
    a += view.getFloat32(at, LITTLE);
    b += view.getFloat32(at + 4, LITTLE);
    c += view.getFloat32(at + 8, LITTLE);
    d += view.getFloat32(at + 12, LITTLE);
    e += view.getFloat32(at + 16, LITTLE);
    f += view.getFloat32(at + 20, LITTLE);
    g += view.getFloat32(at + 24, LITTLE);
    h += view.getFloat32(at + 28, LITTLE);
    i += view.getFloat32(at + 32, LITTLE);
    j += view.getFloat32(at + 36, LITTLE);
    k += view.getFloat32(at + 40, LITTLE);
    l += view.getFloat32(at + 44, LITTLE);
    m += view.getFloat32(at + 48, LITTLE);
    n += view.getFloat32(at + 52, LITTLE);
    o += view.getFloat32(at + 56, LITTLE);
    p += view.getFloat32(at + 60, LITTLE);
  }
  partials[0] = a;
  partials[1] = b;
  partials[2] = c;
  partials[3] = d;
  partials[4] = e;
  partials[5] = f;
  partials[6] = g;
  partials[7] = h;
  partials[8] = i;
  partials[9] = j;
  partials[10] = k;
  partials[11] = l;
  partials[12] = m;
  partials[13] = n;
  partials[14] = o;
  partials[15] = p;
  for (let index = 0; at < end; index++, at += 4) {
    partials[index] = (partials[index] as number) + view.getFloat32(at, LITTLE);
  }
}

function addFloat64(view: DataView, start: number, end: number): void {
  let at = start;
  let a = partials[0] as number;
  let b = partials[1] as number;
  let c = partials[2] as number;
  let d = partials[3] as number;
  let e = partials[4] as number;
  let f = partials[5] as number;
  let g = partials[6] as number;
  let h = partials[7] as number;
  let i = partials[8] as number;
  let j = partials[9] as number;
  let k = partials[10] as number;
  let l = partials[11] as number;
  let m = partials[12] as number;
  let n = partials[13] as number;
  let o = partials[14] as number;
  let p = partials[15] as number;
  for (const last = end - 128; at <= last; at += 128) {
    a += view.getFloat64(at, LITTLE);
    b += view.getFloat64(at + 8, LITTLE);
    c += view.getFloat64(at + 16, LITTLE);
    d += view.getFloat64(at + 24, LITTLE);
    e += view.getFloat64(at + 32, LITTLE);
    f += view.getFloat64(at + 40, LITTLE);
    g += view.getFloat64(at + 48, LITTLE);
    h += view.getFloat64(at + 56, LITTLE);
    i += view.getFloat64(at + 64, LITTLE);
    j += view.getFloat64(at + 72, LITTLE);
    k += view.getFloat64(at + 80, LITTLE);
    l += view.getFloat64(at + 88, LITTLE);
    m += view.getFloat64(at + 96, LITTLE);
    n += view.getFloat64(at + 104, LITTLE);
    o += view.getFloat64(at + 112, LITTLE);
    p += view.getFloat64(at + 120, LITTLE);
  }
  partials[0] = a;
  partials[1] = b;
  partials[2] = c;
  partials[3] = d;
  partials[4] = e;
  partials[5] = f;
  partials[6] = g;
  partials[7] = h;
  partials[8] = i;
  partials[9] = j;
  partials[10] = k;
  partials[11] = l;
  partials[12] = m;
  partials[13] = n;
  partials[14] = o;
  partials[15] = p;
  for (let index = 0; at < end; index++, at += 8) {
    partials[index] = (partials[index] as number) + view.getFloat64(at, LITTLE);
  }
}
