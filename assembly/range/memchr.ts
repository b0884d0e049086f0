import { positionOf, rangeOf, recordOf, sizeOf, startOf } from "../page/record";

/** What a search returns if there is no occurrence. */
export const NOT_FOUND: i64 = -1;

/** Not zero if one of 128 bytes is the byte that every lane of `wanted` has. */
function anyOf128(address: usize, wanted: v128): i32 {
  const first = v128.or(i8x16.eq(v128.load(address), wanted), i8x16.eq(v128.load(address, 16), wanted));
  const second = v128.or(i8x16.eq(v128.load(address, 32), wanted), i8x16.eq(v128.load(address, 48), wanted));
  const third = v128.or(i8x16.eq(v128.load(address, 64), wanted), i8x16.eq(v128.load(address, 80), wanted));
  const fourth = v128.or(i8x16.eq(v128.load(address, 96), wanted), i8x16.eq(v128.load(address, 112), wanted));
  return i8x16.bitmask(v128.or(v128.or(first, second), v128.or(third, fourth)));
}

/** Bytes from `address` to the first that is `byte`, among `length`, which the caller checked; or NOT_FOUND. */
function memchr(address: usize, byte: u8, length: u32): i64 {
  const start = address;
  let remaining = length;
  const wanted = i8x16.splat(byte);
  for (; remaining >= 128 && !anyOf128(address, wanted); remaining -= 128) address += 128;
  for (; remaining >= 16; remaining -= 16) {
    const marks = i8x16.bitmask(i8x16.eq(v128.load(address), wanted));
    if (marks) return <i64>(address - start) + <i64>ctz<i32>(marks);
    address += 16;
  }
  for (; remaining > 0; remaining--) {
    if (load<u8>(address) === byte) return <i64>(address - start);
    address++;
  }
  return NOT_FOUND;
}

/** As memchr, the last. */
function memrchr(address: usize, byte: u8, length: u32): i64 {
  let remaining = length;
  const wanted = i8x16.splat(byte);
  while (remaining >= 128 && !anyOf128(address + <usize>remaining - 128, wanted)) remaining -= 128;
  for (; remaining >= 16; remaining -= 16) {
    const marks = i8x16.bitmask(i8x16.eq(v128.load(address + <usize>remaining - 16), wanted));
    if (marks) return <i64>remaining - 16 + <i64>(31 - clz<i32>(marks));
  }
  for (; remaining > 0; remaining--) if (load<u8>(address + <usize>remaining - 1) === byte) return <i64>remaining - 1;
  return NOT_FOUND;
}

/** Where in the window the first such byte from `start` to `end` is, or -1; traps if the range is not inside. */
export function indexOfByte(cursor: u32, byte: u32, start: u32, end: u32): f64 {
  const found = memchr(rangeOf(cursor, start, end), <u8>byte, end - start);
  return found < 0 ? -1 : <f64>(<i64>start + found);
}

/** As indexOfByte, the last. */
export function lastIndexOfByte(cursor: u32, byte: u32, start: u32, end: u32): f64 {
  const found = memrchr(rangeOf(cursor, start, end), <u8>byte, end - start);
  return found < 0 ? -1 : <f64>(<i64>start + found);
}

/** Bytes from the position to the next such byte among `limit`, or -1; does not move the position. */
export function findNext(cursor: u32, byte: u32, limit: u32): f64 {
  const record = recordOf(cursor);
  const remaining = sizeOf(record) - positionOf(record);
  if (remaining <= 0) return -1;
  const length = <u32>min<i64>(remaining, <i64>limit);
  return <f64>memchr(startOf(record) + <usize>positionOf(record), <u8>byte, length);
}
