// XXH3, 64 bits: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. Up to 240 bytes in BigInt, the stripes
// of more in float64, which holds what they add up to exactly.
import { avalanche64, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME64_5, rotate, u64 } from "./xxh64.js";

const PRIME32_1 = 0x9e3779b1;
const PRIME32_2 = 0x85ebca77;
const PRIME32_3 = 0xc2b2ae3d;
const PRIME_MX1 = 0x165667919e3779f9n;
const PRIME_MX2 = 0x9fb21c651e98df25n;

/** The spec's default secret. */
const secret = new DataView(new ArrayBuffer(192));
[
  0xbe4ba423396cfeb8n,
  0x1cad21f72c81017cn,
  0xdb979083e96dd4den,
  0x1f67b3b7a4a44072n,
  0x78e5c0cc4ee679cbn,
  0x2172ffcc7dd05a82n,
  0x8e2443f7744608b8n,
  0x4c263a81e69035e0n,
  0xcb00c391bb52283cn,
  0xa32e531b8b65d088n,
  0x4ef90da297486471n,
  0xd8acdea946ef1938n,
  0x3f349ce33f76faa8n,
  0x1d4f0bc7c7bbdcf9n,
  0x3159b4cd4be0518an,
  0x647378d9c97e9fc8n,
  0xc3ebd33483acc5ean,
  0xeb6313faffa081c5n,
  0x49daf0b751dd0d17n,
  0x9e68d429265516d3n,
  0xfca1477d58be162bn,
  0xce31d07ad1b8f88fn,
  0x280416958f3acb45n,
  0x7e404bbbcafbd7afn,
].forEach((word, index) => {
  secret.setBigUint64(8 * index, word, true);
});

const STRIPE = 64;

/** Stripes from one scramble to the next. Also the most whose products add up below 2^53. */
const STRIPES = (secret.byteLength - STRIPE) / 8;
const BLOCK = STRIPES * STRIPE;

/** The longest range that is not hashed in stripes. */
const MID = 240;

export function xxh3(view: DataView, start: number, end: number, seed: bigint): bigint {
  const length = end - start;
  if (length <= 16) return upTo16(view, start, length, seed);
  if (length <= 128) return upTo128(view, start, end, seed);
  return length <= MID ? upTo240(view, start, end, seed) : long(view, start, end, seed);
}

const wordAt = (view: DataView, at: number): bigint => view.getBigUint64(at, true);

const secretPair = (at: number): bigint => wordAt(secret, at) ^ wordAt(secret, at + 8);

/** The high half of the product, and the low one, in one. */
function foldedProduct(left: bigint, right: bigint): bigint {
  const product = left * right;
  return (product >> 64n) ^ u64(product);
}

function avalanche3(hash: bigint): bigint {
  const mixed = u64((hash ^ (hash >> 37n)) * PRIME_MX1);
  return mixed ^ (mixed >> 32n);
}

function swapped(word: bigint, bytes: 4 | 8): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, word, true);
  return bytes === 8 ? view.getBigUint64(0) : BigInt(view.getUint32(0));
}

/** What is read may overlap; if another process writes meanwhile, the hash is of bytes that were there at no one time. */
function upTo16(view: DataView, start: number, length: number, seed: bigint): bigint {
  if (length > 8) {
    const low = u64(secretPair(24) + seed) ^ wordAt(view, start);
    const high = u64(secretPair(40) - seed) ^ wordAt(view, start + length - 8);
    return avalanche3(u64(BigInt(length) + swapped(low, 8) + high + foldedProduct(low, high)));
  }
  if (length >= 4) {
    const modified = seed ^ (swapped(BigInt.asUintN(32, seed), 4) << 32n);
    const first = BigInt(view.getUint32(start, true));
    const last = BigInt(view.getUint32(start + length - 4, true));
    let hash = u64(secretPair(8) - modified) ^ last ^ (first << 32n);
    hash = u64((hash ^ rotate(hash, 49n) ^ rotate(hash, 24n)) * PRIME_MX2);
    hash = u64((hash ^ ((hash >> 35n) + BigInt(length))) * PRIME_MX2);
    return hash ^ (hash >> 28n);
  }
  if (length > 0) {
    const first = view.getUint8(start);
    const middle = view.getUint8(start + (length >>> 1));
    const last = view.getUint8(start + length - 1);
    const bytes = ((middle << 24) | (first << 16) | (length << 8) | last) >>> 0;
    const key = BigInt((secret.getInt32(0, true) ^ secret.getInt32(4, true)) >>> 0);
    return avalanche64(u64(key + seed) ^ BigInt(bytes));
  }
  return avalanche64(seed ^ secretPair(56));
}

function mix16(view: DataView, at: number, key: number, seed: bigint): bigint {
  return foldedProduct(
    wordAt(view, at) ^ u64(wordAt(secret, key) + seed),
    wordAt(view, at + 8) ^ u64(wordAt(secret, key + 8) - seed),
  );
}

function upTo128(view: DataView, start: number, end: number, seed: bigint): bigint {
  const length = end - start;
  let hash = BigInt(length) * PRIME64_1;
  for (let pair = (length - 1) >>> 5; pair >= 0; pair--) {
    hash += mix16(view, start + 16 * pair, 32 * pair, seed);
    hash += mix16(view, end - 16 * pair - 16, 32 * pair + 16, seed);
  }
  return avalanche3(u64(hash));
}

function upTo240(view: DataView, start: number, end: number, seed: bigint): bigint {
  const length = end - start;
  const chunks = length >>> 4;
  let hash = BigInt(length) * PRIME64_1;
  for (let chunk = 0; chunk < 8; chunk++) hash += mix16(view, start + 16 * chunk, 16 * chunk, seed);
  hash = avalanche3(u64(hash));
  for (let chunk = 8; chunk < chunks; chunk++) hash += mix16(view, start + 16 * chunk, 16 * (chunk - 8) + 3, seed);
  return avalanche3(u64(hash + mix16(view, end - 16, 119, seed)));
}

function seededSecret(seed: bigint): DataView {
  const seeded = new DataView(new ArrayBuffer(secret.byteLength));
  for (let at = 0; at < secret.byteLength; at += 16) {
    seeded.setBigUint64(at, u64(wordAt(secret, at) + seed), true);
    seeded.setBigUint64(at + 8, u64(wordAt(secret, at + 8) - seed), true);
  }
  return seeded;
}

function long(view: DataView, start: number, end: number, seed: bigint): bigint {
  const keys = seed === 0n ? secret : seededSecret(seed);
  const sums = new DataView(new ArrayBuffer(64)); // eight accumulators
  [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1].forEach((prime, index) => {
    sums.setBigUint64(8 * index, BigInt(prime), true);
  });
  // The last block, be it whole, is not scrambled, and its last stripe is the range's last 64 bytes.
  let at = start;
  for (; end - at > BLOCK; at += BLOCK) {
    accumulate(view, at, STRIPES, keys, 0, sums);
    scramble(keys, sums);
  }
  accumulate(view, at, Math.floor((end - at - 1) / STRIPE), keys, 0, sums);
  accumulate(view, end - STRIPE, 1, keys, keys.byteLength - STRIPE - 7, sums);

  let hash = BigInt(end - start) * PRIME64_1;
  for (let pair = 0; pair < 64; pair += 16) {
    const even = wordAt(sums, pair) ^ wordAt(keys, pair + 11);
    hash += foldedProduct(even, wordAt(sums, pair + 8) ^ wordAt(keys, pair + 19));
  }
  return avalanche3(u64(hash));
}

/**
 * Two lanes of each of at most STRIPES stripes: of each, the low half times the high one to itself, and the data to its
 * neighbour. The high half is taken as two of 16 bits: a product is then below 2^48, and sixteen of them below 2^52.
 */
function accumulate(
  view: DataView,
  start: number,
  stripes: number,
  keys: DataView,
  firstKey: number,
  sums: DataView,
): void {
  for (let lane = 0; lane < STRIPE; lane += 16) {
    let evenLow = 0; // times 1
    let evenHigh = 0; // times 2^16
    let evenData = 0;
    let evenDataHigh = 0; // times 2^32
    let oddLow = 0;
    let oddHigh = 0;
    let oddData = 0;
    let oddDataHigh = 0;
    let at = start + lane;
    let key = firstKey + lane;
    for (let stripe = 0; stripe < stripes; stripe++) {
      const even = view.getInt32(at, true);
      const evenUpper = view.getInt32(at + 4, true);
      const evenKeyed = (even ^ keys.getInt32(key, true)) >>> 0;
      const evenFactor = evenUpper ^ keys.getInt32(key + 4, true);
      evenLow += evenKeyed * (evenFactor & 0xffff);
      evenHigh += evenKeyed * (evenFactor >>> 16);
      evenData += even >>> 0;
      evenDataHigh += evenUpper >>> 0;
      const odd = view.getInt32(at + 8, true);
      const oddUpper = view.getInt32(at + 12, true);
      const oddKeyed = (odd ^ keys.getInt32(key + 8, true)) >>> 0;
      const oddFactor = oddUpper ^ keys.getInt32(key + 12, true);
      oddLow += oddKeyed * (oddFactor & 0xffff);
      oddHigh += oddKeyed * (oddFactor >>> 16);
      oddData += odd >>> 0;
      oddDataHigh += oddUpper >>> 0;
      at += STRIPE;
      key += 8;
    }
    add(sums, lane, evenLow + oddData, evenHigh, oddDataHigh);
    add(sums, lane + 8, oddLow + evenData, oddHigh, evenDataHigh);
  }
}

/** Adds first + second * 2^16 + third * 2^32, each below 2^53, to an accumulator. */
function add(sums: DataView, lane: number, first: number, second: number, third: number): void {
  const fromSecond = second & 0xffff;
  const low = sums.getUint32(lane, true) + first + fromSecond * 65536;
  sums.setUint32(lane, low, true);
  const carry = (low - (low >>> 0)) / 2 ** 32;
  sums.setUint32(lane + 4, sums.getUint32(lane + 4, true) + carry + (second - fromSecond) / 65536 + third, true);
}

/** Each accumulator: xor its own bits from 47, xor the secret's last words, times a prime of 32 bits. */
function scramble(keys: DataView, sums: DataView): void {
  const last = keys.byteLength - STRIPE;
  for (let lane = 0; lane < STRIPE; lane += 8) {
    const upper = sums.getInt32(lane + 4, true);
    const low = sums.getInt32(lane, true) ^ (upper >>> 15) ^ keys.getInt32(last + lane, true);
    const high = upper ^ keys.getInt32(last + lane + 4, true);
    sums.setInt32(lane, 0, true);
    sums.setInt32(lane + 4, Math.imul(high, PRIME32_1), true);
    add(sums, lane, (low >>> 0) * (PRIME32_1 & 0xffff), (low >>> 0) * (PRIME32_1 >>> 16), 0);
  }
}
