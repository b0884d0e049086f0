// XXH64: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. Stripes in halves of 32 bits, the rest in BigInt.

export const PRIME64_1 = 0x9e3779b185ebca87n;
export const PRIME64_2 = 0xc2b2ae3d27d4eb4fn;
export const PRIME64_3 = 0x165667b19e3779f9n;
export const PRIME64_4 = 0x85ebca77c2b2ae63n;
export const PRIME64_5 = 0x27d4eb2f165667c5n;

/** The first two in halves, the low ones in halves of those too. */
const LOW_1 = 0x85ebca87;
const HIGH_1 = 0x9e3779b1;
const LOW_1_LOW = 0xca87;
const LOW_1_HIGH = 0x85eb;
const LOW_2 = 0x27d4eb4f;
const HIGH_2 = 0xc2b2ae3d;
const LOW_2_LOW = 0xeb4f;
const LOW_2_HIGH = 0x27d4;

const STRIPE = 32;

/** Bytes from which all lanes are taken before the next: they stay in the nearest cache. */
const BLOCK = 16384;

export const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

export const rotate = (value: bigint, bits: bigint): bigint => u64(value << bits) | (value >> (64n - bits));

const round = (accumulator: bigint, lane: bigint): bigint =>
  u64(rotate(u64(accumulator + lane * PRIME64_2), 31n) * PRIME64_1);

export function avalanche64(hash: bigint): bigint {
  let mixed = hash;
  mixed = u64((mixed ^ (mixed >> 33n)) * PRIME64_2);
  mixed = u64((mixed ^ (mixed >> 29n)) * PRIME64_3);
  return mixed ^ (mixed >> 32n);
}

export function xxh64(view: DataView, start: number, end: number, seed: bigint): bigint {
  let at = start;
  let hash: bigint;
  if (end - start < STRIPE) {
    hash = u64(seed + PRIME64_5);
  } else {
    at = end - ((end - start) % STRIPE);
    const lanes = new DataView(new ArrayBuffer(STRIPE));
    [seed + PRIME64_1 + PRIME64_2, seed + PRIME64_2, seed, seed - PRIME64_1].forEach((lane, index) => {
      lanes.setBigUint64(8 * index, u64(lane), true);
    });
    addStripes(view, start, at, lanes);
    const [a = 0n, b = 0n, c = 0n, d = 0n] = [0, 8, 16, 24].map((lane) => lanes.getBigUint64(lane, true));
    hash = u64(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n));
    for (const lane of [a, b, c, d]) hash = u64((hash ^ round(0n, lane)) * PRIME64_1 + PRIME64_4);
  }
  return finish(view, at, end, u64(hash + BigInt(end - start)));
}

function addStripes(view: DataView, start: number, end: number, lanes: DataView): void {
  for (let at = start; at < end; at += BLOCK) {
    const stop = Math.min(at + BLOCK, end);
    for (let lane = 0; lane < STRIPE; lane += 8) addLane(view, at + lane, stop, lanes, lane);
  }
}

/**
 * One lane of every stripe: accumulator += lane * prime 2, rotated by 31, times prime 1. A product's high half comes from
 * products of 16 bits; a carry from the signs, as a comparison would be a branch that no processor can predict.
 */
function addLane(view: DataView, start: number, end: number, lanes: DataView, lane: number): void {
  let low = lanes.getInt32(lane, true);
  let high = lanes.getInt32(lane + 4, true);
  for (let at = start; at < end; at += STRIPE) {
    const data = view.getInt32(at, true);
    const dataLow = data & 0xffff;
    const dataHigh = data >>> 16;
    const dataMiddle = (Math.imul(dataHigh, LOW_2_LOW) + (Math.imul(dataLow, LOW_2_LOW) >>> 16)) | 0;
    const dataCross = (Math.imul(dataLow, LOW_2_HIGH) + (dataMiddle & 0xffff)) | 0;
    const product = Math.imul(data, LOW_2);
    const productHigh = Math.imul(dataHigh, LOW_2_HIGH) + (dataMiddle >>> 16) + (dataCross >>> 16);
    const crossHigh = Math.imul(data, HIGH_2) + Math.imul(view.getInt32(at + 4, true), LOW_2);
    const sum = (low + product) | 0;
    const carry = ((low & product) | ((low | product) & ~sum)) >>> 31;
    high = (high + productHigh + crossHigh + carry) | 0;

    const turned = (sum << 31) | (high >>> 1);
    const turnedHigh = (high << 31) | (sum >>> 1);
    const lower = turned & 0xffff;
    const upper = turned >>> 16;
    const middle = (Math.imul(upper, LOW_1_LOW) + (Math.imul(lower, LOW_1_LOW) >>> 16)) | 0;
    const cross = (Math.imul(lower, LOW_1_HIGH) + (middle & 0xffff)) | 0;
    low = Math.imul(turned, LOW_1);
    high = Math.imul(upper, LOW_1_HIGH) + (middle >>> 16) + (cross >>> 16);
    high = (high + Math.imul(turned, HIGH_1) + Math.imul(turnedHigh, LOW_1)) | 0;
  }
  lanes.setInt32(lane, low, true);
  lanes.setInt32(lane + 4, high, true);
}

/** The bytes after the stripes. */
function finish(view: DataView, start: number, end: number, begun: bigint): bigint {
  let hash = begun;
  let at = start;
  for (; end - at >= 8; at += 8) {
    hash = u64(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * PRIME64_1 + PRIME64_4);
  }
  if (end - at >= 4) {
    hash ^= u64(BigInt(view.getUint32(at, true)) * PRIME64_1);
    hash = u64(rotate(hash, 23n) * PRIME64_2 + PRIME64_3);
    at += 4;
  }
  for (; at < end; at++) {
    hash = u64(rotate(hash ^ u64(BigInt(view.getUint8(at)) * PRIME64_5), 11n) * PRIME64_1);
  }
  return avalanche64(hash);
}
