import { SCRATCH, SCRATCH_SIZE } from "../page/page";
import { rangeOf } from "../page/record";

/** How many bytes at both addresses are the same, in whole blocks of 64; at most `length`. */
function sameBlocks(left: usize, right: usize, length: u32): u32 {
  let same: u32 = 0;
  for (; length - same >= 64; same += 64) {
    const first = v128.xor(v128.load(left), v128.load(right));
    const second = v128.xor(v128.load(left, 16), v128.load(right, 16));
    const third = v128.xor(v128.load(left, 32), v128.load(right, 32));
    const fourth = v128.xor(v128.load(left, 48), v128.load(right, 48));
    if (v128.any_true(v128.or(v128.or(first, second), v128.or(third, fourth)))) break;
    left += 64;
    right += 64;
  }
  return same;
}

/**
 * The sign of the first difference between `length` bytes of the window from `start` and those of the scratch area; 0
 * if there is none. Traps if the range is not inside the window.
 */
export function compare(cursor: u32, start: u32, length: u32): i32 {
  if (length > SCRATCH_SIZE || start > start + length) unreachable();
  let left = rangeOf(cursor, start, start + length);
  let right = <usize>SCRATCH;
  const same = sameBlocks(left, right, length);
  left += same;
  right += same;
  length -= same;
  for (; length >= 8; length -= 8) {
    const leftWord = load<u64>(left);
    const rightWord = load<u64>(right);
    if (leftWord !== rightWord) return bswap<u64>(leftWord) < bswap<u64>(rightWord) ? -1 : 1; // the lowest byte decides
    left += 8;
    right += 8;
  }
  for (; length > 0; length--) {
    const leftByte = load<u8>(left++);
    const rightByte = load<u8>(right++);
    if (leftByte !== rightByte) return leftByte < rightByte ? -1 : 1;
  }
  return 0;
}
