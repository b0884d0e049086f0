// Vectors that a loop uses in each round. They are loaded from memory once, before the loop: V8 builds a constant in
// the code again at each use, in four instructions (Node 20 to 26, x86-64). They are in page 0, where no other process
// can change them.
import { checkConstants, seal } from "./canary";
import { VECTORS } from "./page";

/** The index of the source byte for each byte of a swapped vector. */
export const SWAP16: usize = VECTORS;
export const SWAP32: usize = VECTORS + 16;
export const SWAP64: usize = VECTORS + 32;

/** The low byte of every 16 bits. */
export const EVEN_BYTES: usize = VECTORS + 48;

/** The low half of every byte, and its high bit. */
export const LOW_NIBBLES: usize = VECTORS + 64;
export const HIGH_BITS: usize = VECTORS + 80;

/** Tables that utf8.ts looks up, and limits that it subtracts. */
export const BY_HIGH_BEFORE: usize = VECTORS + 96;
export const BY_LOW_BEFORE: usize = VECTORS + 112;
export const BY_HIGH: usize = VECTORS + 128;
export const BELOW_THIRD: usize = VECTORS + 144;
export const BELOW_FOURTH: usize = VECTORS + 160;

function put(vector: usize, low: u64, high: u64): void {
  store<u64>(vector, low);
  store<u64>(vector, high, 8);
}

const SIZE: usize = 176;

/** What the vectors add up to; 0 as long as they are not there. */
let _sum: u64 = 0;

/** Fills the vectors at the first use. */
export function needVectors(): void {
  if (_sum !== 0) {
    checkConstants(VECTORS, SIZE, _sum);
    return;
  }
  put(SWAP16, 0x0607040502030001, 0x0e0f0c0d0a0b0809);
  put(SWAP32, 0x0405060700010203, 0x0c0d0e0f08090a0b);
  put(SWAP64, 0x0001020304050607, 0x08090a0b0c0d0e0f);
  put(EVEN_BYTES, 0x00ff00ff00ff00ff, 0x00ff00ff00ff00ff);
  put(LOW_NIBBLES, 0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f);
  put(HIGH_BITS, 0x8080808080808080, 0x8080808080808080);
  put(BY_HIGH_BEFORE, 0x0202020202020202, 0x4915012180808080);
  put(BY_LOW_BEFORE, 0xcbcbcb8b8383a3e7, 0xcbcbdbcbcbcbcbcb);
  put(BY_HIGH, 0x0101010101010101, 0x01010101babaaee6);
  put(BELOW_THIRD, 0x6060606060606060, 0x6060606060606060);
  put(BELOW_FOURTH, 0x7070707070707070, 0x7070707070707070);
  _sum = seal(VECTORS, SIZE);
}
