// XXH64: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.

export const PRIME64_1 = 0x9e3779b185ebca87n;
export const PRIME64_2 = 0xc2b2ae3d27d4eb4fn;
export const PRIME64_3 = 0x165667b19e3779f9n;
export const PRIME64_4 = 0x85ebca77c2b2ae63n;
export const PRIME64_5 = 0x27d4eb2f165667c5n;

const STRIPE = 32;

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
  const length = end - start;
  const rest = end - (length % STRIPE);
  const hash = length < STRIPE ? u64(seed + PRIME64_5) : hashOfStripes(view, start, rest, seed);
  return finish(view, rest, end, u64(hash + BigInt(length)));
}

/** Four lanes of 8 bytes, an accumulator each. */
function hashOfStripes(view: DataView, start: number, end: number, seed: bigint): bigint {
  let first = u64(seed + PRIME64_1 + PRIME64_2);
  let second = u64(seed + PRIME64_2);
  let third = seed;
  let fourth = u64(seed - PRIME64_1);
  for (let at = start; at < end; at += STRIPE) {
    first = round(first, view.getBigUint64(at, true));
    second = round(second, view.getBigUint64(at + 8, true));
    third = round(third, view.getBigUint64(at + 16, true));
    fourth = round(fourth, view.getBigUint64(at + 24, true));
  }
  let hash = u64(rotate(first, 1n) + rotate(second, 7n) + rotate(third, 12n) + rotate(fourth, 18n));
  for (const lane of [first, second, third, fourth]) hash = u64((hash ^ round(0n, lane)) * PRIME64_1 + PRIME64_4);
  return hash;
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
