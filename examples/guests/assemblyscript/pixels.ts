// A module of its own, pixels.wasm: it draws 32-bit pixels, 0x00RRGGBB, as X servers have them. It keeps nothing in
// memory, neither data nor a stack, so it may run in the memory of an attachment, whose first page is not its own.

const ESCAPE: f64 = 256; // of |z|^2; large, so that the fraction of a turn shows no bands

/** Stores one pixel everywhere; `length` is bytes, a multiple of 4. */
export function fill(output: usize, length: usize, pixel: u32): void {
  const end = output + length;
  const pixels = i32x4.splat(pixel);
  for (; end - output >= 64; output += 64) {
    v128.store(output, pixels);
    v128.store(output, pixels, 16);
    v128.store(output, pixels, 32);
    v128.store(output, pixels, 48);
  }
  for (; output !== end; output += 4) store<u32>(output, pixel);
}

/**
 * The Mandelbrot set around (x, y), `step` from pixel to pixel. Two pixels at a time, a lane each.
 *
 * @param output where `4 * width * height` bytes go, the upper left pixel first
 * @param limit turns after which a point counts as inside, and is black
 * @param phase turns the colours, 0 to 511
 */
export function mandelbrot(
  output: usize,
  width: u32,
  height: u32,
  x: f64,
  y: f64,
  step: f64,
  limit: u32,
  phase: u32,
): void {
  const left = x - (step * <f64>width) / 2;
  const top = y - (step * <f64>height) / 2;
  for (let row: u32 = 0; row < height; row++) {
    const imaginary = f64x2.splat(top + step * <f64>row);
    for (let column: u32 = 0; column < width; column += 2) {
      const first = left + step * <f64>column;
      const real = f64x2.replace_lane(f64x2.splat(first), 1, first + step);
      let a = f64x2.splat(0);
      let b = f64x2.splat(0);
      let turns = i64x2.splat(0);
      let size = f64x2.splat(0); // |z|^2 of the last turn in which the lane was inside, or the one that left
      let inside = i64x2.splat(-1);
      for (let turn: u32 = 0; turn < limit && v128.any_true(inside); turn++) {
        const squareA = f64x2.mul(a, a);
        const squareB = f64x2.mul(b, b);
        const product = f64x2.mul(a, b);
        a = f64x2.add(f64x2.sub(squareA, squareB), real);
        b = f64x2.add(f64x2.add(product, product), imaginary);
        size = v128.bitselect(f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b)), size, inside);
        inside = v128.and(inside, f64x2.lt(size, f64x2.splat(ESCAPE)));
        turns = i64x2.sub(turns, inside);
      }
      store<u32>(output, colour(<u32>i64x2.extract_lane(turns, 0), f64x2.extract_lane(size, 0), limit, phase));
      output += 4;
      if (column + 1 === width) break;
      store<u32>(output, colour(<u32>i64x2.extract_lane(turns, 1), f64x2.extract_lane(size, 1), limit, phase));
      output += 4;
    }
  }
}

function colour(turns: u32, size: f64, limit: u32, phase: u32): u32 {
  if (turns === limit) return 0;
  const depth = <f64>turns + 4 - log2(log2(min(size, 65536))); // log2(log2(65536)) is 4: never below 0
  const hue = <u32>(depth * 12) + phase;
  return (wave(hue) << 16) | (wave(hue + 120) << 8) | wave(hue + 240);
}

/** 0 to 255 and back, in 512 steps, smooth at both ends. */
function wave(step: u32): u32 {
  const place = step & 511;
  const up = place < 256 ? place : 511 - place;
  return (up * up * (765 - 2 * up)) / 65025;
}

/** To within a hundredth: the exponent, and a parabola for the fraction. Math.log2 has a table, which lies in memory. */
function log2(value: f64): f64 {
  const bits = reinterpret<u64>(value);
  const exponent = <f64>((bits >> 52) & 2047) - 1023;
  const fraction = reinterpret<f64>((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
  return exponent + (2 - fraction / 3) * fraction - 5.0 / 3.0;
}
