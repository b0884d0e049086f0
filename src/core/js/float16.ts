// binary16 of IEEE 754-2019, section 3.6. Every step below is exact, except the one that rounds.

/** 2^(10 - e), for e from 0 to 29: scales a number from 2^e to below 2^(e + 1) to one of eleven bits. */
const scales = Float64Array.from({ length: 30 }, (_, exponent) => 2 ** (10 - exponent));

/** The value of a unit of the fraction, by the exponent's five bits. */
const units = Float64Array.from({ length: 31 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 25));

const NAN = 0x7e00;

export function fromBits(bits: number): number {
  const exponent = (bits >>> 10) & 0x1f;
  let fraction = bits & 0x3ff;
  let magnitude: number;
  if (exponent === 31) magnitude = fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  else {
    if (exponent > 0) fraction += 0x400;
    magnitude = fraction * (units[exponent] as number);
  }
  return bits > 0x7fff ? -magnitude : magnitude;
}

/** Rounds once, to nearest, ties to even. By way of a float32 it would be rounded twice. */
export function toBits(value: number): number {
  const sign = value < 0 || (value === 0 && 1 / value < 0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65536) return sign | 0x7c00;
  if (Number.isNaN(magnitude)) return NAN;
  const scaled = magnitude * 2 ** 14; // 1 is now the smallest normal number
  const exponent = Math.max(0, 31 - Math.clz32(scaled));
  // A float64 from 2^52 on has no fraction, so the addition rounds. A carry goes into the exponent, up to infinity.
  const fraction = scaled * (scales[exponent] as number) + 2 ** 52 - 2 ** 52;
  return sign | ((exponent << 10) + fraction);
}
