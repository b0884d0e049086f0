import { recordOf, sizeOf, startOf } from "./record";

/** The largest prime below 2^16 (RFC 1950, section 8.2). */
const MODULUS: u32 = 65521;

/** Most bytes whose sums fit 32 bits before a remainder is due: zlib's NMAX, here down to a multiple of 16. */
const BLOCK: usize = 5552;

/**
 * Adler-32 (RFC 1950) of the window's bytes from `start` to `end`, in place, going on from `previous` (1 to begin).
 * Traps where the range is not inside the window. The position stays.
 */
export function adler32(cursor: u32, start: u32, end: u32, previous: u32): u32 {
  const record = recordOf(cursor);
  if (<i64>end > sizeOf(record) || start > end) unreachable();
  let low = previous & 0xffff;
  let high = previous >>> 16;
  let address = startOf(record) + <usize>start; // from here to `last` is inside the window: checked above
  const last = startOf(record) + <usize>end;
  while (address < last) {
    const stop = address + min<usize>(last - address, BLOCK);
    while (stop - address >= 8) {
      // Eight bytes by one load: a peer may change them between two loads, and this also halves the loads' cost.
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
    }
    while (address < stop) high += low += load<u8>(address++);
    low %= MODULUS;
    high %= MODULUS;
  }
  return (high << 16) | low;
}
