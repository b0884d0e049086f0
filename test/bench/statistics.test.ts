// bench/harness/statistics.ts and change.ts, against tables and values worked out by hand.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";

interface Summary {
  median: number;
  quartiles: [number, number];
  interval: [number, number];
  wide: boolean;
}

// The bench is compiled by itself: these are the parts of it that are used here.
interface Statistics {
  WIDE: number;
  quantile(values: number[], part: number): number;
  median(values: number[]): number;
  medianRank(count: number): number;
  haveSettled(times: number[], count: number): boolean;
  medianInterval(values: number[]): [number, number];
  confidence(count: number): number;
  summarize(times: number[][]): Summary;
}

interface Changes {
  studentT(freedom: number, alpha: number): number;
  change(earlier: number[][], later: number[][], alpha: number): { factor: number; interval: [number, number] };
}

const compiled = (name: string): Promise<unknown> =>
  import(new URL(`../../bench/harness/${name}.js`, import.meta.url).href);
const statistics = (await compiled("statistics")) as Statistics;
const { WIDE, quantile, median, medianRank, medianInterval, confidence, summarize, haveSettled } = statistics;
const { studentT, change } = (await compiled("change")) as Changes;

const close = (actual: number, expected: number, part = 1e-6): void =>
  assert.ok(Math.abs(actual - expected) <= part * Math.abs(expected), `${actual} is not ${expected}`);

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** The chance of fewer than `rank` heads in `count` coin tosses: slow and obvious, by BigInt. */
function tail(count: number, rank: number): number {
  const choose = (k: number): bigint => {
    let ways = 1n;
    for (let index = 0; index < k; index++) ways = (ways * BigInt(count - index)) / BigInt(index + 1);
    return ways;
  };
  let ways = 0n;
  for (let k = 0; k < rank; k++) ways += choose(k);
  return Number(ways) / 2 ** count;
}

const test = suite("The bench's statistics");

test("quantiles lie between neighbours, as R's default does, and need no order", () => {
  assert.is(median([3, 1, 2]), 2);
  assert.is(median([4, 1, 3, 2]), 2.5);
  assert.is(quantile([1, 2, 3, 4], 0.25), 1.75); // R: quantile(1:4, .25)
  assert.is(quantile([1, 2, 3, 4], 0.75), 3.25);
  assert.is(quantile([7], 0.25), 7);
});

test("times have settled if the last ones are not shorter than those before them, by their medians", () => {
  assert.not(haveSettled([5, 5, 5], 2)); // too few
  assert.ok(haveSettled([9, 5, 5, 5, 5], 2));
  assert.not(haveSettled([5, 5, 4.8, 4.8], 2));
  assert.ok(haveSettled([5, 5, 4.9, 4.9], 2));
  assert.ok(haveSettled([5, 5, 5, 90, 5, 5], 3)); // a pause of the machine
  assert.ok(haveSettled([5, 5, 6, 6], 2));
});

test("the ranks of a median's interval are those of the tables", () => {
  // Conover, Practical Nonparametric Statistics, table A3: the sign test at 5 %, two-sided.
  const ranks = { 6: 1, 8: 1, 9: 2, 11: 2, 12: 3, 15: 4, 17: 5, 20: 6, 21: 6, 25: 8, 30: 10 };
  for (const [count, rank] of Object.entries(ranks)) assert.is(medianRank(Number(count)), rank, `${count} values`);
});

test("a median's interval is as narrow as 95 % allow, for every count to 60", () => {
  for (let count = 6; count <= 60; count++) {
    const rank = medianRank(count);
    assert.ok(tail(count, rank) <= 0.025, `${count}: ${rank} is too far in`);
    assert.ok(tail(count, rank + 1) > 0.025, `${count}: ${rank} is too far out`);
  }
});

test("a median's interval is made of the values at those ranks; of fewer than six it is their range", () => {
  assert.equal(medianInterval(upTo(21).reverse()), [6, 16]);
  assert.equal(medianInterval([5, 1, 3]), [1, 5]);
  assert.equal(medianInterval([5]), [5, 5]);
});

test("the range of few values holds their median less often than 95 %, and the interval of more at least so often", () => {
  for (let count = 2; count < 6; count++) close(confidence(count), 1 - 2 * tail(count, 1));
  assert.is(confidence(5), 0.9375);
  for (let count = 6; count <= 60; count++) assert.ok(1 - 2 * tail(count, medianRank(count)) >= confidence(count));
});

test("one outlier among many rounds does not widen a summary", () => {
  const { median: middle, interval, wide, quartiles } = summarize([[...upTo(20).map((n) => 100 + n / 100), 900]]);
  assert.is(middle, 100.11);
  assert.equal(interval, [100.06, 100.16]);
  close(quartiles[0], 100.06);
  close(quartiles[1], 100.16);
  assert.is(wide, false);
});

test("processes that disagree widen a summary, however alike their rounds are", () => {
  const alike = Array<number>(6).fill(100);
  const differing = summarize([alike, alike, alike, alike, alike.map((time) => 1.5 * time)]);
  assert.equal(differing.interval, [100, 150]);
  assert.is(differing.median, 100);
  assert.is(differing.wide, true);
  assert.is(summarize([alike, alike, alike]).wide, false);
});

test("of many processes the interval leaves out the odd one", () => {
  const alike = Array<number>(5).fill(100);
  assert.equal(summarize([...Array<number[]>(11).fill(alike), alike.map((time) => 2 * time)]).interval, [100, 100]);
});

test("a summary is wide from the stated width on, and of fewer than six rounds", () => {
  const spread = (high: number): number[][] => [[100, 100, 100, high, high, high]];
  assert.is(summarize(spread(100 * WIDE)).wide, false);
  assert.is(summarize(spread(100 * WIDE + 0.1)).wide, true);
  assert.is(summarize([[1, 1, 1, 1, 1]]).wide, true);
});

test("Student's t is that of the tables", () => {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2; the last from R: qt(1 - 0.00005, 8).
  for (const [freedom, alpha, t] of [
    [1, 0.05, 12.706],
    [4, 0.05, 2.776],
    [8, 0.05, 2.306],
    [8, 0.01, 3.355],
    [30, 0.002, 3.385],
    [100, 0.05, 1.984],
  ] as const)
    close(studentT(freedom, alpha), t, 2e-4);
});

test("a change is the factor of the processes' middles, with Welch's interval", () => {
  const flat = (...medians: number[]): number[][] => medians.map((middle) => [middle, middle, middle]);
  const same = change(flat(100, 101, 99), flat(100, 101, 99), 0.05);
  close(same.factor, 1);
  assert.ok(same.interval[0] < 1 && same.interval[1] > 1);
  close(same.interval[0] * same.interval[1], 1); // even on the scale of logarithms
  // e^0 and e^0.2 apart; each side's logarithms have the variance 1e-4: an error of sqrt(2e-4 / 3), 4 degrees of
  // freedom.
  const logs = (middle: number) => flat(...[-0.01, 0, 0.01].map((part) => Math.exp(middle + part)));
  const slower = change(logs(0), logs(0.2), 0.05);
  close(slower.factor, Math.exp(0.2));
  close(slower.interval[0], Math.exp(0.2 - 2.7764451 * Math.sqrt(2e-4 / 3)));
  close(slower.interval[1], Math.exp(0.2 + 2.7764451 * Math.sqrt(2e-4 / 3)));
});

test("a stricter level widens the interval of a change; times that never vary have none", () => {
  const times = [[100], [102], [98], [101], [99]];
  const [, loose] = change(times, times, 0.05).interval;
  const [, strict] = change(times, times, 0.0001).interval;
  assert.ok(strict > loose && loose > 1);
  assert.equal(
    change([[2], [2]], [[4], [4]], 0.001).interval,
    [2, 2].map((n) => Math.exp(Math.log(n))),
  );
});

test("one process is compared by its rounds", () => {
  const rounds = [100, 101, 99, 100, 102, 98];
  const { factor, interval } = change([rounds], [rounds.map((time) => 1.2 * time)], 0.01);
  close(factor, 1.2);
  assert.ok(interval[0] > 1.15 && interval[1] < 1.25);
});

test.run();
