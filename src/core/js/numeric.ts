import type { BigIntKind, NumberKind } from "../core.js";
import { BLOCK } from "./block.js";
import { leastByte, leastFloat32, leastFloat64, leastHalf, leastPair, leastWord, pair, resetPair } from "./least.js";
import { HOST_IS_LITTLE } from "./order.js";
import { sumAlternateWords, sumBytes, sumFloats, sumHalves, sumWords } from "./sums.js";

/** The result of a range of at most BLOCK bytes; `mode` is what flips integers' bits, or a float's sign. */
type Inner = (view: DataView, start: number, end: number, mode: number) => number;

/** Of at most 2^21 words, so that a number holds their sum. */
const WORDS_PART = 2 ** 23;

function total(inner: Inner, view: DataView, start: number, end: number, flip: number): number {
  let sum = 0;
  for (let at = start; at < end; at += BLOCK) sum += inner(view, at, Math.min(at + BLOCK, end), flip);
  return sum;
}

function totalBig(inner: Inner, view: DataView, start: number, end: number, flip: number): bigint {
  let sum = 0n;
  for (let at = start; at < end; at += WORDS_PART) {
    sum += BigInt(total(inner, view, at, Math.min(at + WORDS_PART, end), flip));
  }
  return sum;
}

export function sum(kind: NumberKind, view: DataView, start: number, end: number): number {
  const length = end - start;
  switch (kind) {
    case "Uint8":
      return total(sumBytes, view, start, end, 0);
    case "Int8":
      return total(sumBytes, view, start, end, 0x80808080) - 2 ** 7 * length;
    case "Uint16":
      return total(sumHalves, view, start, end, 0);
    case "Int16":
      return total(sumHalves, view, start, end, 0x80008000) - 2 ** 15 * (length / 2);
    case "Uint32":
      return Number(totalBig(sumWords, view, start, end, 0));
    case "Int32":
      return Number(totalBig(sumWords, view, start, end, 0x80000000) - 2n ** 31n * BigInt(length / 4));
    case "Float32":
    case "Float64":
      return sumFloats(kind, view, start, end);
  }
}

export function sumBig(kind: BigIntKind, view: DataView, start: number, end: number): bigint {
  const [low, high] = HOST_IS_LITTLE ? [0, 4] : [4, 0];
  const lows = totalBig(sumAlternateWords, view, start + low, end, 0);
  if (kind === "BigUint64") return lows + (totalBig(sumAlternateWords, view, start + high, end, 0) << 32n);
  const highs = totalBig(sumAlternateWords, view, start + high, end, 0x80000000);
  return lows + ((highs - 2n ** 31n * BigInt((end - start) / 8)) << 32n);
}

function least(inner: Inner, view: DataView, start: number, end: number, mode: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let at = start; at < end; at += BLOCK) {
    least = Math.min(least, inner(view, at, Math.min(at + BLOCK, end), mode));
  }
  return least;
}

export function min(kind: NumberKind, view: DataView, start: number, end: number): number {
  return extreme(kind, view, start, end, false);
}

export function max(kind: NumberKind, view: DataView, start: number, end: number): number {
  return extreme(kind, view, start, end, true);
}

/** Flips an integer's sign, or nothing; and all bits where the greatest is wanted. */
function flipOf(signs: number, greatest: boolean): number {
  return greatest ? ~signs : signs | 0;
}

function extreme(kind: NumberKind, view: DataView, start: number, end: number, greatest: boolean): number {
  let flip: number;
  switch (kind) {
    case "Uint8":
      flip = flipOf(0, greatest);
      return (least(leastByte, view, start, end, flip) ^ flip) & 0xff;
    case "Int8":
      flip = flipOf(0x80808080, greatest);
      return ((least(leastByte, view, start, end, flip) ^ flip) << 24) >> 24;
    case "Uint16":
      flip = flipOf(0, greatest);
      return (least(leastHalf, view, start, end, flip) ^ flip) & 0xffff;
    case "Int16":
      flip = flipOf(0x80008000, greatest);
      return ((least(leastHalf, view, start, end, flip) ^ flip) << 16) >> 16;
    case "Uint32":
      flip = flipOf(0x80000000, greatest); // words compare as signed ones
      return (least(leastWord, view, start, end, flip) ^ flip) >>> 0;
    case "Int32":
      flip = flipOf(0, greatest);
      return least(leastWord, view, start, end, flip) ^ flip;
    case "Float32":
      return greatest ? -least(leastFloat32, view, start, end, -1) : least(leastFloat32, view, start, end, 1);
    case "Float64":
      return greatest ? -least(leastFloat64, view, start, end, -1) : least(leastFloat64, view, start, end, 1);
  }
}

export function minBig(kind: BigIntKind, view: DataView, start: number, end: number): bigint {
  return extremeBig(kind, view, start, end, false);
}

export function maxBig(kind: BigIntKind, view: DataView, start: number, end: number): bigint {
  return extremeBig(kind, view, start, end, true);
}

function extremeBig(kind: BigIntKind, view: DataView, start: number, end: number, greatest: boolean): bigint {
  const flip = flipOf(kind === "BigUint64" ? 0x80000000 : 0, greatest); // high words compare as signed ones
  const lowFlip = flipOf(0, greatest);
  resetPair();
  for (let at = start; at < end; at += BLOCK) leastPair(view, at, Math.min(at + BLOCK, end), flip, lowFlip);
  const high = pair.high ^ flip;
  const low = (pair.low ^ lowFlip) >>> 0;
  return (BigInt(kind === "BigUint64" ? high >>> 0 : high) << 32n) | BigInt(low);
}
