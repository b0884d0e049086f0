import { SCRATCH, SCRATCH_SIZE } from "../page/page";
import { rangeOf } from "../page/record";

/** Bytes from both addresses on, in blocks of 64, that are the same; at most `length`. */
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
 * where there is none. Traps where they are not inside the window.
 */
export function compare(cursor: u32, start: u32, length: u32): i32 {
  if (length > SCRATCH_SIZE || start > start + length) unreachable();
  let left = rangeOf(cursor, start, start + length);
  let right = <usize>SCRATCH;
  if (ASC_FEATURE_SIMD) {
    const same = sameBlocks(left, right, length);
    left += same;
    right += same;
    length -= same;
  }
  for (; length >= 8; length -= 8) {
    const ours = load<u64>(left);
    const theirs = load<u64>(right);
    if (ours !== theirs) return bswap<u64>(ours) < bswap<u64>(theirs) ? -1 : 1; // the lowest byte decides
    left += 8;
    right += 8;
  }
  for (; length > 0; length--) {
    const ours = load<u8>(left++);
    const theirs = load<u8>(right++);
    if (ours !== theirs) return ours < theirs ? -1 : 1;
  }
  return 0;
}
