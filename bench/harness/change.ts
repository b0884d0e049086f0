// Whether two sets of timings differ, and by what factor.
import { median } from "./statistics.js";

/** ln of the gamma function for a positive number: Lanczos, SIAM Journal on Numerical Analysis, 1964 (g = 7, n = 9). */
function logGamma(value: number): number {
  const parts = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const x = value - 1;
  const sum = parts.reduce((total, part, index) => total + (index === 0 ? part : part / (x + index)), 0);
  const base = x + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(base) - base + Math.log(sum);
}

/**
 * I_x(a, b), by its continued fraction (NIST Digital Library of Mathematical Functions, 8.17.22), evaluated by Lentz.
 */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a); // converges faster
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny);
  let fraction = d;
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d || tiny);
    c = 1 + even / c || tiny;
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d || tiny);
    c = 1 + odd / c || tiny;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-14) break;
  }
  const front = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  return (Math.exp(front) * fraction) / a;
}

/** The t of Student's distribution that both tails together exceed with the chance `alpha`. Found by bisection. */
export function studentT(freedom: number, alpha: number): number {
  let low = 0;
  let high = 1e6;
  for (let halving = 0; halving < 100; halving++) {
    const t = (low + high) / 2;
    if (incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) > alpha) low = t;
    else high = t;
  }
  return high;
}

export interface Change {
  /** The later time over the earlier one. */
  readonly factor: number;
  /** The interval in which the true factor lies, with confidence 1 - `alpha`. */
  readonly interval: readonly [low: number, high: number];
}

function logs(values: readonly number[]): { mean: number; error: number; freedom: number } {
  const all = values.map(Math.log);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const squares = all.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: squares / (all.length - 1) / all.length, freedom: all.length - 1 };
}

/**
 * How later times compare to earlier ones. It compares the medians of the processes, as two processes differ by more
 * than the rounds of one do. If either side had only one process, it compares rounds. The interval is Welch's
 * (Biometrika, 1947), of the logarithms, as ratios multiply.
 *
 * @param alpha how often the interval may fail to hold the factor
 */
export function change(
  earlier: readonly (readonly number[])[],
  later: readonly (readonly number[])[],
  alpha: number,
): Change {
  const byProcess = earlier.length > 1 && later.length > 1;
  const before = logs(byProcess ? earlier.map(median) : earlier.flat());
  const after = logs(byProcess ? later.map(median) : later.flat());
  const difference = after.mean - before.mean;
  const error = before.error + after.error;
  const freedom = error ** 2 / (before.error ** 2 / before.freedom + after.error ** 2 / after.freedom);
  const half = error === 0 ? 0 : studentT(freedom, alpha) * Math.sqrt(error);
  return { factor: Math.exp(difference), interval: [Math.exp(difference - half), Math.exp(difference + half)] };
}
