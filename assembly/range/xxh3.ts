// XXH3, 64 bits: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. Long ranges in three steps, as in xxh64.ts.
import { checkConstants, seal } from "../page/canary";
import { SECRETS, STATE } from "../page/page";
import { rangeOf } from "../page/record";
import { avalanche64 } from "./xxh64";

const PRIME32_1: u64 = 0x9e3779b1;
const PRIME32_2: u64 = 0x85ebca77;
const PRIME32_3: u64 = 0xc2b2ae3d;
const PRIME64_1: u64 = 0x9e3779b185ebca87;
const PRIME64_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME64_3: u64 = 0x165667b19e3779f9;
const PRIME64_4: u64 = 0x85ebca77c2b2ae63;
const PRIME64_5: u64 = 0x27d4eb2f165667c5;
const PRIME_MX1: u64 = 0x165667919e3779f9;
const PRIME_MX2: u64 = 0x9fb21c651e98df25;

const SECRET: usize = SECRETS;
const SECRET_SIZE: u32 = 192;

/** The secret of a long range, which is mixed with the seed. */
const SEEDED: usize = SECRETS + SECRET_SIZE;

const STRIPE: u32 = 64;

/** Stripes from one scramble to the next: the place in the secret moves by 8 bytes with each. */
const STRIPES: u32 = (SECRET_SIZE - STRIPE) / 8;

/** The longest range that is not hashed in stripes. */
const MID: u32 = 240;

/** Eight accumulators of 64 bits, and how many stripes of the block they have had. */
const ACCUMULATORS: usize = STATE;
const SEEN: usize = STATE + 64;

/** What the default secret adds up to; 0 as long as it is not there. */
let _secret: u64 = 0;

/** The spec's default secret. */
function makeSecret(): void {
  if (_secret !== 0) {
    checkConstants(SECRET, SECRET_SIZE, _secret);
    return;
  }
  store<u64>(SECRET, 0xbe4ba423396cfeb8);
  store<u64>(SECRET, 0x1cad21f72c81017c, 8);
  store<u64>(SECRET, 0xdb979083e96dd4de, 16);
  store<u64>(SECRET, 0x1f67b3b7a4a44072, 24);
  store<u64>(SECRET, 0x78e5c0cc4ee679cb, 32);
  store<u64>(SECRET, 0x2172ffcc7dd05a82, 40);
  store<u64>(SECRET, 0x8e2443f7744608b8, 48);
  store<u64>(SECRET, 0x4c263a81e69035e0, 56);
  store<u64>(SECRET, 0xcb00c391bb52283c, 64);
  store<u64>(SECRET, 0xa32e531b8b65d088, 72);
  store<u64>(SECRET, 0x4ef90da297486471, 80);
  store<u64>(SECRET, 0xd8acdea946ef1938, 88);
  store<u64>(SECRET, 0x3f349ce33f76faa8, 96);
  store<u64>(SECRET, 0x1d4f0bc7c7bbdcf9, 104);
  store<u64>(SECRET, 0x3159b4cd4be0518a, 112);
  store<u64>(SECRET, 0x647378d9c97e9fc8, 120);
  store<u64>(SECRET, 0xc3ebd33483acc5ea, 128);
  store<u64>(SECRET, 0xeb6313faffa081c5, 136);
  store<u64>(SECRET, 0x49daf0b751dd0d17, 144);
  store<u64>(SECRET, 0x9e68d429265516d3, 152);
  store<u64>(SECRET, 0xfca1477d58be162b, 160);
  store<u64>(SECRET, 0xce31d07ad1b8f88f, 168);
  store<u64>(SECRET, 0x280416958f3acb45, 176);
  store<u64>(SECRET, 0x7e404bbbcafbd7af, 184);
  _secret = seal(SECRET, SECRET_SIZE);
}

/** The high half of the product, which has 128 bits, xor its low half. */
function foldedProduct(left: u64, right: u64): u64 {
  const leftLow = left & 0xffffffff;
  const leftHigh = left >> 32;
  const rightLow = right & 0xffffffff;
  const rightHigh = right >> 32;
  const low = leftLow * rightLow;
  const middle = leftHigh * rightLow + (low >> 32);
  const cross = leftLow * rightHigh + (middle & 0xffffffff);
  const high = leftHigh * rightHigh + (middle >> 32) + (cross >> 32);
  return (left * right) ^ high;
}

function avalanche3(hash: u64): u64 {
  hash = (hash ^ (hash >> 37)) * PRIME_MX1;
  return hash ^ (hash >> 32);
}

function mix16(address: usize, secret: usize, seed: u64): u64 {
  return foldedProduct(
    load<u64>(address) ^ (load<u64>(secret) + seed),
    load<u64>(address, 8) ^ (load<u64>(secret, 8) - seed),
  );
}

function upTo16(address: usize, length: u32, seed: u64): u64 {
  if (length > 8) {
    const low = load<u64>(address) ^ ((load<u64>(SECRET, 24) ^ load<u64>(SECRET, 32)) + seed);
    const high = load<u64>(address + length - 8) ^ ((load<u64>(SECRET, 40) ^ load<u64>(SECRET, 48)) - seed);
    return avalanche3(<u64>length + bswap<u64>(low) + high + foldedProduct(low, high));
  }
  if (length >= 4) {
    seed ^= (<u64>bswap<u32>(<u32>seed)) << 32;
    const both = <u64>load<u32>(address + length - 4) + ((<u64>load<u32>(address)) << 32);
    let hash = both ^ ((load<u64>(SECRET, 8) ^ load<u64>(SECRET, 16)) - seed);
    hash = (hash ^ rotl<u64>(hash, 49) ^ rotl<u64>(hash, 24)) * PRIME_MX2;
    hash = (hash ^ ((hash >> 35) + <u64>length)) * PRIME_MX2;
    return hash ^ (hash >> 28);
  }
  if (length > 0) {
    const first = <u32>load<u8>(address);
    const middle = <u32>load<u8>(address + (length >> 1));
    const last = <u32>load<u8>(address + length - 1);
    const bytes = (first << 16) | (middle << 24) | last | (length << 8);
    return avalanche64(<u64>bytes ^ (<u64>(load<u32>(SECRET) ^ load<u32>(SECRET, 4)) + seed));
  }
  return avalanche64(seed ^ load<u64>(SECRET, 56) ^ load<u64>(SECRET, 64));
}

function upTo128(address: usize, length: u32, seed: u64): u64 {
  let hash = <u64>length * PRIME64_1;
  for (let pair: u32 = (length - 1) >> 5; ; pair--) {
    hash += mix16(address + 16 * pair, SECRET + 32 * pair, seed);
    hash += mix16(address + length - 16 * (pair + 1), SECRET + 32 * pair + 16, seed);
    if (pair === 0) break;
  }
  return avalanche3(hash);
}

function upTo240(address: usize, length: u32, seed: u64): u64 {
  let hash = <u64>length * PRIME64_1;
  const chunks = length >> 4;
  for (let chunk: u32 = 0; chunk < 8; chunk++) hash += mix16(address + 16 * chunk, SECRET + 16 * chunk, seed);
  hash = avalanche3(hash);
  for (let chunk: u32 = 8; chunk < chunks; chunk++)
    hash += mix16(address + 16 * chunk, SECRET + 16 * (chunk - 8) + 3, seed);
  return avalanche3(hash + mix16(address + length - 16, SECRET + 136 - 17, seed));
}

/** The whole hash of a range of at most 240 bytes; traps if it is longer, or not inside the window. */
export function xxh3Short(cursor: u32, start: u32, end: u32, seed: u64): u64 {
  const address = rangeOf(cursor, start, end);
  const length = end - start;
  makeSecret();
  if (length <= 16) return upTo16(address, length, seed);
  if (length <= 128) return upTo128(address, length, seed);
  if (length > MID) unreachable();
  return upTo240(address, length, seed);
}

/** The first step: the accumulators, and the secret mixed with the seed. */
export function xxh3Begin(seed: u64): void {
  makeSecret();
  for (let at: usize = 0; at < SECRET_SIZE; at += 16) {
    store<u64>(SEEDED + at, load<u64>(SECRET + at) + seed);
    store<u64>(SEEDED + at, load<u64>(SECRET + at, 8) - seed, 8);
  }
  store<u64>(ACCUMULATORS, PRIME32_3);
  store<u64>(ACCUMULATORS, PRIME64_1, 8);
  store<u64>(ACCUMULATORS, PRIME64_2, 16);
  store<u64>(ACCUMULATORS, PRIME64_3, 24);
  store<u64>(ACCUMULATORS, PRIME64_4, 32);
  store<u64>(ACCUMULATORS, PRIME32_2, 40);
  store<u64>(ACCUMULATORS, PRIME64_5, 48);
  store<u64>(ACCUMULATORS, PRIME32_1, 56);
  store<u64>(SEEN, 0); // all of the word, which is a part of what streams keep
}

/**
 * Each lane of 64 bits adds the product of its halves, and its neighbour's bytes. The bytes are summed in place and
 * exchanged once, at the end. Halves of two vectors are put side by side, because V8's extmul then needs fewer shuffles.
 */
function accumulate(address: usize, secret: usize, stripes: u32): void {
  let a = v128.load(ACCUMULATORS);
  let b = v128.load(ACCUMULATORS, 16);
  let c = v128.load(ACCUMULATORS, 32);
  let d = v128.load(ACCUMULATORS, 48);
  let bytesA = i64x2.splat(0);
  let bytesB = bytesA;
  let bytesC = bytesA;
  let bytesD = bytesA;
  for (; stripes > 0; stripes--) {
    let first = v128.load(address);
    let second = v128.load(address, 16);
    bytesA = i64x2.add(bytesA, first);
    bytesB = i64x2.add(bytesB, second);
    first = v128.xor(first, v128.load(secret));
    second = v128.xor(second, v128.load(secret, 16));
    let low = i32x4.shuffle(first, second, 0, 2, 4, 6);
    let high = i32x4.shuffle(first, second, 1, 3, 5, 7);
    a = i64x2.add(a, i64x2.extmul_low_i32x4_u(low, high));
    b = i64x2.add(b, i64x2.extmul_high_i32x4_u(low, high));
    first = v128.load(address, 32);
    second = v128.load(address, 48);
    bytesC = i64x2.add(bytesC, first);
    bytesD = i64x2.add(bytesD, second);
    first = v128.xor(first, v128.load(secret, 32));
    second = v128.xor(second, v128.load(secret, 48));
    low = i32x4.shuffle(first, second, 0, 2, 4, 6);
    high = i32x4.shuffle(first, second, 1, 3, 5, 7);
    c = i64x2.add(c, i64x2.extmul_low_i32x4_u(low, high));
    d = i64x2.add(d, i64x2.extmul_high_i32x4_u(low, high));
    address += STRIPE;
    secret += 8;
  }
  v128.store(ACCUMULATORS, i64x2.add(a, i64x2.shuffle(bytesA, bytesA, 1, 0)));
  v128.store(ACCUMULATORS, i64x2.add(b, i64x2.shuffle(bytesB, bytesB, 1, 0)), 16);
  v128.store(ACCUMULATORS, i64x2.add(c, i64x2.shuffle(bytesC, bytesC, 1, 0)), 32);
  v128.store(ACCUMULATORS, i64x2.add(d, i64x2.shuffle(bytesD, bytesD, 1, 0)), 48);
}

function scramble(): void {
  const secret = SEEDED + (SECRET_SIZE - STRIPE);
  for (let lane: usize = 0; lane < 64; lane += 8) {
    let sum = load<u64>(ACCUMULATORS + lane);
    sum = (sum ^ (sum >> 47) ^ load<u64>(secret + lane)) * PRIME32_1;
    store<u64>(ACCUMULATORS + lane, sum);
  }
}

/** The second step: stripes of 64 bytes. Traps if the range is not inside the window, or not whole stripes. */
export function xxh3Stripes(cursor: u32, start: u32, end: u32): void {
  let address = rangeOf(cursor, start, end);
  let stripes = (end - start) / STRIPE;
  if (stripes * STRIPE !== end - start) unreachable();
  let seen = load<u32>(SEEN);
  while (stripes > 0) {
    const part = min<u32>(stripes, STRIPES - seen);
    accumulate(address, SEEDED + 8 * seen, part);
    address += part * STRIPE;
    stripes -= part;
    seen += part;
    if (seen === STRIPES) {
      scramble();
      seen = 0;
    }
  }
  store<u64>(SEEN, seen);
}

function mergePair(lane: usize, secret: usize): u64 {
  return foldedProduct(
    load<u64>(ACCUMULATORS + lane) ^ load<u64>(secret),
    load<u64>(ACCUMULATORS + lane, 8) ^ load<u64>(secret, 8),
  );
}

/**
 * The last step: the last 64 bytes of a range of `total` bytes, more than 240. The stripes before were all those that end
 * before the last byte of the range, so they may have had some of these bytes already.
 */
export function xxh3End(cursor: u32, start: u32, end: u32, total: u64): u64 {
  const address = rangeOf(cursor, start, end);
  if (end - start !== STRIPE) unreachable();
  accumulate(address, SEEDED + (SECRET_SIZE - STRIPE - 7), 1);
  let hash = total * PRIME64_1;
  for (let pair: usize = 0; pair < 4; pair++) hash += mergePair(16 * pair, SEEDED + 11 + 16 * pair);
  return avalanche3(hash);
}
