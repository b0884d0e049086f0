import { positionOf, rangeOf, recordOf, sizeOf, startOf } from "../page/record";

/** What a search answers where there is none. */
export const NOT_FOUND: i64 = -1;

const LOW_BITS: u64 = 0x0101010101010101;
const HIGH_BITS: u64 = 0x8080808080808080;

/** Marks the zero bytes of a word; the lowest mark is right, those above it may not be. */
function zeroBytes(word: u64): u64 {
  return (word - LOW_BITS) & ~word & HIGH_BITS;
}

/** Not zero where one of 128 bytes is one of `wanted`, which are all the same. */
function anyOf128(address: usize, wanted: v128): i32 {
  const first = v128.or(i8x16.eq(v128.load(address), wanted), i8x16.eq(v128.load(address, 16), wanted));
  const second = v128.or(i8x16.eq(v128.load(address, 32), wanted), i8x16.eq(v128.load(address, 48), wanted));
  const third = v128.or(i8x16.eq(v128.load(address, 64), wanted), i8x16.eq(v128.load(address, 80), wanted));
  const fourth = v128.or(i8x16.eq(v128.load(address, 96), wanted), i8x16.eq(v128.load(address, 112), wanted));
  return i8x16.bitmask(v128.or(v128.or(first, second), v128.or(third, fourth)));
}

/** Bytes from `address` to the first that is `byte`, among `length` checked by the caller; NOT_FOUND where there is none. */
export function find(address: usize, byte: u8, length: u32): i64 {
  const start = address;
  let remaining = length;
  if (ASC_FEATURE_SIMD) {
    const wanted = i8x16.splat(byte);
    for (; remaining >= 128 && !anyOf128(address, wanted); remaining -= 128) address += 128;
    for (; remaining >= 16; remaining -= 16) {
      const marks = i8x16.bitmask(i8x16.eq(v128.load(address), wanted));
      if (marks) return <i64>(address - start) + <i64>ctz<i32>(marks);
      address += 16;
    }
  } else {
    const wanted = <u64>byte * LOW_BITS;
    for (; remaining >= 8; remaining -= 8) {
      const marks = zeroBytes(load<u64>(address) ^ wanted);
      if (marks) return <i64>(address - start) + <i64>(ctz<u64>(marks) >> 3);
      address += 8;
    }
  }
  for (; remaining > 0; remaining--) {
    if (load<u8>(address) === byte) return <i64>(address - start);
    address++;
  }
  return NOT_FOUND;
}

function findLast(address: usize, byte: u8, length: u32): i64 {
  let remaining = length;
  if (ASC_FEATURE_SIMD) {
    const wanted = i8x16.splat(byte);
    while (remaining >= 128 && !anyOf128(address + <usize>remaining - 128, wanted)) remaining -= 128;
    for (; remaining >= 16; remaining -= 16) {
      const marks = i8x16.bitmask(i8x16.eq(v128.load(address + <usize>remaining - 16), wanted));
      if (marks) return <i64>remaining - 16 + <i64>(31 - clz<i32>(marks));
    }
  } else {
    const wanted = <u64>byte * LOW_BITS;
    while (remaining >= 8 && !zeroBytes(load<u64>(address + <usize>remaining - 8) ^ wanted)) remaining -= 8;
  }
  for (; remaining > 0; remaining--) if (load<u8>(address + <usize>remaining - 1) === byte) return <i64>remaining - 1;
  return NOT_FOUND;
}

/** Where in the window the first such byte from `start` to `end` is, or -1; traps where the range is not inside. */
export function indexOfByte(cursor: u32, byte: u32, start: u32, end: u32): f64 {
  const found = find(rangeOf(cursor, start, end), <u8>byte, end - start);
  return found < 0 ? -1 : <f64>(<i64>start + found);
}

/** As indexOfByte, the last. */
export function lastIndexOfByte(cursor: u32, byte: u32, start: u32, end: u32): f64 {
  const found = findLast(rangeOf(cursor, start, end), <u8>byte, end - start);
  return found < 0 ? -1 : <f64>(<i64>start + found);
}

/** Bytes from the position to the next such one among `limit`, or -1; the position stays. */
export function findNext(cursor: u32, byte: u32, limit: u32): f64 {
  const record = recordOf(cursor);
  const remaining = sizeOf(record) - positionOf(record);
  if (remaining <= 0) return -1;
  const length = <u32>min<i64>(remaining, <i64>limit);
  return <f64>find(startOf(record) + <usize>positionOf(record), <u8>byte, length);
}
