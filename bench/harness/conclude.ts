// From the times of all rounds to the results of a group: medians, ratios and goals.
import type { AnyRival, Goal, Group } from "./group.js";
import { pathOf } from "./path.js";
import type { Case, GoalResult, RivalResult } from "./result.js";
import { median, summarize } from "./statistics.js";

/** A case without its suite and core, which the runner adds. */
export type Measured = Omit<Case, "suite" | "core">;

/** Nanoseconds of one operation: a list for each process, with a time for each round. */
export type Times = readonly (readonly number[])[];

/** In each round of each process: the fastest of these rivals. */
const fastest = (all: readonly Times[]): Times =>
  (all[0] as Times).map((rounds, process) =>
    rounds.map((_, round) => Math.min(...all.map((times) => (times[process] as readonly number[])[round] as number))),
  );

/** Combines `times` and `others` of the same round. */
const pairwise = (times: Times, others: Times, of: (time: number, other: number) => number): number[][] =>
  times.map((rounds, process) => rounds.map((time, round) => of(time, (others[process] as number[])[round] as number)));

function judge(goals: readonly Goal[], times: Times, timesOf: (name: string) => Times, base: string): GoalResult[] {
  return goals.map(({ text, against = [base], figure, met }) => {
    const others = fastest(against.map(timesOf));
    const ratio = median(pairwise(times, others, (time, other) => time / other).flat());
    const extra = median(pairwise(times, others, (time, other) => time - other).flat());
    return {
      text,
      ...(figure ? { figure: figure(ratio, extra) } : {}),
      holds: met(ratio, extra, median(times.flat())),
    };
  });
}

/** The results of a group over all processes so far. */
export function conclude(group: Group<AnyRival>, timesOf: (name: string) => Times): Measured {
  const { name, operation = name, size, pattern, bytes, absent = [], rivals } = group;
  const base = rivals[0].name;
  const results = rivals.map((rival): RivalResult => {
    const times = timesOf(rival.name);
    const { path = pathOf(rival.name) } = rival;
    const ratios = pairwise(times, timesOf(base), (time, other) => time / other);
    return {
      name: rival.name,
      ...(path === undefined ? {} : { path }),
      nanoseconds: summarize(times),
      ...(rival.name === base ? {} : { ratio: summarize(ratios) }),
      goals: judge(rival.goals ?? [], times, timesOf, base),
      figures: (rival.figures?.() ?? []).filter(({ value }) => Number.isFinite(value)), // none of too few trials
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
