// A record is what the core knows of one cursor: its position, and the window it may touch.
//
//   0                        32768                 65536
//   | free for static data   | 2,048 records       | window ...
//
// A record is 16 bytes: i64 position, u32 start, u32 size. A cursor is the record's number, so every number a
// caller can name is a record or a trap, and no peer process can edit one: records lie outside every window.

/** First byte that a window may have. Also in src/window.ts; test/binary.test.ts holds the two together. */
export const WINDOW_START: u32 = 65536;

const RECORDS_START: usize = 32768;
const RECORD_SHIFT: usize = 4;

/** Records there are; number 0 is none of them: every use of it traps. */
export const RECORD_COUNT: u32 = 2048;

const START: usize = 8;
const SIZE: usize = 12;

/** Address of a record; traps on a number that is none. */
export function recordOf(cursor: u32): usize {
  if (cursor - 1 >= RECORD_COUNT - 1) unreachable(); // unsigned: 0 wraps to the largest
  return RECORDS_START + ((<usize>cursor) << RECORD_SHIFT);
}

/** Lets `cursor` touch `size` bytes from `start`, its position at 0. Traps where they are not a window of this memory. */
export function open(cursor: u32, start: u32, size: u32): void {
  const record = recordOf(cursor);
  const end = (<u64>memory.size()) << 16;
  if (start < WINDOW_START || <u64>start > end || <u64>size > end - <u64>start) unreachable();
  store<i64>(record, 0);
  store<u32>(record, start, START);
  store<u32>(record, size, SIZE);
}

/** A closed cursor has no bytes, and its position is past their end: not one can be read or written through it. */
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
