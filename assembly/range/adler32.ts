import { lookAhead } from "../page/prefetch";
import { rangeOf } from "../page/record";
import { EVEN_BYTES, needVectors } from "../page/vectors";

/** The largest prime below 2^16 (RFC 1950, section 8.2). */
const MODULUS: u32 = 65521;

/** Most bytes whose sums fit 32 bits before the remainder must be taken: zlib's NMAX. */
const BLOCK: u32 = 5552;

/** Rows summed at a time in lanes of 16 bits. Their prefix sums reach 255 * 120; 24 rows would overflow. */
const ROWS: u32 = 16;

/** Bytes of a row, and of a tile of rows. */
const ROW: u32 = 16;
const TILE: u32 = ROW * ROWS;

let low: u32 = 0;
let high: u32 = 0;

function sumOfLanes(lanes: v128): u32 {
  const pairs = i32x4.add(lanes, i32x4.shuffle(lanes, lanes, 2, 3, 0, 1));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}

function addTile(address: usize): void {
  const evenBytes = v128.load(EVEN_BYTES);
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
    i32x4.dot_i16x8_s(even, i16x8(16, 14, 12, 10, 8, 6, 4, 2)), // lanes reach 255 * 16, so signed ones suffice
    i32x4.dot_i16x8_s(odd, i16x8(15, 13, 11, 9, 7, 5, 3, 1)),
  );
  const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.add(even, odd));
  high += low * TILE + sumOfLanes(i32x4.add(i32x4.shl(prefixes, 4), lastRows));
  low += sumOfLanes(sums);
}

/**
 * Adler-32 (RFC 1950) of the window's bytes from `start` to `end`, in place, continued from `previous` (1 to begin).
 * Traps if the range is not inside the window. Does not move the position.
 *
 * The checksum's high half is the sum of every value that the low half had. In a tile, each lane keeps the sum of its
 * bytes, and the sum of those sums after each row. The latter count once for each byte of a row; the bytes within a row
 * count by their distance from its end.
 */
export function adler32(cursor: u32, start: u32, end: u32, previous: u32): u32 {
  let address = rangeOf(cursor, start, end);
  let remaining = end - start;
  needVectors();
  low = previous & 0xffff;
  high = previous >>> 16;
  while (remaining > 0) {
    lookAhead(address, remaining);
    let block = min<u32>(remaining, BLOCK);
    remaining -= block;
    for (; block >= TILE; block -= TILE) {
      addTile(address);
      address += TILE;
    }
    for (; block > 0; block--) high += low += load<u8>(address++);
    low %= MODULUS;
    high %= MODULUS;
  }
  return (high << 16) | low;
}
