// Arrays in the other byte order. They cross through the scratch area, in parts of at most its size.

import { SCRATCH, SCRATCH_SIZE } from "../page/page";
import { reverse16, reverse32, reverse64 } from "../range/swap";
import { takeAddress } from "./cursor";

function reverse(from: usize, to: usize, length: u32, width: u32): void {
  if (width === 2) reverse16(from, to, length);
  else if (width === 4) reverse32(from, to, length);
  else reverse64(from, to, length);
}

function check(length: u32, width: u32): void {
  if (width !== 2 && width !== 4 && width !== 8) unreachable();
  if (length === 0 || length > SCRATCH_SIZE || length % width !== 0) unreachable();
}

/**
 * Reads `length` bytes into the scratch area, the bytes of each element of `width` reversed; traps and does not move if
 * fewer remain.
 */
export function readReversed(cursor: u32, length: u32, width: u32): void {
  check(length, width);
  reverse(takeAddress(cursor, length), SCRATCH, length, width);
}

/** Writes `length` bytes of the scratch area, as readReversed. */
export function writeReversed(cursor: u32, length: u32, width: u32): void {
  check(length, width);
  reverse(SCRATCH, takeAddress(cursor, length), length, width);
}
