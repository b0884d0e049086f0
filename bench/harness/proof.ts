// What a rival needs to prove its answer: bytes to work on, and comparisons that throw.
import { xorshift32 } from "./random.js";

/** Fills whole words with bytes that do not repeat; the same bytes for the same seed. */
export function fillPattern(bytes: Uint8Array, seed = 1): void {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const random = xorshift32(seed);
  for (let index = 0; index < words.length; index++) words[index] = random();
}

/** Fills the bytes with whole numbers as float32, and returns their sum, which is exact in any order. */
export function fillFloats(bytes: Uint8Array): number {
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let index = 0; index < floats.length; index++) floats[index] = index % 1000;
  return floats.reduce((sum, value) => sum + value, 0);
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) throw new Error(`${what} is wrong: ${actual} instead of ${expected}`);
}

export function expectBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(actual, expected) !== 0) throw new Error(`${what} gave other bytes`);
}
