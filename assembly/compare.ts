// The window's bytes beside those of the scratch area.
import { SCRATCH, SCRATCH_SIZE } from "./page";
import { rangeOf } from "./record";

function windowBytes(cursor: u32, start: u32, length: u32): usize {
  if (length > SCRATCH_SIZE || start > start + length) unreachable();
  return rangeOf(cursor, start, start + length);
}

/** Whether `length` bytes from `start` are those of the scratch area; traps where they are not inside the window. */
export function equals(cursor: u32, start: u32, length: u32): bool {
  let left = windowBytes(cursor, start, length);
  let right = <usize>SCRATCH;
  if (ASC_FEATURE_SIMD)
    for (; length >= 64; length -= 64) {
      const first = v128.xor(v128.load(left), v128.load(right));
      const second = v128.xor(v128.load(left, 16), v128.load(right, 16));
      const third = v128.xor(v128.load(left, 32), v128.load(right, 32));
      const fourth = v128.xor(v128.load(left, 48), v128.load(right, 48));
      if (v128.any_true(v128.or(v128.or(first, second), v128.or(third, fourth)))) return false;
      left += 64;
      right += 64;
    }
  for (; length >= 8; length -= 8) {
    if (load<u64>(left) !== load<u64>(right)) return false;
    left += 8;
    right += 8;
  }
  for (; length > 0; length--) if (load<u8>(left++) !== load<u8>(right++)) return false;
  return true;
}

/** The sign of the first difference between them; 0 where there is none. */
export function compare(cursor: u32, start: u32, length: u32): i32 {
  let left = windowBytes(cursor, start, length);
  let right = <usize>SCRATCH;
  for (; length >= 8; length -= 8) {
    const ours = load<u64>(left);
    const theirs = load<u64>(right);
    if (ours !== theirs) return bswap<u64>(ours) < bswap<u64>(theirs) ? -1 : 1;
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
