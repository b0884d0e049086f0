import { recordOf, sizeOf, startOf } from "./record";

/** The largest prime below 2^16 (RFC 1950, section 8.2). */
const MODULUS: u32 = 65521;

/** Most bytes whose sums fit 32 bits before a remainder is due: zlib's NMAX. */
const BLOCK: u32 = 5552;

/**
 * Adler-32 (RFC 1950) of the window's bytes from `start` to `end`, in place, going on from `previous` (1 to begin).
 * Traps where the range is not inside the window. The position stays.
 */
export function adler32(cursor: u32, start: u32, end: u32, previous: u32): u32 {
  const record = recordOf(cursor);
  if (<i64>end > sizeOf(record) || start > end) unreachable();
  let low = previous & 0xffff;
  let high = previous >>> 16;
  let address = startOf(record) + <usize>start; // `remaining` bytes from here are inside the window: checked above
  let remaining = end - start; // counted down: the end of a 4 GiB memory has no address to compare with
  while (remaining > 0) {
    let block = min<u32>(remaining, BLOCK);
    remaining -= block;
    while (block >= 8) {
      // Eight bytes by one load, not eight.
      const bytes = load<u64>(address);
      high += low += <u32>(bytes & 0xff);
      high += low += <u32>((bytes >> 8) & 0xff);
      high += low += <u32>((bytes >> 16) & 0xff);
      high += low += <u32>((bytes >> 24) & 0xff);
      high += low += <u32>((bytes >> 32) & 0xff);
      high += low += <u32>((bytes >> 40) & 0xff);
      high += low += <u32>((bytes >> 48) & 0xff);
      high += low += <u32>(bytes >> 56);
      address += 8;
      block -= 8;
    }
    while (block > 0) {
      high += low += load<u8>(address++);
      block--;
    }
    low %= MODULUS;
    high %= MODULUS;
  }
  return (high << 16) | low;
}
