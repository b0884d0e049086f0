// Searches for a needle of several bytes, which is in the scratch area. Candidates are the places where its first byte and
// its last stand. If too many of them are false, the Two-Way algorithm takes over, which takes linear time on any bytes
// (Crochemore and Perrin, "Two-way string-matching", 1991).
import { SCRATCH, SCRATCH_SIZE } from "../page/page";
import { rangeOf } from "../page/record";
import { NOT_FOUND } from "./memchr";

/** Bytes that may be compared in vain for each byte searched before Two-Way takes over, and the allowance to begin with. */
const PATIENCE: i64 = 4;
const CREDIT: i64 = 4096;

// Two-Way reads the text and the needle in steps of 1 from their first byte, or of -1 from their last.
let step: i32 = 1;
let needle: usize = 0;
let period: i64 = 0;

function needleByte(index: i64): u8 {
  return load<u8>(needle + <usize>(index * <i64>step)); // 0 <= index < the needle's length
}

/** Where the largest suffix begins, less one, in the order of bytes or the opposite one; sets `period` to its period. */
function maximalSuffix(length: i64, opposite: bool): i64 {
  let suffix: i64 = -1;
  let candidate: i64 = 0;
  let offset: i64 = 1;
  period = 1;
  while (candidate + offset < length) {
    const left = needleByte(candidate + offset);
    const right = needleByte(suffix + offset);
    if (left === right) {
      if (offset !== period) offset++;
      else {
        candidate += period;
        offset = 1;
      }
    } else if (left < right !== opposite) {
      candidate += offset;
      offset = 1;
      period = candidate - suffix;
    } else {
      suffix = candidate++;
      offset = period = 1;
    }
  }
  return suffix;
}

/** Steps from `text` to the first occurrence among `size` bytes; the caller checked the text and the needle. */
function twoWay(text: usize, size: i64, length: i64): i64 {
  const plain = maximalSuffix(length, false);
  const plainPeriod = period;
  const opposite = maximalSuffix(length, true);
  const critical = max(plain, opposite);
  let shift = plain > opposite ? plainPeriod : period;
  let periodic = shift + critical < length;
  for (let index: i64 = 0; periodic && index <= critical; index++)
    periodic = needleByte(index) === needleByte(index + shift);
  if (!periodic) shift = max(critical + 1, length - critical - 1) + 1;
  let known: i64 = -1; // in a periodic needle, the bytes up to here are known to match
  for (let at: i64 = 0; at <= size - length; ) {
    let index = max(critical, known) + 1;
    while (index < length && needleByte(index) === load<u8>(text + <usize>((at + index) * <i64>step))) index++;
    if (index < length) {
      at += index - critical;
      known = -1;
      continue;
    }
    index = critical;
    while (index > known && needleByte(index) === load<u8>(text + <usize>((at + index) * <i64>step))) index--;
    if (index <= known) return at;
    at += shift;
    if (periodic) known = length - shift - 1;
  }
  return NOT_FOUND;
}

/** How many bytes at `address` match the needle. */
function matching(address: usize, length: u32): u32 {
  let index: u32 = 0;
  for (; length - index >= 8; index += 8) {
    const difference = load<u64>(address + index) ^ load<u64>(SCRATCH + index);
    if (difference) return index + <u32>(ctz<u64>(difference) >> 3);
  }
  for (; index < length; index++) if (load<u8>(address + index) !== load<u8>(SCRATCH + index)) break;
  return index;
}

/** A bit for each of 16 places, from the lowest: set if the needle's first byte and its last stand there. */
function candidates16(address: usize, lastOffset: u32, first: v128, last: v128): u32 {
  const starts = i8x16.eq(v128.load(address), first);
  const ends = i8x16.eq(v128.load(address + lastOffset), last);
  return <u32>i8x16.bitmask(v128.and(starts, ends));
}

/** Bytes from `text` to the first occurrence of the needle's `length` bytes among `size`, which the caller checked. */
function memmem(text: usize, size: u32, length: u32): i64 {
  const lastOffset = length - 1;
  const firstByte = load<u8>(SCRATCH);
  const lastByte = load<u8>(SCRATCH + lastOffset);
  const places = size - lastOffset; // offsets at which it may begin
  let credit = CREDIT;
  let at: u32 = 0;
  const first = i8x16.splat(firstByte);
  const last = i8x16.splat(lastByte);
  for (; places - at >= 16 && credit > 0; at += 16) {
    credit += 16 * PATIENCE;
    for (let marks = candidates16(text + at, lastOffset, first, last); marks; marks &= marks - 1) {
      const place = at + <u32>ctz<u32>(marks);
      const matched = matching(text + place, length);
      if (matched === length) return <i64>place;
      credit -= <i64>matched + 8;
    }
  }
  for (; at < places && credit > 0; at++) {
    credit += PATIENCE;
    if (load<u8>(text + at) !== firstByte || load<u8>(text + at + lastOffset) !== lastByte) continue;
    const matched = matching(text + at, length);
    if (matched === length) return <i64>at;
    credit -= <i64>matched + 8;
  }
  if (at >= places) return NOT_FOUND;
  step = 1;
  needle = SCRATCH;
  const found = twoWay(text + at, <i64>(size - at), <i64>length);
  return found < 0 ? found : <i64>at + found;
}

/** As memmem, the last occurrence; its place is counted from `text` too. */
function memrmem(text: usize, size: u32, length: u32): i64 {
  const lastOffset = length - 1;
  const firstByte = load<u8>(SCRATCH);
  const lastByte = load<u8>(SCRATCH + lastOffset);
  let places = size - lastOffset;
  let credit = CREDIT;
  const first = i8x16.splat(firstByte);
  const last = i8x16.splat(lastByte);
  for (; places >= 16 && credit > 0; places -= 16) {
    credit += 16 * PATIENCE;
    const block = places - 16;
    let marks = candidates16(text + block, lastOffset, first, last);
    while (marks) {
      const bit = 31 - <u32>clz<u32>(marks);
      const matched = matching(text + block + bit, length);
      if (matched === length) return <i64>(block + bit);
      credit -= <i64>matched + 8;
      marks ^= 1 << bit;
    }
  }
  for (; places > 0 && credit > 0; places--) {
    credit += PATIENCE;
    const at = places - 1;
    if (load<u8>(text + at) !== firstByte || load<u8>(text + at + lastOffset) !== lastByte) continue;
    const matched = matching(text + at, length);
    if (matched === length) return <i64>at;
    credit -= <i64>matched + 8;
  }
  if (places === 0) return NOT_FOUND;
  const rest = places + lastOffset;
  step = -1;
  needle = SCRATCH + lastOffset;
  const found = twoWay(text + rest - 1, <i64>rest, <i64>length);
  return found < 0 ? found : <i64>rest - <i64>length - found;
}

/** Whether a needle of `length` bytes fits into `size`; traps if the scratch area cannot hold such a needle. */
function fits(length: u32, size: u32): bool {
  if (length === 0 || length > SCRATCH_SIZE) unreachable();
  return length <= size;
}

/**
 * Where the first occurrence of the needle, the first `length` bytes of the scratch area, begins in the window from
 * `start` to `end`, or -1; traps if the range is not inside the window.
 */
export function indexOf(cursor: u32, length: u32, start: u32, end: u32): f64 {
  const address = rangeOf(cursor, start, end);
  if (!fits(length, end - start)) return -1;
  const found = memmem(address, end - start, length);
  return found < 0 ? -1 : <f64>(<i64>start + found);
}

/** As indexOf, the last occurrence. */
export function lastIndexOf(cursor: u32, length: u32, start: u32, end: u32): f64 {
  const address = rangeOf(cursor, start, end);
  if (!fits(length, end - start)) return -1;
  const found = memrmem(address, end - start, length);
  return found < 0 ? -1 : <f64>(<i64>start + found);
}
