// LEB128: DWARF 5, section 7.6, and the WebAssembly specification, 5.2.2: seven bits a byte, the lowest first, here at
// most ten bytes. Both allow a padded encoding, such as linkers write.
import { fail, MALFORMED, UNSAFE } from "../page/fault";
import { SCRATCH, SCRATCH_SIZE } from "../page/page";
import { positionOf, recordOf, setPosition, sizeOf, startOf } from "../page/record";

/** Number.MAX_SAFE_INTEGER. */
const MAX_SAFE: u64 = 9007199254740991;

/** Bytes of the longest encoding. */
const MOST: u32 = 10;

const CONTINUATIONS: u64 = 0x8080808080808080;

/** Bytes of the varint that was last read. */
let taken: u32 = 0;

/**
 * Reads at `address`, from where `remaining` bytes are in the window; traps if they end first, or are not a valid
 * encoding.
 */
function decode(address: usize, remaining: i64): u64 {
  let value: u64 = 0;
  for (let index: u32 = 0; index < MOST; index++) {
    if (<i64>index >= remaining) unreachable();
    const byte = <u64>load<u8>(address + index);
    if (index === MOST - 1 && byte > 1) fail(MALFORMED);
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) {
      taken = index + 1;
      return value;
    }
  }
  return unreachable(); // the tenth byte returned or failed
}

function unzigzag(value: u64): i64 {
  return <i64>(value >> 1) ^ -(<i64>(value & 1));
}

function zigzag(value: i64): u64 {
  return <u64>((value << 1) ^ (value >> 63));
}

/** The value at the position of a record. Does not move the position: the caller moves it by `taken`. */
function next(record: usize): u64 {
  const position = positionOf(record);
  const remaining = sizeOf(record) - position;
  if (remaining <= 0) unreachable();
  const address = startOf(record) + <usize>position;
  const first = load<u8>(address);
  if (first < 0x80) {
    taken = 1;
    return first;
  }
  return decode(address, remaining);
}

function moveOn(record: usize): void {
  setPosition(record, positionOf(record) + <i64>taken);
}

export function readBigVarUint(cursor: u32): u64 {
  const record = recordOf(cursor);
  const value = next(record);
  moveOn(record);
  return value;
}

export function readBigVarInt(cursor: u32): i64 {
  return unzigzag(readBigVarUint(cursor));
}

export function readVarUint(cursor: u32): f64 {
  const record = recordOf(cursor);
  const value = next(record);
  if (value > MAX_SAFE) fail(UNSAFE);
  moveOn(record);
  return <f64>(<i64>value);
}

export function readVarInt(cursor: u32): f64 {
  const record = recordOf(cursor);
  const value = unzigzag(next(record));
  if (value > <i64>MAX_SAFE || value < -(<i64>MAX_SAFE)) fail(UNSAFE);
  moveOn(record);
  return <f64>value;
}

function lengthOf(value: u64): u32 {
  return (70 - <u32>clz<u64>(value | 1)) / 7;
}

function encode(address: usize, value: u64): usize {
  for (; value >= 0x80; value >>= 7) store<u8>(address++, <u8>value | 0x80);
  store<u8>(address++, <u8>value);
  return address;
}

/** Returns the number of bytes written; traps and writes nothing if fewer remain. */
export function writeBigVarUint(cursor: u32, value: u64): u32 {
  const record = recordOf(cursor);
  const position = positionOf(record);
  const length = lengthOf(value);
  if (sizeOf(record) - position < <i64>length) unreachable();
  encode(startOf(record) + <usize>position, value);
  setPosition(record, position + <i64>length);
  return length;
}

export function writeBigVarInt(cursor: u32, value: i64): u32 {
  return writeBigVarUint(cursor, zigzag(value));
}

/** The caller has checked that `value` is a safe integer from 0. */
export function writeVarUint(cursor: u32, value: f64): u32 {
  return writeBigVarUint(cursor, <u64>(<i64>value));
}

/** The caller has checked that `value` is a safe integer. */
export function writeVarInt(cursor: u32, value: f64): u32 {
  return writeBigVarUint(cursor, zigzag(<i64>value));
}

/** Removes the continuation bits of a word: eight groups of seven bits become one of 56. */
function packed(word: u64): u64 {
  word &= ~CONTINUATIONS;
  word = (word & 0x007f007f007f007f) | ((word & 0x7f007f007f007f00) >> 1);
  word = (word & 0x00003fff00003fff) | ((word & 0x3fff00003fff0000) >> 2);
  return (word & 0x000000000fffffff) | ((word & 0x0fffffff00000000) >> 4);
}

function checkCount(count: u32): void {
  if (count === 0 || count > SCRATCH_SIZE / 8) unreachable();
}

/**
 * Reads `count` numbers into the scratch area, as f64, and moves past them; traps and does not move, as readVarUint.
 * Eight bytes at a time: one load shows which bytes end a number, so that no number waits for the one before it.
 */
export function readVarUints(cursor: u32, count: u32): void {
  checkCount(count);
  const record = recordOf(cursor);
  const position = positionOf(record);
  let remaining = sizeOf(record) - position;
  let address = startOf(record) + <usize>position;
  let target = <usize>SCRATCH;
  const end = target + (count << 3);
  while (target < end) {
    if (remaining >= 8) {
      const word = load<u64>(address);
      let ends = ~word & CONTINUATIONS;
      if (ends !== 0) {
        let from: u64 = 0;
        while (ends !== 0 && target < end) {
          const bit = ctz<u64>(ends); // the highest of its byte
          const value = packed((word << (63 - bit)) >> (63 - bit + from));
          if (value > MAX_SAFE) fail(UNSAFE);
          store<f64>(target, <f64>(<i64>value));
          target += 8;
          from = bit + 1;
          ends &= ends - 1;
        }
        address += <usize>(from >> 3);
        remaining -= <i64>(from >> 3);
        continue;
      }
    }
    if (remaining <= 0) unreachable();
    const value = decode(address, remaining);
    if (value > MAX_SAFE) fail(UNSAFE);
    store<f64>(target, <f64>(<i64>value));
    target += 8;
    address += taken;
    remaining -= <i64>taken;
  }
  setPosition(record, sizeOf(record) - remaining);
}

/** Bytes that writeVarUints would write. */
export function varUintsLength(count: u32): u32 {
  checkCount(count);
  let length: u32 = 0;
  for (let index: u32 = 0; index < count; index++) length += lengthOf(<u64>(<i64>load<f64>(SCRATCH + (index << 3))));
  return length;
}

/** Writes `count` numbers of the scratch area, safe integers from 0; traps and writes nothing if fewer bytes remain. */
export function writeVarUints(cursor: u32, count: u32): void {
  const length = <i64>varUintsLength(count);
  const record = recordOf(cursor);
  const position = positionOf(record);
  if (sizeOf(record) - position < length) unreachable();
  let address = startOf(record) + <usize>position;
  for (let index: u32 = 0; index < count; index++)
    address = encode(address, <u64>(<i64>load<f64>(SCRATCH + (index << 3))));
  setPosition(record, position + length);
}
