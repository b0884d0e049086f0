import { positionOf, recordOf, setPosition, sizeOf, startOf } from "../page/record";

/** Number.MAX_SAFE_INTEGER: positions cross to JS as f64. */
const MAX_POSITION: i64 = 9007199254740991;

/** Where in the window the next `length` bytes are, and moves past them; traps and does not move if fewer remain. */
export function take(cursor: u32, length: u32): u32 {
  return takeFrom(recordOf(cursor), length);
}

/** As take, without the move. */
export function peek(cursor: u32, length: u32): u32 {
  const record = recordOf(cursor);
  const position = positionOf(record);
  checkRemain(record, position, length);
  return <u32>position;
}

/** As take, but returns an address. `length` is at least 1: 0 bytes at the end of a 4 GiB memory have no address. */
export function takeAddress(cursor: u32, length: u32): usize {
  const record = recordOf(cursor);
  return startOf(record) + <usize>takeFrom(record, length);
}

/**
 * The one bounds check of a cursor. What remains is negative past the end; neither value reaches 2^53, so none wraps.
 */
function checkRemain(record: usize, position: i64, length: u32): void {
  if (sizeOf(record) - position < <i64>length) unreachable();
}

function takeFrom(record: usize, length: u32): u32 {
  const position = positionOf(record);
  checkRemain(record, position, length);
  setPosition(record, position + <i64>length);
  return <u32>position;
}

/**
 * As take, but of at most `length` bytes: it moves past the bytes that remain if they are fewer, and past none at the
 * end.
 */
export function claim(cursor: u32, length: u32): u32 {
  const record = recordOf(cursor);
  const position = positionOf(record);
  const size = sizeOf(record);
  if (position >= size) return <u32>size;
  setPosition(record, position + min<i64>(size - position, <i64>length));
  return <u32>position;
}

export function position(cursor: u32): f64 {
  return <f64>positionOf(recordOf(cursor));
}

/**
 * io.Seeker: whence 0 counts from the start, 1 from the position, 2 from the end. Returns the new position, which may
 * be past the end; traps and does not move if it is before the start. The caller has checked that `offset` is a safe
 * integer.
 */
export function seek(cursor: u32, offset: f64, whence: u32): f64 {
  const record = recordOf(cursor);
  let base: i64 = 0;
  if (whence === 1) base = positionOf(record);
  else if (whence === 2) base = sizeOf(record);
  else if (whence !== 0) unreachable();
  const target = base + <i64>offset;
  if (target < 0 || target > MAX_POSITION) unreachable();
  setPosition(record, target);
  return <f64>target;
}
