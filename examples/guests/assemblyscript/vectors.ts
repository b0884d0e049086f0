// Vectors, 64 bytes a turn: what a guest can do at the speed of memory.

/** The sum of little-endian f32, accumulated as f64 in eight lanes. */
export function sumFloats(input: usize, length: usize): f64 {
  let first = f64x2.splat(0);
  let second = f64x2.splat(0);
  let third = f64x2.splat(0);
  let fourth = f64x2.splat(0);
  const end = input + (length & ~3);
  for (; end - input >= 32; input += 32) {
    const low = v128.load(input);
    const high = v128.load(input, 16);
    first = f64x2.add(first, f64x2.promote_low_f32x4(low));
    second = f64x2.add(second, f64x2.promote_low_f32x4(upperHalf(low)));
    third = f64x2.add(third, f64x2.promote_low_f32x4(high));
    fourth = f64x2.add(fourth, f64x2.promote_low_f32x4(upperHalf(high)));
  }
  const lanes = f64x2.add(f64x2.add(first, second), f64x2.add(third, fourth));
  let sum = f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);
  for (; input !== end; input += 4) sum += load<f32>(input);
  return sum;
}

function upperHalf(floats: v128): v128 {
  return i64x2.shuffle(floats, floats, 1, 1);
}

/** Flips every bit, in place: the negative of a picture. */
export function invert(input: usize, length: usize): void {
  const end = input + length;
  for (; end - input >= 64; input += 64) {
    v128.store(input, v128.not(v128.load(input)));
    v128.store(input, v128.not(v128.load(input, 16)), 16);
    v128.store(input, v128.not(v128.load(input, 32)), 32);
    v128.store(input, v128.not(v128.load(input, 48)), 48);
  }
  for (; input !== end; input++) store<u8>(input, ~load<u8>(input));
}
