import { lookAhead } from "../page/prefetch";
import { rangeOf } from "../page/record";
import { EVEN_BYTES as EVEN_VECTOR, needVectors } from "../page/vectors";

/** The largest prime below 2^16 (RFC 1950, section 8.2). */
const MODULUS: u32 = 65521;

/** Most bytes whose sums fit 32 bits before a remainder is due: zlib's NMAX. */
const BLOCK: u32 = 5552;

/** Rows summed at a time in lanes of 16 bits. Prefix sums reach 255 * 120; 24 rows would overflow. */
const ROWS: u32 = 16;

/** Bytes of a row, and of a tile of rows. */
const ROW: u32 = ASC_FEATURE_SIMD ? 16 : 8;
const TILE: u32 = ROW * ROWS;

const EVEN_BYTES: u64 = 0x00ff00ff00ff00ff;

let low: u32 = 0;
let high: u32 = 0;

function lane(lanes: u64, index: u64): u32 {
  return <u32>((lanes >> (index << 4)) & 0xffff);
}

function sumOf(lanes: u64): u32 {
  return lane(lanes, 0) + lane(lanes, 1) + lane(lanes, 2) + lane(lanes, 3);
}

function addTile(address: usize): void {
  let even: u64 = 0;
  let odd: u64 = 0;
  let evenPrefixes: u64 = 0;
  let oddPrefixes: u64 = 0;
  for (let row: u32 = 0; row < ROWS; row++) {
    const bytes = load<u64>(address);
    evenPrefixes += even;
    oddPrefixes += odd;
    even += bytes & EVEN_BYTES;
    odd += (bytes >> 8) & EVEN_BYTES;
    address += 8;
  }
  high += low * TILE + 8 * (sumOf(evenPrefixes) + sumOf(oddPrefixes));
  high += 8 * lane(even, 0) + 7 * lane(odd, 0) + 6 * lane(even, 1) + 5 * lane(odd, 1);
  high += 4 * lane(even, 2) + 3 * lane(odd, 2) + 2 * lane(even, 3) + lane(odd, 3);
  low += sumOf(even) + sumOf(odd);
}

function sumOfLanes(lanes: v128): u32 {
  const pairs = i32x4.add(lanes, i32x4.shuffle(lanes, lanes, 2, 3, 0, 1));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}

function addTileSimd(address: usize): void {
  const evenBytes = v128.load(EVEN_VECTOR);
  let even = i16x8.splat(0);
  let odd = i16x8.splat(0);
  let evenPrefixes = i16x8.splat(0);
  let oddPrefixes = i16x8.splat(0);
  for (let row: u32 = 0; row < ROWS; row += 2) {
    const first = v128.load(address);
    const second = v128.load(address, 16);
    evenPrefixes = i16x8.add(evenPrefixes, even);
    oddPrefixes = i16x8.add(oddPrefixes, odd);
    even = i16x8.add(even, v128.and(first, evenBytes));
    odd = i16x8.add(odd, i16x8.shr_u(first, 8));
    evenPrefixes = i16x8.add(evenPrefixes, even);
    oddPrefixes = i16x8.add(oddPrefixes, odd);
    even = i16x8.add(even, v128.and(second, evenBytes));
    odd = i16x8.add(odd, i16x8.shr_u(second, 8));
    address += 32;
  }
  const prefixes = i32x4.add(i32x4.extadd_pairwise_i16x8_u(evenPrefixes), i32x4.extadd_pairwise_i16x8_u(oddPrefixes));
  const lastRows = i32x4.add(
    i32x4.dot_i16x8_s(even, i16x8(16, 14, 12, 10, 8, 6, 4, 2)), // lanes reach 255 * 16: signed does
    i32x4.dot_i16x8_s(odd, i16x8(15, 13, 11, 9, 7, 5, 3, 1)),
  );
  const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.add(even, odd));
  high += low * TILE + sumOfLanes(i32x4.add(i32x4.shl(prefixes, 4), lastRows));
  low += sumOfLanes(sums);
}

/**
 * Adler-32 (RFC 1950) of the window's bytes from `start` to `end`, in place, going on from `previous` (1 to begin).
 * Traps where the range is not inside the window. The position stays.
 *
 * The checksum's high half adds up every prefix of the low half. In a tile, each lane keeps the sum of its bytes and
 * the sum of those sums row by row; the latter count as often as a row has bytes, and the bytes of the last row by how
 * far they stand from its end.
 */
export function adler32(cursor: u32, start: u32, end: u32, previous: u32): u32 {
  let address = rangeOf(cursor, start, end);
  let remaining = end - start;
  if (ASC_FEATURE_SIMD) needVectors();
  low = previous & 0xffff;
  high = previous >>> 16;
  while (remaining > 0) {
    lookAhead(address, remaining);
    let block = min<u32>(remaining, BLOCK);
    remaining -= block;
    for (; block >= TILE; block -= TILE) {
      if (ASC_FEATURE_SIMD) addTileSimd(address);
      else addTile(address);
      address += TILE;
    }
    for (; block > 0; block--) high += low += load<u8>(address++);
    low %= MODULUS;
    high %= MODULUS;
  }
  return (high << 16) | low;
}
