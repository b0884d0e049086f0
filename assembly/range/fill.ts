import { SCRATCH, SCRATCH_SIZE } from "../page/page";
import { rangeOf } from "../page/record";

/** Sets the window's bytes from `start` to `end`; traps where they are not inside it. */
export function fillByte(cursor: u32, byte: u32, start: u32, end: u32): void {
  memory.fill(rangeOf(cursor, start, end), <u8>byte, end - start);
}

/**
 * As fillByte, by the first `length` bytes of the scratch area, again and again. Copies of them are made behind them
 * there first: no other process can change what is then copied to the window.
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

/** As memmove; traps where source or target is not inside the window. */
export function copyWithin(cursor: u32, target: u32, start: u32, end: u32): void {
  const from = rangeOf(cursor, start, end);
  const length = end - start;
  if (target > target + length) unreachable(); // wrapped
  memory.copy(rangeOf(cursor, target, target + length), from, length);
}
