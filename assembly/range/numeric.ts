// Sums, minima and maxima of a range of elements. What they mean, to the last bit, is in src/core/core.ts.
import { SCRATCH, STATE } from "../page/page";
import { lookAhead, PAGE } from "../page/prefetch";
import { rangeOf } from "../page/record";

/** Bytes whose sums of 8 or 16 bits fit lanes of 32. */
const BLOCK: u32 = 65536;

/** Partial sums of floats, in the state. */
const PARTIALS: u32 = 16;

function elementsIn(cursor: u32, start: u32, end: u32, width: u32): usize {
  if ((end - start) % width !== 0) unreachable();
  return rangeOf(cursor, start, end);
}

function sumOfLanes(lanes: v128): i64 {
  return i64x2.extract_lane(lanes, 0) + i64x2.extract_lane(lanes, 1);
}

function widened<T>(lanes: v128): v128 {
  if (isSigned<T>()) return i64x2.add(i64x2.extend_low_i32x4_s(lanes), i64x2.extend_high_i32x4_s(lanes));
  return i64x2.add(i64x2.extend_low_i32x4_u(lanes), i64x2.extend_high_i32x4_u(lanes));
}

/** 16 bytes as sums in lanes of 32 bits; elements of 32 bits stay as they are. */
function inLanes32<T>(bytes: v128): v128 {
  if (sizeof<T>() === 4) return bytes;
  if (sizeof<T>() === 2)
    return isSigned<T>() ? i32x4.extadd_pairwise_i16x8_s(bytes) : i32x4.extadd_pairwise_i16x8_u(bytes);
  return isSigned<T>()
    ? i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(bytes))
    : i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes));
}

/** At most BLOCK bytes. */
function sumBlock<T>(address: usize, length: u32): i64 {
  let first = i64x2.splat(0);
  let second = i64x2.splat(0);
  for (; length >= 32; length -= 32) {
    if (sizeof<T>() === 4) {
      first = i64x2.add(first, widened<T>(v128.load(address)));
      second = i64x2.add(second, widened<T>(v128.load(address, 16)));
    } else {
      first = i32x4.add(first, inLanes32<T>(v128.load(address)));
      second = i32x4.add(second, inLanes32<T>(v128.load(address, 16)));
    }
    address += 32;
  }
  if (sizeof<T>() !== 4) {
    first = widened<T>(first);
    second = widened<T>(second);
  }
  let sum = sumOfLanes(i64x2.add(first, second));
  for (; length > 0; length -= sizeof<T>()) {
    sum += <i64>load<T>(address);
    address += sizeof<T>();
  }
  return sum;
}

function sum<T>(cursor: u32, start: u32, end: u32): f64 {
  let address = elementsIn(cursor, start, end, sizeof<T>());
  let remaining = end - start;
  let sum: i64 = 0;
  while (remaining > 0) {
    const block = min<u32>(remaining, BLOCK);
    sum += sumBlock<T>(address, block);
    address += block;
    remaining -= block;
  }
  return <f64>sum;
}

/** The sum of integers of 8 to 32 bits, exact below 2^53. Traps if the range is not inside the window, or not whole elements. */
export function sumIntegers(cursor: u32, width: u32, signed: bool, start: u32, end: u32): f64 {
  if (width === 1) return signed ? sum<i8>(cursor, start, end) : sum<u8>(cursor, start, end);
  if (width === 2) return signed ? sum<i16>(cursor, start, end) : sum<u16>(cursor, start, end);
  if (width === 4) return signed ? sum<i32>(cursor, start, end) : sum<u32>(cursor, start, end);
  return unreachable();
}

/** The sums of the low and the high halves of 64-bit integers, as two f64 in the scratch area; exact for 2^21 integers. */
export function sumHalves(cursor: u32, signed: bool, start: u32, end: u32): void {
  let address = elementsIn(cursor, start, end, 8);
  let low: i64 = 0;
  let high: i64 = 0;
  for (let remaining = end - start; remaining > 0; remaining -= 8) {
    low += <i64>load<u32>(address);
    high += signed ? <i64>load<i32>(address, 4) : <i64>load<u32>(address, 4);
    address += 8;
  }
  store<f64>(SCRATCH, <f64>low);
  store<f64>(SCRATCH, <f64>high, 8);
}

/** The first step of a sum of floats: 16 partial sums of 0. */
export function sumBegin(): void {
  memory.fill(STATE, 0, PARTIALS << 3);
}

function addRows<T>(address: usize, rows: u32): void {
  let a = v128.load(STATE);
  let b = v128.load(STATE, 16);
  let c = v128.load(STATE, 32);
  let d = v128.load(STATE, 48);
  let e = v128.load(STATE, 64);
  let f = v128.load(STATE, 80);
  let g = v128.load(STATE, 96);
  let h = v128.load(STATE, 112);
  for (; rows > 0; rows--) {
    if (sizeof<T>() === 4) {
      a = f64x2.add(a, f64x2.promote_low_f32x4(v128.load64_zero(address)));
      b = f64x2.add(b, f64x2.promote_low_f32x4(v128.load64_zero(address, 8)));
      c = f64x2.add(c, f64x2.promote_low_f32x4(v128.load64_zero(address, 16)));
      d = f64x2.add(d, f64x2.promote_low_f32x4(v128.load64_zero(address, 24)));
      e = f64x2.add(e, f64x2.promote_low_f32x4(v128.load64_zero(address, 32)));
      f = f64x2.add(f, f64x2.promote_low_f32x4(v128.load64_zero(address, 40)));
      g = f64x2.add(g, f64x2.promote_low_f32x4(v128.load64_zero(address, 48)));
      h = f64x2.add(h, f64x2.promote_low_f32x4(v128.load64_zero(address, 56)));
    } else {
      a = f64x2.add(a, v128.load(address));
      b = f64x2.add(b, v128.load(address, 16));
      c = f64x2.add(c, v128.load(address, 32));
      d = f64x2.add(d, v128.load(address, 48));
      e = f64x2.add(e, v128.load(address, 64));
      f = f64x2.add(f, v128.load(address, 80));
      g = f64x2.add(g, v128.load(address, 96));
      h = f64x2.add(h, v128.load(address, 112));
    }
    address += PARTIALS * sizeof<T>();
  }
  v128.store(STATE, a);
  v128.store(STATE, b, 16);
  v128.store(STATE, c, 32);
  v128.store(STATE, d, 48);
  v128.store(STATE, e, 64);
  v128.store(STATE, f, 80);
  v128.store(STATE, g, 96);
  v128.store(STATE, h, 112);
}

function addFloats<T>(cursor: u32, start: u32, end: u32): void {
  let address = elementsIn(cursor, start, end, sizeof<T>());
  let count = (end - start) / sizeof<T>();
  for (let rows = count / PARTIALS; rows > 0; ) {
    lookAhead(address, rows * PARTIALS * sizeof<T>());
    const part = min<u32>(rows, PAGE / (PARTIALS * sizeof<T>()));
    addRows<T>(address, part);
    address += part * PARTIALS * sizeof<T>();
    rows -= part;
  }
  count %= PARTIALS;
  for (let index: u32 = 0; index < count; index++) {
    const partial = STATE + (index << 3);
    store<f64>(partial, load<f64>(partial) + <f64>load<T>(address));
    address += sizeof<T>();
  }
}

/** The second step: floats of 4 or 8 bytes, the first to partial 0. Traps if the range is not inside the window, or not whole elements. */
export function sumFloats(cursor: u32, width: u32, start: u32, end: u32): void {
  if (width === 4) addFloats<f32>(cursor, start, end);
  else if (width === 8) addFloats<f64>(cursor, start, end);
  else unreachable();
}

/** The last step: the partial sums in one. */
export function sumEnd(): f64 {
  for (let half: u32 = PARTIALS / 2; half > 0; half /= 2)
    for (let index: u32 = 0; index < half; index++) {
      const partial = STATE + (index << 3);
      store<f64>(partial, load<f64>(partial) + load<f64>(partial + (half << 3)));
    }
  return load<f64>(STATE);
}

function better<T>(left: T, right: T, largest: bool): T {
  return largest ? max<T>(left, right) : min<T>(left, right);
}

/** The minimum or maximum of `length` bytes, a multiple of 32 and not 0. */
function minMaxOfLanes<T>(address: usize, length: u32, largest: bool): T {
  let first = v128.load(address);
  let second = v128.load(address, 16);
  for (let remaining = length - 32; remaining >= 32; remaining -= 32) {
    address += 32;
    if (largest) {
      first = v128.max<T>(first, v128.load(address));
      second = v128.max<T>(second, v128.load(address, 16));
    } else {
      first = v128.min<T>(first, v128.load(address));
      second = v128.min<T>(second, v128.load(address, 16));
    }
  }
  first = largest ? v128.max<T>(first, second) : v128.min<T>(first, second);
  v128.store(SCRATCH, first);
  let result = load<T>(SCRATCH);
  for (let lane: usize = sizeof<T>(); lane < 16; lane += sizeof<T>())
    result = better<T>(result, load<T>(<usize>SCRATCH + lane), largest);
  return result;
}

/** Floats as integers in the same order: all bits but the sign of those below 0 are flipped. Its own inverse. */
function ordered(floats: v128): v128 {
  return v128.xor(floats, i32x4.shr_u(i32x4.shr_s(floats, 31), 1));
}

/**
 * As minMaxOfLanes. v128.min of f32x4 takes V8 eight instructions, for NaN and -0; that of ordered integers takes one, and
 * a NaN is then the largest or the smallest of all.
 */
function minMaxFloat32(address: usize, length: u32, largest: bool): f32 {
  let least = ordered(v128.load(address));
  let most = least;
  while (length > 0) {
    lookAhead(address, length);
    let part = min<u32>(length, PAGE);
    length -= part;
    for (; part > 0; part -= 32) {
      const first = ordered(v128.load(address));
      const second = ordered(v128.load(address, 16));
      least = i32x4.min_s(least, i32x4.min_s(first, second));
      most = i32x4.max_s(most, i32x4.max_s(first, second));
      address += 32;
    }
  }
  const beyond = v128.or(
    i32x4.gt_s(most, i32x4.splat(0x7f800000)), // Infinity; above it are NaN
    i32x4.lt_s(least, i32x4.splat(0x807fffff)), // -Infinity, its other bits flipped; below it are NaN
  );
  if (v128.any_true(beyond)) return f32.NaN;
  v128.store(SCRATCH, ordered(largest ? most : least));
  let result = load<f32>(SCRATCH);
  for (let lane: usize = 4; lane < 16; lane += 4)
    result = better<f32>(result, load<f32>(<usize>SCRATCH + lane), largest);
  return result;
}

function minMax<T>(cursor: u32, start: u32, end: u32, largest: bool): T {
  let address = elementsIn(cursor, start, end, sizeof<T>());
  let remaining = end - start;
  if (remaining === 0) unreachable();
  let result = load<T>(address);
  if (sizeof<T>() < 8 || isFloat<T>())
    if (remaining >= 32) {
      const whole = remaining & ~31;
      if (isFloat<T>() && sizeof<T>() === 4) result = <T>minMaxFloat32(address, whole, largest);
      else result = minMaxOfLanes<T>(address, whole, largest);
      address += whole;
      remaining -= whole;
    }
  for (; remaining > 0; remaining -= sizeof<T>()) {
    result = better<T>(result, load<T>(address), largest);
    address += sizeof<T>();
  }
  return result;
}

/**
 * The minimum of integers of 8 to 32 bits, or the maximum if `largest`. Traps if there is none, or the range is not inside
 * the window, or not whole elements.
 */
export function minMaxInteger(cursor: u32, width: u32, signed: bool, start: u32, end: u32, largest: bool): f64 {
  if (width === 1)
    return signed ? <f64>minMax<i8>(cursor, start, end, largest) : <f64>minMax<u8>(cursor, start, end, largest);
  if (width === 2)
    return signed ? <f64>minMax<i16>(cursor, start, end, largest) : <f64>minMax<u16>(cursor, start, end, largest);
  if (width === 4)
    return signed ? <f64>minMax<i32>(cursor, start, end, largest) : <f64>minMax<u32>(cursor, start, end, largest);
  return unreachable();
}

/** As minMaxInteger, of integers of 64 bits; an unsigned one crosses as its bits. */
export function minMaxBig(cursor: u32, signed: bool, start: u32, end: u32, largest: bool): i64 {
  return signed ? minMax<i64>(cursor, start, end, largest) : <i64>minMax<u64>(cursor, start, end, largest);
}

/** As minMaxInteger, of floats of 4 or 8 bytes: NaN if there is one, and -0 is below 0. */
export function minMaxFloat(cursor: u32, width: u32, start: u32, end: u32, largest: bool): f64 {
  if (width === 4) return <f64>minMax<f32>(cursor, start, end, largest);
  if (width === 8) return minMax<f64>(cursor, start, end, largest);
  return unreachable();
}
