import { rangeOf } from "../page/record";
import { needVectors, SWAP16, SWAP32, SWAP64 } from "../page/vectors";

/** Reverses 64 bytes at a time, in the order that a vector of vectors.ts gives; returns how many bytes it did. */
function reverseVectors(from: usize, to: usize, length: u32, vector: usize): u32 {
  if (length < 64) return 0;
  needVectors();
  const order = v128.load(vector);
  const whole = length & ~63;
  for (let remaining = whole; remaining > 0; remaining -= 64) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    v128.store(to, i8x16.swizzle(a, order));
    v128.store(to, i8x16.swizzle(b, order), 16);
    v128.store(to, i8x16.swizzle(c, order), 32);
    v128.store(to, i8x16.swizzle(d, order), 48);
    from += 64;
    to += 64;
  }
  return whole;
}

/** Four elements of 16 bits in a word of 64, each reversed. */
function swappedHalfwords(bytes: u64): u64 {
  return ((bytes & 0x00ff00ff00ff00ff) << 8) | ((bytes >> 8) & 0x00ff00ff00ff00ff);
}

function wordsIn(cursor: u32, start: u32, end: u32, width: u32): usize {
  if ((end - start) % width !== 0) unreachable();
  return rangeOf(cursor, start, end);
}

/** Copies `length` bytes, each 2 of them reversed. The caller checked both ranges, which may be the same. */
export function reverse16(from: usize, to: usize, length: u32): void {
  const done = reverseVectors(from, to, length, SWAP16);
  from += done;
  to += done;
  length -= done;
  for (; length >= 8; length -= 8) {
    store<u64>(to, swappedHalfwords(load<u64>(from)));
    from += 8;
    to += 8;
  }
  for (; length > 0; length -= 2) {
    store<u16>(to, bswap<u16>(load<u16>(from)));
    from += 2;
    to += 2;
  }
}

/** As reverse16, each 4. */
export function reverse32(from: usize, to: usize, length: u32): void {
  const done = reverseVectors(from, to, length, SWAP32);
  from += done;
  to += done;
  length -= done;
  for (; length > 0; length -= 4) {
    store<u32>(to, bswap<u32>(load<u32>(from)));
    from += 4;
    to += 4;
  }
}

/** As reverse16, each 8. */
export function reverse64(from: usize, to: usize, length: u32): void {
  const done = reverseVectors(from, to, length, SWAP64);
  from += done;
  to += done;
  length -= done;
  for (; length > 0; length -= 8) {
    store<u64>(to, bswap<u64>(load<u64>(from)));
    from += 8;
    to += 8;
  }
}

/** Reverses each 2 bytes of the window from `start` to `end`; traps if the range is not inside, or not whole elements. */
export function swap16(cursor: u32, start: u32, end: u32): void {
  const address = wordsIn(cursor, start, end, 2);
  reverse16(address, address, end - start);
}

/** As swap16, each 4. */
export function swap32(cursor: u32, start: u32, end: u32): void {
  const address = wordsIn(cursor, start, end, 4);
  reverse32(address, address, end - start);
}

/** As swap16, each 8. */
export function swap64(cursor: u32, start: u32, end: u32): void {
  const address = wordsIn(cursor, start, end, 8);
  reverse64(address, address, end - start);
}
