// IEEE 754 binary16: DataView's getFloat16 and setFloat16.

import { SCRATCH, SCRATCH_SIZE } from "../page/page";
import { takeAddress } from "./cursor";

/** 2^112: the factor by which the bits of a half, moved to their place in a float, are too small. */
const REBIAS: f32 = 5.192296858534828e33;

function toFloat(half: u32): f32 {
  const sign = (half & 0x8000) << 16;
  const rest = half & 0x7fff;
  if (rest > 0x7c00) return f32.NaN;
  if (rest === 0x7c00) return reinterpret<f32>(sign | 0x7f800000);
  return reinterpret<f32>(sign | reinterpret<u32>(reinterpret<f32>(rest << 13) * REBIAS)); // exact, denormal ones too
}

/** Rounded once, to nearest, ties to even. */
function toHalf(value: f64): u32 {
  const bits = reinterpret<u64>(value);
  const sign = <u32>(bits >> 48) & 0x8000;
  const size = abs<f64>(value);
  if (!(size >= 0)) return 0x7e00; // NaN
  if (size >= 65520) return sign | 0x7c00; // half way to the next exponent, and beyond
  if (size < 6.103515625e-5) return sign | <u32>nearest<f64>(size * 16777216); // below 2^-14: multiples of 2^-24
  const exponent = <u32>((bits >> 52) & 0x7ff) - 1023;
  const scale = reinterpret<f64>((<u64>(1033 - exponent)) << 52); // 2^(10 - exponent): the fraction as an integer
  return sign | (((exponent + 14) << 10) + <u32>nearest<f64>(size * scale)); // its bit 10 is the exponent's last
}

export function readFloat16(cursor: u32, littleEndian: bool): f64 {
  const half = load<u16>(takeAddress(cursor, 2));
  return <f64>toFloat(littleEndian ? half : bswap<u16>(half));
}

export function writeFloat16(cursor: u32, value: f64, littleEndian: bool): void {
  const half = <u16>toHalf(value);
  store<u16>(takeAddress(cursor, 2), littleEndian ? half : bswap<u16>(half));
}

function check(count: u32): void {
  if (count === 0 || count > SCRATCH_SIZE / 4) unreachable();
}

/** Reads `count` halves into the scratch area, as floats; traps and does not move if fewer remain. */
export function readFloat16s(cursor: u32, count: u32, littleEndian: bool): void {
  check(count);
  let from = takeAddress(cursor, 2 * count);
  for (let to: usize = SCRATCH; count > 0; count--) {
    const half = load<u16>(from);
    store<f32>(to, toFloat(littleEndian ? half : bswap<u16>(half)));
    from += 2;
    to += 4;
  }
}

/** Writes `count` floats of the scratch area as halves, as readFloat16s. */
export function writeFloat16s(cursor: u32, count: u32, littleEndian: bool): void {
  check(count);
  let to = takeAddress(cursor, 2 * count);
  for (let from: usize = SCRATCH; count > 0; count--) {
    const half = <u16>toHalf(<f64>load<f32>(from));
    store<u16>(to, littleEndian ? half : bswap<u16>(half));
    from += 4;
    to += 2;
  }
}
