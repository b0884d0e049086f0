// The right results, computed by other software.
import { deflateSync, gzipSync } from "node:zlib";
import { createCRC32, createXXHash3, createXXHash64, type IHasher } from "hash-wasm";

/** Adler-32 by zlib: the last four bytes of its stream (RFC 1950, section 2.2). */
export function adlerOracle(bytes: Uint8Array): number {
  const stream = deflateSync(bytes, { level: 0 });
  return stream.readUInt32BE(stream.length - 4);
}

/** CRC-32 by zlib: the last eight bytes of a gzip member are it and the length (RFC 1952, section 2.3.1). */
export function crc32Oracle(bytes: Uint8Array): number {
  const member = gzipSync(bytes, { level: 0 });
  return member.readUInt32LE(member.length - 8);
}

const castagnoli = await createCRC32(0x82f63b78);

export function crc32cOracle(bytes: Uint8Array): number {
  return Number.parseInt(castagnoli.init().update(bytes).digest(), 16);
}

const PRIME32 = 2654435761n;
const PRIME64 = 11400714785074694797n;

/** The seeds that have a hasher: hash-wasm takes the seed when it makes one. */
export const seeds = [
  0n,
  1n,
  PRIME32,
  PRIME64,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 63n,
  2n ** 64n - 1n,
  0x0123456789abcdefn,
  0xf0e1d2c3b4a59687n,
];

async function hashers(make: (low: number, high: number) => Promise<IHasher>): Promise<Map<bigint, IHasher>> {
  const bySeed = new Map<bigint, IHasher>();
  for (const seed of seeds) bySeed.set(seed, await make(Number(seed & 0xffffffffn), Number(seed >> 32n)));
  return bySeed;
}

const byName = { xxh64: await hashers(createXXHash64), xxh3: await hashers(createXXHash3) };

/** XXH64 or XXH3_64bits; `seed` is one of {@link seeds}. */
export function hashOracle(name: "xxh64" | "xxh3", bytes: Uint8Array, seed: bigint): bigint {
  const hasher = byName[name].get(seed);
  if (!hasher) throw new Error(`no hasher was made for the seed ${seed}`);
  return BigInt(`0x${hasher.init().update(bytes).digest()}`);
}

const sums = { crc32: crc32Oracle, crc32c: crc32cOracle, adler32: adlerOracle };

/** Any checksum; the seed is a hash's. */
export function checksumOracle(
  name: keyof typeof sums | keyof typeof byName,
  bytes: Uint8Array,
  seed = 0n,
): number | bigint {
  return name === "xxh64" || name === "xxh3" ? hashOracle(name, bytes, seed) : sums[name](bytes);
}

/** The buffer of xxHash's own sanity tests (xxHash's tests/sanity_test.c). */
export function sanityBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let generator = PRIME32;
  for (let index = 0; index < length; index++) {
    bytes[index] = Number(generator >> 56n);
    generator = BigInt.asUintN(64, generator * PRIME64);
  }
  return bytes;
}
