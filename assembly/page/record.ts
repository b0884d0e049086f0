// A record is the core's state of one cursor: its position, and the window it may touch. It has 16 bytes: i64 position,
// u32 start, u32 size. A cursor is the number of a record, so every number that a caller passes is a record or a trap.
// Records lie outside every window, so no other process can edit one.
import { checkIfExposed, checkPage } from "./canary";
import { RECORDS, WINDOW_START } from "./page";

const RECORD_SHIFT: usize = 4;

/** Numbers of records, with 0, which is not a record: every use of it traps. What would be the next one has a canary. */
export const RECORD_COUNT: u32 = 2047;

const START: usize = 8;
const SIZE: usize = 12;

/** Address of a record; traps if the number is not one's. */
export function recordOf(cursor: u32): usize {
  if (cursor - 1 >= RECORD_COUNT - 1) unreachable(); // unsigned: 0 wraps to the largest
  return RECORDS + ((<usize>cursor) << RECORD_SHIFT);
}

/**
 * Lets `cursor` touch `size` bytes from `start`, with its position at 0. Traps if they are not a window of this memory.
 */
export function open(cursor: u32, start: u32, size: u32): void {
  const record = recordOf(cursor);
  const end = (<u64>memory.size()) << 16;
  checkPage();
  if (start < WINDOW_START || <u64>start > end || <u64>size > end - <u64>start) unreachable();
  store<i64>(record, 0);
  store<u32>(record, start, START);
  store<u32>(record, size, SIZE);
}

/** A closed cursor has no bytes, and its position is past their end: no byte can be read or written through it. */
export function close(cursor: u32): void {
  const record = recordOf(cursor);
  store<i64>(record, 1);
  store<u32>(record, 0, SIZE);
}

/** Bytes from the window's start; past its end after a seek there. Never negative, never above 2^53. */
export function positionOf(record: usize): i64 {
  return load<i64>(record);
}

export function setPosition(record: usize, position: i64): void {
  store<i64>(record, position);
}

export function startOf(record: usize): usize {
  return load<u32>(record, START);
}

export function sizeOf(record: usize): i64 {
  return <i64>load<u32>(record, SIZE);
}

/**
 * Address of the bytes from `start` to `end` of the cursor's window; traps if they are not inside it. It is checked for
 * `end - start` bytes. Callers count these down: the end of a 4 GiB memory has no address to compare with.
 */
export function rangeOf(cursor: u32, start: u32, end: u32): usize {
  checkIfExposed();
  const record = recordOf(cursor);
  if (<i64>end > sizeOf(record) || start > end) unreachable();
  return startOf(record) + <usize>start;
}
