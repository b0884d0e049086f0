import { checkConstants, checkIfExposed, seal } from "../page/canary";
import { SCRATCH, SCRATCH_SIZE, TABLES } from "../page/page";
import { rangeOf } from "../page/record";

// A polynomial is a type here: in AssemblyScript a type is the only constant that a generic function takes.
/** IEEE 802.3: zlib's crc32. */
type Ieee = u32;
/** Castagnoli: RFC 3720's crc32c. */
type Castagnoli = u64;

/** Three words of 8 bytes, each with a remainder of its own, so that their table loads do not wait for each other. */
const BRAID: u32 = 3 * 8;

/** A table of 256 words of 4 bytes. The first is for single bytes, 8 more are for the places in a word of a braid. */
const TABLE: usize = 1024;

const IEEE: usize = TABLES;
const CASTAGNOLI: usize = TABLES + 9 * TABLE;

/** Reversed. */
function polynomialOf<P>(): u32 {
  return sizeof<P>() === 4 ? 0xedb88320 : 0x82f63b78;
}

function tablesOf<P>(): usize {
  return sizeof<P>() === 4 ? IEEE : CASTAGNOLI;
}

function byteStep<P>(remainder: u32): u32 {
  return load<u32>(tablesOf<P>() + ((<usize>(remainder & 0xff)) << 2)) ^ (remainder >>> 8);
}

/** What the tables add up to; 0 as long as they are not there. */
let _ieee: u64 = 0;
let _castagnoli: u64 = 0;

/** Makes the tables at first use. */
function needTables<P>(): void {
  const tables = tablesOf<P>();
  const sum = sizeof<P>() === 4 ? _ieee : _castagnoli;
  if (sum !== 0) {
    checkConstants(tables, 9 * TABLE, sum);
    return;
  }
  for (let byte: u32 = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? polynomialOf<P>() : 0);
    store<u32>(tables + ((<usize>byte) << 2), remainder);
  }
  // The byte at place p of a word is followed by BRAID - 1 - p others before its remainder meets the next word.
  for (let byte: u32 = 0; byte < 256; byte++) {
    let remainder = load<u32>(tables + ((<usize>byte) << 2));
    for (let step: u32 = 1; step < BRAID; step++) {
      remainder = byteStep<P>(remainder);
      if (step >= BRAID - 8) store<u32>(tables + <usize>(BRAID - step) * TABLE + ((<usize>byte) << 2), remainder);
    }
  }
  if (sizeof<P>() === 4) _ieee = seal(tables, 9 * TABLE);
  else _castagnoli = seal(tables, 9 * TABLE);
}

/**
 * Eight bytes of a braid, in two halves; the remainder before them is already in the first. The tables' address is part
 * of the instruction: adding it to a variable costs half the speed.
 */
function braidStep<P>(low: u32, high: u32): u32 {
  return (
    load<u32>((low << 2) & 0x3fc, sizeof<P>() === 4 ? IEEE + TABLE : CASTAGNOLI + TABLE) ^
    load<u32>((low >> 6) & 0x3fc, sizeof<P>() === 4 ? IEEE + 2 * TABLE : CASTAGNOLI + 2 * TABLE) ^
    load<u32>((low >> 14) & 0x3fc, sizeof<P>() === 4 ? IEEE + 3 * TABLE : CASTAGNOLI + 3 * TABLE) ^
    load<u32>((low >> 22) & 0x3fc, sizeof<P>() === 4 ? IEEE + 4 * TABLE : CASTAGNOLI + 4 * TABLE) ^
    load<u32>((high << 2) & 0x3fc, sizeof<P>() === 4 ? IEEE + 5 * TABLE : CASTAGNOLI + 5 * TABLE) ^
    load<u32>((high >> 6) & 0x3fc, sizeof<P>() === 4 ? IEEE + 6 * TABLE : CASTAGNOLI + 6 * TABLE) ^
    load<u32>((high >> 14) & 0x3fc, sizeof<P>() === 4 ? IEEE + 7 * TABLE : CASTAGNOLI + 7 * TABLE) ^
    load<u32>((high >> 22) & 0x3fc, sizeof<P>() === 4 ? IEEE + 8 * TABLE : CASTAGNOLI + 8 * TABLE)
  );
}

/** Eight bytes, one after the other; the remainder before them is already in the first four. */
function lastStep<P>(bits: u64): u32 {
  let remainder: u32 = 0;
  for (let byte = 0; byte < 8; byte++) {
    remainder = byteStep<P>(remainder ^ <u32>(bits & 0xff));
    bits >>= 8;
  }
  return remainder;
}

/** `length` bytes from `address`, which the caller checked. */
function crcOf<P>(address: usize, length: u32, previous: u32): u32 {
  needTables<P>();
  let remainder = ~previous;
  if (length >= 2 * BRAID) {
    let first: u32 = remainder;
    let second: u32 = 0;
    let third: u32 = 0;
    for (; length >= 2 * BRAID; length -= BRAID) {
      first = braidStep<P>(load<u32>(address) ^ first, load<u32>(address, 4));
      second = braidStep<P>(load<u32>(address, 8) ^ second, load<u32>(address, 12));
      third = braidStep<P>(load<u32>(address, 16) ^ third, load<u32>(address, 20));
      address += BRAID;
    }
    remainder = lastStep<P>(load<u64>(address) ^ first);
    remainder = lastStep<P>(load<u64>(address, 8) ^ second ^ remainder);
    remainder = lastStep<P>(load<u64>(address, 16) ^ third ^ remainder);
    address += BRAID;
    length -= BRAID;
  }
  for (; length > 0; length--) remainder = byteStep<P>(remainder ^ load<u8>(address++));
  return ~remainder;
}

/**
 * CRC-32 of the window's bytes from `start` to `end`, in place, continued from `previous` (0 to begin). Traps if the
 * range is not inside the window. Braids: Kadatch and Jenkins, "Everything we know about CRC but afraid to forget".
 */
export function crc32(cursor: u32, start: u32, end: u32, previous: u32): u32 {
  return crcOf<Ieee>(rangeOf(cursor, start, end), end - start, previous);
}

/** As crc32, with the polynomial of RFC 3720, appendix B.4. */
export function crc32c(cursor: u32, start: u32, end: u32, previous: u32): u32 {
  return crcOf<Castagnoli>(rangeOf(cursor, start, end), end - start, previous);
}

/** As crc32c, of the first `length` bytes of the scratch area. */
export function crc32cOfScratch(length: u32, previous: u32): u32 {
  if (length > SCRATCH_SIZE) unreachable();
  checkIfExposed();
  return crcOf<Castagnoli>(SCRATCH, length, previous);
}
