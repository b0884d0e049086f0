// Medians of timings, how far they can be trusted, and whether two of them differ. Timings are not normally distributed:
// a machine can only be slower than it could be. So what is stated is a median, with an interval by order statistics,
// which assumes no distribution (H. A. David and H. N. Nagaraja, Order Statistics, 2003, section 7.1).
import type { Summary } from "./result.js";

/** Fewer rounds cannot bound a median with 95 % confidence: 2 * 2^-5 is more than 5 %. */
export const FEWEST_ROUNDS = 6;

/**
 * The interval's high end over its low end from which on no figure is stated. At 1.2 the figure is some 10 % wrong either
 * way, which is what `--compare` calls a change: a reader could not tell the one from the other.
 */
export const WIDE = 1.2;

const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** Linear between neighbours: type 7 of Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = ascending(values);
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/**
 * The rank, from 1, of the order statistic from which a 95 % interval of the median reaches to its twin at the other end:
 * the greatest whose tail of the binomial distribution of `count` even chances is at most 2.5 %; 1 where none is.
 */
export function medianRank(count: number): number {
  let chance = 0.5 ** count; // of exactly `rank - 1` values below the median
  let tail = chance;
  let rank = 1;
  for (;;) {
    chance *= (count - rank + 1) / rank;
    tail += chance;
    if (tail > 0.025 || 2 * rank >= count) return rank;
    rank++;
  }
}

/** Where the median of what gave these values lies, with 95 % confidence; of fewer than six, their range. */
export function medianInterval(values: readonly number[]): [low: number, high: number] {
  const sorted = ascending(values);
  const rank = medianRank(sorted.length);
  return [sorted[rank - 1] as number, sorted[sorted.length - rank] as number];
}

/**
 * Of the rounds of several processes. A process has its own luck, with what the compiler knew and where memory lay, so
 * that its rounds are alike and say too little of the next process's (T. Kalibera and R. Jones, Rigorous Benchmarking in
 * Reasonable Time, ISMM 2013). The interval is therefore that of all rounds, and wider where the processes' medians are.
 *
 * @param times for each process, the values of its rounds
 */
export function summarize(times: readonly (readonly number[])[]): Summary {
  const all = times.flat();
  const ofRounds = medianInterval(all);
  const ofProcesses = medianInterval(times.map(median));
  const low = Math.min(ofRounds[0], ofProcesses[0]);
  const high = Math.max(ofRounds[1], ofProcesses[1]);
  return {
    median: median(all),
    quartiles: [quantile(all, 0.25), quantile(all, 0.75)],
    interval: [low, high],
    wide: all.length < FEWEST_ROUNDS || high > WIDE * low,
  };
}

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

/** I_x(a, b), by its continued fraction (NIST Digital Library of Mathematical Functions, 8.17.22), evaluated by Lentz. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a); // there it converges faster
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

/** The t of Student's distribution that both tails together exceed with the chance `alpha`; by halving. */
export function studentT(freedom: number, alpha: number): number {
  let low = 0;
  let high = 1e6;
  for (let turn = 0; turn < 100; turn++) {
    const t = (low + high) / 2;
    if (incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) > alpha) low = t;
    else high = t;
  }
  return high;
}

export interface Change {
  /** The later time over the earlier one. */
  readonly factor: number;
  /** Where that factor lies, with confidence 1 - `alpha`. */
  readonly interval: readonly [low: number, high: number];
}

function logs(values: readonly number[]): { mean: number; error: number; freedom: number } {
  const all = values.map(Math.log);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const squares = all.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: squares / (all.length - 1) / all.length, freedom: all.length - 1 };
}

/**
 * How later times compare to earlier ones. What is compared are the processes' medians, as two processes differ by more
 * than their rounds do; where either side had one process only, its rounds. Welch's interval (Biometrika, 1947), of the
 * logarithms, as ratios multiply.
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
