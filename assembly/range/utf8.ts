// UTF-8 as the Encoding Standard and Unicode's table 3-7 have it. By vectors: Keiser and Lemire, "Validating UTF-8 in
// less than one instruction per byte" (2021), whose three tables name for each pair of neighbours what may be wrong.
import { SCRATCH } from "../page/page";
import { rangeOf } from "../page/record";
import {
  BELOW_FOURTH,
  BELOW_THIRD,
  BY_HIGH,
  BY_HIGH_BEFORE,
  BY_LOW_BEFORE,
  HIGH_BITS,
  LOW_NIBBLES,
  needVectors,
} from "../page/vectors";

/** What isUtf8's export answers where a byte is wrong: no range is as long. */
const INVALID: u32 = 0xffffffff;

/** Bytes that are passed over at once where all are plain. */
const BLOCK: u32 = 128;

const HIGH_BITS_OF_8: u64 = 0x8080808080808080;

/** Whether none of 128 bytes, nor of the 16 before them, is more than 0x7f. */
function isPlain(address: usize): bool {
  const first = v128.or(v128.load(address), v128.load(address, 16));
  const second = v128.or(v128.load(address, 32), v128.load(address, 48));
  const third = v128.or(v128.load(address, 64), v128.load(address, 80));
  const fourth = v128.or(v128.load(address, 96), v128.load(address, 112));
  const all = v128.or(v128.or(first, second), v128.or(third, fourth));
  return i8x16.bitmask(v128.or(all, v128.load(address - 16))) === 0;
}

/**
 * Whether `length` bytes, a multiple of 16, go with each other and with the 16 before them, which the caller checked.
 *
 * The tables say of two neighbours, by the halves of the first and the high half of the second, what may be wrong:
 * 1 too short, 2 too long, 4 overlong of 3 bytes, 8 past U+10FFFF, 16 a surrogate, 32 overlong of 2 bytes, 64 overlong of
 * 4 or past U+10FFFF, 128 two continuations, which is right where a third or fourth byte is due, and only there.
 */
function rowsAreUtf8(address: usize, length: u32): bool {
  const lowNibbles = v128.load(LOW_NIBBLES);
  const highBits = v128.load(HIGH_BITS);
  const byHighBefore = v128.load(BY_HIGH_BEFORE);
  const byLowBefore = v128.load(BY_LOW_BEFORE);
  const byHigh = v128.load(BY_HIGH);
  const belowThird = v128.load(BELOW_THIRD);
  const belowFourth = v128.load(BELOW_FOURTH);
  let errors = v128.xor(lowNibbles, lowNibbles);
  while (length > 0) {
    let part = min<u32>(length, BLOCK);
    length -= part;
    if (part === BLOCK && isPlain(address)) {
      address += BLOCK;
      continue;
    }
    for (; part > 0; part -= 16) {
      const before = v128.load(address - 1);
      const mistakes = v128.and(
        v128.and(
          i8x16.swizzle(byHighBefore, v128.and(i16x8.shr_u(before, 4), lowNibbles)),
          i8x16.swizzle(byLowBefore, v128.and(before, lowNibbles)),
        ),
        i8x16.swizzle(byHigh, v128.and(i16x8.shr_u(v128.load(address), 4), lowNibbles)),
      );
      // The high bit is set where the second byte before is from 0xe0 on, or the third from 0xf0 on.
      const due = v128.or(
        i8x16.sub_sat_u(v128.load(address - 2), belowThird),
        i8x16.sub_sat_u(v128.load(address - 3), belowFourth),
      );
      errors = v128.or(errors, v128.xor(v128.and(due, highBits), mistakes));
      address += 16;
    }
  }
  return !v128.any_true(errors);
}

/** Copies bytes behind 16 zeros in the scratch area, and puts zeros behind them. */
function toScratch(address: usize, length: u32): void {
  memory.fill(SCRATCH, 0, 64);
  memory.copy(SCRATCH + 16, address, length);
}

/** The range's first 16 bytes, and its last ones, are checked in the scratch area: there are zeros on the side that is not in the range. */
function isUtf8Simd(address: usize, length: u32): bool {
  needVectors();
  if (length <= 32) {
    toScratch(address, length);
    return rowsAreUtf8(SCRATCH + 16, 48);
  }
  toScratch(address, 16);
  if (!rowsAreUtf8(SCRATCH + 16, 16)) return false;
  const rows = (length - 16) & ~15;
  if (!rowsAreUtf8(address + 16, rows)) return false;
  const rest = length - 16 - rows;
  toScratch(address + <usize>rows, 16 + rest);
  return rowsAreUtf8(SCRATCH + 32, 32);
}

function isContinuation(byte: u32): bool {
  return (byte & 0xc0) === 0x80;
}

/** Bytes of the character that begins with `lead`; 0 where none may. */
function lengthOf(lead: u32): u32 {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Whether the second byte of a character may follow `lead`. */
function mayFollow(lead: u32, second: u32): bool {
  if (lead === 0xe0) return second >= 0xa0 && second < 0xc0;
  if (lead === 0xed) return second >= 0x80 && second < 0xa0;
  if (lead === 0xf0) return second >= 0x90 && second < 0xc0;
  if (lead === 0xf4) return second >= 0x80 && second < 0x90;
  return isContinuation(second);
}

function isUtf8Scalar(address: usize, length: u32): bool {
  while (length > 0) {
    if (length >= 8 && (load<u64>(address) & HIGH_BITS_OF_8) === 0) {
      address += 8;
      length -= 8;
      continue;
    }
    const lead = <u32>load<u8>(address);
    const bytes = lengthOf(lead);
    if (bytes === 0 || bytes > length) return false;
    if (bytes > 1 && !mayFollow(lead, load<u8>(address, 1))) return false;
    for (let index: u32 = 2; index < bytes; index++) if (!isContinuation(load<u8>(address + index))) return false;
    address += bytes;
    length -= bytes;
  }
  return true;
}

/** Bytes at the end that begin a character and do not finish it: 0 to 3. */
function unfinished(address: usize, length: u32): u32 {
  for (let back: u32 = 1; back <= min<u32>(3, length); back++) {
    const byte = <u32>load<u8>(address + <usize>(length - back));
    if (!isContinuation(byte)) return lengthOf(byte) > back ? back : 0;
  }
  return 0;
}

/**
 * How many bytes of the window from `start` are whole characters of UTF-8: all to `end`, but for the 3 at most that
 * begin another; INVALID where a byte is wrong. Traps where the range is not inside the window.
 */
export function utf8Prefix(cursor: u32, start: u32, end: u32): u32 {
  const address = rangeOf(cursor, start, end);
  const length = end - start - unfinished(address, end - start);
  const valid = ASC_FEATURE_SIMD ? isUtf8Simd(address, length) : isUtf8Scalar(address, length);
  return valid ? length : INVALID;
}
