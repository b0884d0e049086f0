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

/** The accumulators before the first stripe, one for each 8 bytes of a stripe. */
export const xxh64Begin = (seed: bigint): bigint[] => [
  u64(seed + PRIME64_1 + PRIME64_2),
  u64(seed + PRIME64_2),
  seed,
  u64(seed - PRIME64_1),
];

export function xxh64Stripes(sums: bigint[], view: DataView, start: number, end: number): void {
  for (let at = start; at < end; at += STRIPE)
    for (let lane = 0; lane < 4; lane++)
      sums[lane] = round(sums[lane] as bigint, view.getBigUint64(at + 8 * lane, true));
}

/** The hash of `total` bytes, of which those from `start` come after the last stripe. */
export function xxh64End(sums: bigint[], view: DataView, start: number, end: number, total: bigint): bigint {
  const [first, second, third, fourth] = sums as [bigint, bigint, bigint, bigint];
  let hash = u64(third + PRIME64_5); // without a stripe, the third is the seed
  if (total >= STRIPE) {
    hash = u64(rotate(first, 1n) + rotate(second, 7n) + rotate(third, 12n) + rotate(fourth, 18n));
    for (const sum of sums) hash = u64((hash ^ round(0n, sum)) * PRIME64_1 + PRIME64_4);
  }
  return finish(view, start, end, u64(hash + total));
}

export function xxh64(view: DataView, start: number, end: number, seed: bigint): bigint {
  const length = end - start;
  const rest = end - (length % STRIPE);
  const sums = xxh64Begin(seed);
  xxh64Stripes(sums, view, start, rest);
  return xxh64End(sums, view, rest, end, BigInt(length));
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
