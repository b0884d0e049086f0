// XXH64: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. In three steps, so that a long range can be
// hashed in many calls: V8 uses better code of a function only from the next call on.
import { STATE } from "../page/page";
import { lookAhead, PAGE } from "../page/prefetch";
import { rangeOf } from "../page/record";

const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_3: u64 = 0x165667b19e3779f9;
const PRIME_4: u64 = 0x85ebca77c2b2ae63;
const PRIME_5: u64 = 0x27d4eb2f165667c5;

const STRIPE: u32 = 32;

function round(accumulator: u64, lane: u64): u64 {
  return rotl<u64>(accumulator + lane * PRIME_2, 31) * PRIME_1;
}

function merge(hash: u64, accumulator: u64): u64 {
  return (hash ^ round(0, accumulator)) * PRIME_1 + PRIME_4;
}

export function avalanche64(hash: u64): u64 {
  hash = (hash ^ (hash >> 33)) * PRIME_2;
  hash = (hash ^ (hash >> 29)) * PRIME_3;
  return hash ^ (hash >> 32);
}

/** The first step: four accumulators in the state. */
export function xxh64Begin(seed: u64): void {
  store<u64>(STATE, seed + PRIME_1 + PRIME_2);
  store<u64>(STATE, seed + PRIME_2, 8);
  store<u64>(STATE, seed, 16);
  store<u64>(STATE, seed - PRIME_1, 24);
}

/** The second step: stripes of 32 bytes. Traps if the range is not inside the window, or not whole stripes. */
export function xxh64Stripes(cursor: u32, start: u32, end: u32): void {
  let address = rangeOf(cursor, start, end);
  let stripes = (end - start) / STRIPE;
  if (stripes * STRIPE !== end - start) unreachable();
  let first = load<u64>(STATE);
  let second = load<u64>(STATE, 8);
  let third = load<u64>(STATE, 16);
  let fourth = load<u64>(STATE, 24);
  while (stripes > 0) {
    lookAhead(address, stripes * STRIPE);
    let part = min<u32>(stripes, PAGE / STRIPE);
    stripes -= part;
    for (; part > 0; part--) {
      first = round(first, load<u64>(address));
      second = round(second, load<u64>(address, 8));
      third = round(third, load<u64>(address, 16));
      fourth = round(fourth, load<u64>(address, 24));
      address += STRIPE;
    }
  }
  store<u64>(STATE, first);
  store<u64>(STATE, second, 8);
  store<u64>(STATE, third, 16);
  store<u64>(STATE, fourth, 24);
}

/** The last step: the bytes after the stripes, fewer than 32, of a range of `total` bytes. */
export function xxh64End(cursor: u32, start: u32, end: u32, total: u64): u64 {
  let address = rangeOf(cursor, start, end);
  let remaining = end - start;
  let hash: u64;
  if (total >= STRIPE) {
    const first = load<u64>(STATE);
    const second = load<u64>(STATE, 8);
    const third = load<u64>(STATE, 16);
    const fourth = load<u64>(STATE, 24);
    hash = rotl<u64>(first, 1) + rotl<u64>(second, 7) + rotl<u64>(third, 12) + rotl<u64>(fourth, 18);
    hash = merge(merge(merge(merge(hash, first), second), third), fourth);
  } else {
    hash = load<u64>(STATE, 16) + PRIME_5; // the seed
  }
  hash += total;
  for (; remaining >= 8; remaining -= 8) {
    hash = rotl<u64>(hash ^ round(0, load<u64>(address)), 27) * PRIME_1 + PRIME_4;
    address += 8;
  }
  if (remaining >= 4) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(address) * PRIME_1), 23) * PRIME_2 + PRIME_3;
    address += 4;
    remaining -= 4;
  }
  for (; remaining > 0; remaining--) hash = rotl<u64>(hash ^ (<u64>load<u8>(address++) * PRIME_5), 11) * PRIME_1;
  return avalanche64(hash);
}
