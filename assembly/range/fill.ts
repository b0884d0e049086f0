import { SCRATCH, SCRATCH_SIZE } from "../page/page";
import { rangeOf } from "../page/record";

/** Sets the window's bytes from `start` to `end`; traps if they are not inside it. */
export function fillByte(cursor: u32, byte: u32, start: u32, end: u32): void {
  memory.fill(rangeOf(cursor, start, end), <u8>byte, end - start);
}

/**
 * As fillByte, with the first `length` bytes of the scratch area, repeated. The copies come from the scratch area, which
 * is first filled with the pattern: another process could change a copy that is already in the window.
 */
export function fill(cursor: u32, length: u32, start: u32, end: u32): void {
  if (length === 0 || length > SCRATCH_SIZE) unreachable();
  let address = rangeOf(cursor, start, end);
  let remaining = end - start;
  let filled = length;
  for (; filled <= SCRATCH_SIZE - filled; filled += filled) memory.copy(SCRATCH + filled, SCRATCH, filled);
  for (; remaining > filled; remaining -= filled) {
    memory.copy(address, SCRATCH, filled);
    address += filled;
  }
  memory.copy(address, SCRATCH, remaining);
}

/** As memmove; traps if the source or the target is not inside the window. */
export function copyWithin(cursor: u32, target: u32, start: u32, end: u32): void {
  const from = rangeOf(cursor, start, end);
  const length = end - start;
  if (target > target + length) unreachable(); // wrapped
  memory.copy(rangeOf(cursor, target, target + length), from, length);
}
