// Medians of timings, and how far they can be trusted. Timings are not normally distributed: a machine can only be
// slower than its best. So the bench states a median, with an interval by order statistics, which assumes no
// distribution (H. A. David and H. N. Nagaraja, Order Statistics, 2003, section 7.1).
import type { Summary } from "./result.js";

/** Fewer rounds cannot bound a median with 95 % confidence: 2 * 2^-5 is more than 5 %. */
export const FEWEST_ROUNDS = 6;

/**
 * The interval's high end over its low end. Beyond this ratio no figure is stated. At 1.2 a figure may be 10 % wrong
 * either way, and 10 % is what `--compare` calls a change: a reader could not tell an error from a change.
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

/** Whether times, in their order, no longer fall: the last `count` are not 3 % shorter than as many before them. */
export function haveSettled(times: readonly number[], count: number): boolean {
  if (times.length < 2 * count) return false;
  return median(times.slice(-count)) > 0.97 * median(times.slice(-2 * count, -count));
}

/**
 * The rank, from 1, of the value at which a 95 % interval of the median begins. It ends at the value of the same rank
 * from the other end. It is the greatest rank whose tail of the binomial distribution of `count` even chances is at
 * most 2.5 %; 1 if there is none.
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

/**
 * The interval in which the true median lies with 95 % confidence. With fewer than six values it is their range, which
 * says less: see {@link confidence}.
 */
export function medianInterval(values: readonly number[]): [low: number, high: number] {
  const sorted = ascending(values);
  const rank = medianRank(sorted.length);
  return [sorted[rank - 1] as number, sorted[sorted.length - rank] as number];
}

/** The chance that the interval of so many values holds the true median: 93.75 % of five; 95 % or a little more of six or more. */
export const confidence = (count: number): number => (count < FEWEST_ROUNDS ? 1 - 2 ** (1 - count) : 0.95);

/**
 * The interval of the median of several processes' rounds. What the compiler knew, and where memory lay, is fixed for one
 * process. Its rounds are therefore alike, and say too little of the next process (T. Kalibera and R. Jones, Rigorous
 * Benchmarking in Reasonable Time, ISMM 2013). So the interval covers that of all rounds and that of the processes'
 * medians.
 *
 * @param times for each process, the values of its rounds
 */
export function intervalOf(times: readonly (readonly number[])[]): [low: number, high: number] {
  const [ofRounds, ofProcesses] = [medianInterval(times.flat()), medianInterval(times.map(median))];
  return [Math.min(ofRounds[0], ofProcesses[0]), Math.max(ofRounds[1], ofProcesses[1])];
}

/** Summarizes the rounds of several processes. */
export function summarize(times: readonly (readonly number[])[]): Summary {
  const all = times.flat();
  const [low, high] = intervalOf(times);
  return {
    median: median(all),
    quartiles: [quantile(all, 0.25), quantile(all, 0.75)],
    interval: [low, high],
    wide: all.length < FEWEST_ROUNDS || high > WIDE * low,
  };
}
