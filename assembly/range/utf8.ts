// UTF-8 as the Encoding Standard and Unicode's table 3-7 define it. The algorithm is Keiser and Lemire's, "Validating
// UTF-8 in less than one instruction per byte" (2021): three tables give what may be wrong with a pair of neighbours.
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

/** What utf8Prefix returns if a byte is wrong: no range is as long. */
const INVALID: u32 = 0xffffffff;

/** Bytes that are skipped at once if all are ASCII. */
const BLOCK: u32 = 128;

/** Whether 128 bytes, and the 16 before them, are ASCII. */
function isAscii(address: usize): bool {
  const first = v128.or(v128.load(address), v128.load(address, 16));
  const second = v128.or(v128.load(address, 32), v128.load(address, 48));
  const third = v128.or(v128.load(address, 64), v128.load(address, 80));
  const fourth = v128.or(v128.load(address, 96), v128.load(address, 112));
  const all = v128.or(v128.or(first, second), v128.or(third, fourth));
  return i8x16.bitmask(v128.or(all, v128.load(address - 16))) === 0;
}

/**
 * Whether `length` bytes, a multiple of 16, are valid after the 16 bytes before them, which the caller checked.
 *
 * The tables give what may be wrong with two neighbours, by both halves of the first and the high half of the second:
 * 1 too short, 2 too long, 4 overlong of 3 bytes, 8 past U+10FFFF, 16 a surrogate, 32 overlong of 2 bytes, 64 overlong of
 * 4 or past U+10FFFF, 128 two continuations, which are right only if a third or fourth byte is due.
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
    if (part === BLOCK && isAscii(address)) {
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
      // The high bit is set if the byte two before is at least 0xe0, or the byte three before at least 0xf0.
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

/** Copies at most 32 bytes into the scratch area, after 16 zeros and before as many or more. */
function toScratch(address: usize, length: u32): void {
  memory.fill(SCRATCH, 0, 64);
  memory.copy(SCRATCH + 16, address, length);
}

/** The first 16 bytes of the range, and the last, are checked in the scratch area, where zeros stand beside them. */
function isUtf8(address: usize, length: u32): bool {
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

/** Bytes of the character that begins with `lead`; 0 if none can. */
function lengthOf(lead: u32): u32 {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Bytes of an unfinished character at the end: 0 to 3. */
function unfinished(address: usize, length: u32): u32 {
  for (let back: u32 = 1; back <= min<u32>(3, length); back++) {
    const byte = <u32>load<u8>(address + <usize>(length - back));
    if (!isContinuation(byte)) return lengthOf(byte) > back ? back : 0;
  }
  return 0;
}

/**
 * How many bytes of the window from `start` are whole characters of UTF-8: all up to `end`, except at most 3 of an
 * unfinished character; INVALID if a byte is wrong. Traps if the range is not inside the window.
 */
export function utf8Prefix(cursor: u32, start: u32, end: u32): u32 {
  const address = rangeOf(cursor, start, end);
  const length = end - start - unfinished(address, end - start);
  return isUtf8(address, length) ? length : INVALID;
}
