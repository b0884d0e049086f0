// XXH3, 64 bits: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
import { avalanche64, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME64_5, rotate, u64 } from "./xxh64.js";

const PRIME32_1 = 0x9e3779b1n;
const PRIME32_2 = 0x85ebca77n;
const PRIME32_3 = 0xc2b2ae3dn;
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

/** Accumulators of 64 bits, one for each 8 bytes of a stripe. */
const LANES = 8;

/** Stripes from one scramble to the next. */
const STRIPES = (secret.byteLength - STRIPE) / 8;

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

/** The high half of the product, xor its low half. */
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

/** Reads may overlap: if another process writes meanwhile, the hash may be of bytes that were never there together. */
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

/** The secret of a long range. */
export function seededSecret(seed: bigint): DataView {
  const seeded = new DataView(new ArrayBuffer(secret.byteLength));
  for (let at = 0; at < secret.byteLength; at += 16) {
    seeded.setBigUint64(at, u64(wordAt(secret, at) + seed), true);
    seeded.setBigUint64(at + 8, u64(wordAt(secret, at + 8) - seed), true);
  }
  return seeded;
}

/** The accumulators before the first stripe, one for each 8 bytes of a stripe, and how many stripes its block has had. */
export const xxh3Begin = (): bigint[] => [
  ...[PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1],
  0n,
];

/** The secret moves on by 8 bytes with each stripe of a block. */
export function xxh3Stripes(sums: bigint[], keys: DataView, view: DataView, start: number, end: number): void {
  let seen = Number(sums[LANES]);
  for (let at = start; at < end; at += STRIPE) {
    accumulateStripe(view, at, keys, 8 * seen, sums);
    seen++;
    if (seen < STRIPES) continue;
    scramble(keys, sums);
    seen = 0;
  }
  sums[LANES] = BigInt(seen);
}

/** The hash of `total` bytes, more than 240, of which the last 64 begin at `start`. The stripes before were taken. */
export function xxh3End(sums: bigint[], keys: DataView, view: DataView, start: number, total: bigint): bigint {
  accumulateStripe(view, start, keys, keys.byteLength - STRIPE - 7, sums);
  let hash = total * PRIME64_1;
  for (let lane = 0; lane < LANES; lane += 2) {
    const even = (sums[lane] as bigint) ^ wordAt(keys, 8 * lane + 11);
    hash += foldedProduct(even, (sums[lane + 1] as bigint) ^ wordAt(keys, 8 * lane + 19));
  }
  return avalanche3(u64(hash));
}

function long(view: DataView, start: number, end: number, seed: bigint): bigint {
  const length = end - start;
  const keys = seededSecret(seed);
  const sums = xxh3Begin();
  // The last stripe is the last 64 bytes of the range, some of which it may share with the one before.
  xxh3Stripes(sums, keys, view, start, end - 1 - ((length - 1) % STRIPE));
  return xxh3End(sums, keys, view, end - STRIPE, BigInt(length));
}

/** Each lane adds the product of its keyed halves to its own sum, and its data to its neighbour's. */
function accumulateStripe(view: DataView, at: number, keys: DataView, key: number, sums: bigint[]): void {
  for (let lane = 0; lane < LANES; lane++) {
    const data = wordAt(view, at + 8 * lane);
    const keyed = data ^ wordAt(keys, key + 8 * lane);
    const neighbour = lane ^ 1;
    sums[neighbour] = u64((sums[neighbour] as bigint) + data);
    sums[lane] = u64((sums[lane] as bigint) + (keyed & 0xffffffffn) * (keyed >> 32n));
  }
}

function scramble(keys: DataView, sums: bigint[]): void {
  const last = keys.byteLength - STRIPE;
  for (let lane = 0; lane < LANES; lane++) {
    const sum = sums[lane] as bigint;
    sums[lane] = u64((sum ^ (sum >> 47n) ^ wordAt(keys, last + 8 * lane)) * PRIME32_1);
  }
}
