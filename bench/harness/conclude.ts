// From the times of all rounds to the results of a group: medians, ratios and goals.
import type { AnyRival, Goal, Group } from "./group.js";
import { pathOf } from "./path.js";
import type { Case, Figure, GoalResult, RivalResult } from "./result.js";
import { intervalOf, median, summarize } from "./statistics.js";

/** A case without its suite and core, which the runner adds. */
export type Measured = Omit<Case, "suite" | "core">;

/** Nanoseconds of one operation: a list for each process, with a time for each round. */
export type Times = readonly (readonly number[])[];

/** What earlier processes measured of the same group, by rival. */
export type Earlier = Readonly<Record<string, Pick<RivalResult, "times" | "figures" | "goals">>>;

/** The rival of the least median. The least of each round would be less than any of several rivals that are alike. */
const fastest = (all: readonly Times[]): Times =>
  all.reduce((best, times) => (median(times.flat()) < median(best.flat()) ? times : best));

/** Combines `times` and `others` of the same round. */
const pairwise = (times: Times, others: Times, of: (time: number, other: number) => number): number[][] =>
  times.map((rounds, process) => rounds.map((time, round) => of(time, (others[process] as number[])[round] as number)));

/** The median of all rounds, and the ends of its interval. */
function spread(values: Times): { middle: number; low: number; high: number } {
  const [low, high] = intervalOf(values);
  return { middle: median(values.flat()), low, high };
}

/** The figures at both ends of the interval, as numbers alone: the unit is beside the figure. */
const ends = (figures: readonly string[]): string =>
  figures
    .map((figure) => /^-?[\d.]+/.exec(figure)?.[0] ?? figure)
    .sort((one, other) => Number(one) - Number(other))
    .join("..");

function judge(
  { text, against, figure, met, ratio: ratioNow }: Goal,
  { times, timesOf, base }: { times: Times; timesOf: (name: string) => Times; base: string },
  earlier: GoalResult | undefined,
): GoalResult {
  const others = fastest((against ?? [base]).map(timesOf));
  const ratios = ratioNow && [...(earlier?.ratios ?? []), ratioNow()].filter(Number.isFinite);
  if (ratios?.length === 0) throw new Error(`nothing was measured for the goal: ${text}`);
  const ratio = spread(ratios?.map((one) => [one]) ?? pairwise(times, others, (time, other) => time / other));
  const extra = spread(pairwise(times, others, (time, other) => time - other));
  const own = spread(times);
  const holdsAt = (at: keyof typeof own): boolean => met(ratio[at], extra[at], own[at]);
  const figureAt = (at: keyof typeof own): string => figure?.(ratio[at], extra[at], own[at]) ?? "";
  return {
    text,
    ...(figure ? { figure: figureAt("middle") } : {}),
    ...(figure && ratios?.length !== 1 ? { interval: ends([figureAt("low"), figureAt("high")]) } : {}),
    holds: holdsAt("middle"),
    ...(holdsAt("low") === holdsAt("high") ? {} : { withinNoise: true }),
    ...(ratios ? { ratios } : {}),
  };
}

/** The figures of all processes, each by its median. */
function combined(figures: readonly Figure[]): Figure[] {
  const all = new Map<string, Figure>();
  for (const { name, unit, value, values = [value] } of figures) {
    const id = `${name}, ${unit}`;
    const before = all.get(id);
    const each = [...(before?.values ?? (before ? [before.value] : [])), ...values];
    all.set(id, { name, value: median(each), unit, ...(each.length > 1 ? { values: each } : {}) });
  }
  return [...all.values()];
}

/** The results of a group over all processes so far. */
export function conclude(group: Group<AnyRival>, timesOf: (name: string) => Times, earlier: Earlier = {}): Measured {
  const { name, operation = name, size, pattern, bytes, absent = [], rivals } = group;
  const base = rivals[0].name;
  const results = rivals.map((rival): RivalResult => {
    const times = timesOf(rival.name);
    const { path = pathOf(rival.name), goals = [] } = rival;
    const before = earlier[rival.name];
    const figures = (rival.figures?.() ?? []).filter(({ value }) => Number.isFinite(value)); // none of too few trials
    const ratios = pairwise(times, timesOf(base), (time, other) => time / other);
    return {
      name: rival.name,
      ...(path === undefined ? {} : { path }),
      nanoseconds: summarize(times),
      ...(rival.name === base ? {} : { ratio: summarize(ratios) }),
      goals: goals.map((goal, index) => judge(goal, { times, timesOf, base }, before?.goals[index])),
      figures: combined([...(before?.figures ?? []), ...figures]),
      times,
    };
  });
  return {
    name,
    operation,
    ...(size === undefined ? {} : { size }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(bytes === undefined ? {} : { bytes }),
    base,
    rounds: timesOf(base).flat().length,
    rivals: results,
    absent,
  };
}
