// The figures of a run: a curve for each operation that was measured at several sizes, bars for each other case.

import { PATH } from "../harness/path.js";
import type { Case, RivalResult, Run, Summary } from "../harness/result.js";
import { coreOf } from "../harness/window.js";

/** A value, its confidence interval, and whether that is too wide for the value to be stated. */
export interface Point {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly wide: boolean;
}

export interface Line {
  readonly name: string;
  /** Decides colour and marker. An access path has the same place in every figure. */
  readonly place: number;
  readonly points: readonly (Point & { readonly size: number })[];
}

export type Bar = Point & { readonly name: string; readonly place: number };

interface Titled {
  /** Fit for a file name and an address. */
  readonly id: string;
  readonly suite: string;
  readonly title: string;
  readonly unit: "GB/s" | "ns";
}

export interface Curve extends Titled {
  readonly kind: "curve";
  readonly lines: readonly Line[];
}

export interface Bars extends Titled {
  readonly kind: "bars";
  readonly bars: readonly Bar[];
}

export type Figure = Curve | Bars;

/** With so many sizes a curve says more than bars. */
const FEWEST_SIZES = 3;

/** From so many bytes on, an operation's speed is stated in GB/s. */
const BULK = 1024;

const slug = (words: string): string =>
  words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");

const nanoseconds = ({ median: value, interval: [low, high], wide }: Summary): Point => ({ value, low, high, wide });

function speed(bytes: number, { median, interval: [low, high], wide }: Summary): Point {
  return { value: bytes / median, low: bytes / high, high: bytes / low, wide };
}

const titleOf = ({ operation, pattern }: Case): string =>
  pattern === undefined ? operation : `${operation}, ${pattern}`;

const pathOf = ({ path, name }: RivalResult): string => path ?? name;

const known: readonly string[] = [coreOf("wasm"), coreOf("js"), ...Object.values(PATH)];

/**
 * Colours repeat behind the known paths. So this is the js core's colour with another marker: the cursors of "auto" are
 * that core's, and only suites of cursors measure "auto".
 */
const autoPlace = known.length + known.indexOf(coreOf("js"));

/** A rival without a known access path has the place that its index in the figure gives. */
function placeOf(rival: RivalResult, index: number): number {
  if (pathOf(rival) === coreOf("auto")) return autoPlace;
  const place = known.indexOf(pathOf(rival));
  return place < 0 ? known.length + index : place;
}

/** Cases of one key, in the order of the run. */
function grouped(cases: readonly Case[], key: (one: Case) => string): Case[][] {
  const groups = new Map<string, Case[]>();
  for (const one of cases) {
    const group = groups.get(key(one));
    if (group) group.push(one);
    else groups.set(key(one), [one]);
  }
  return [...groups.values()];
}

/**
 * Rivals by name. A rival that uses no core was measured once beside each core. The first measurement is taken, so that
 * a figure shows such a rival once.
 */
function rivalsOf(
  cases: readonly Case[],
  name: (rival: RivalResult) => string,
): Map<string, { rival: RivalResult; of: Case }> {
  const found = new Map<string, { rival: RivalResult; of: Case }>();
  for (const of of cases)
    for (const rival of of.rivals) if (!found.has(name(rival))) found.set(name(rival), { rival, of });
  return found;
}

function curve(cases: readonly Case[]): Curve {
  const [first] = cases as [Case];
  const lines = new Map<string, { name: string; place: number; points: (Point & { size: number })[] }>();
  for (const bySize of grouped(cases, ({ size }) => String(size)))
    for (const [name, { rival, of }] of rivalsOf(bySize, pathOf)) {
      const point = { ...speed(of.bytes as number, rival.nanoseconds), size: of.size as number };
      const line = lines.get(name);
      if (line) line.points.push(point);
      else lines.set(name, { name, place: placeOf(rival, lines.size), points: [point] });
    }
  for (const { points } of lines.values()) points.sort((a, b) => a.size - b.size);
  return {
    kind: "curve",
    id: slug(`${first.suite} ${titleOf(first)}`),
    suite: first.suite,
    title: titleOf(first),
    unit: "GB/s",
    lines: [...lines.values()],
  };
}

function bars(cases: readonly Case[]): Bars {
  const [first] = cases as [Case];
  const { suite, name, bytes = 0 } = first;
  const bulk = bytes >= BULK;
  const all = [...rivalsOf(cases, (rival) => rival.name).values()];
  return {
    kind: "bars",
    id: slug(`${suite} ${name}`),
    suite,
    title: name,
    unit: bulk ? "GB/s" : "ns",
    bars: all.map(({ rival, of }, index) => ({
      name: rival.name,
      place: placeOf(rival, index),
      ...(bulk ? speed(of.bytes as number, rival.nanoseconds) : nanoseconds(rival.nanoseconds)),
    })),
  };
}

const isSized = ({ size, bytes }: Case): boolean => size !== undefined && bytes !== undefined;

export function figuresOf({ cases }: Run): Figure[] {
  return grouped(cases, (one) => `${one.suite}\0${titleOf(one)}`).flatMap((group): Figure[] => {
    const sizes = new Set(group.map(({ size }) => size));
    if (sizes.size >= FEWEST_SIZES && group.every(isSized)) return [curve(group)];
    return grouped(group, ({ name }) => name).map(bars);
  });
}
