// The cases of several runs beside each other. A Node may lack a case, or a rival of it.
import type { Case, Run } from "../harness/result.js";

const isSame = (one: Case, other: Case): boolean =>
  one.suite === other.suite && one.core === other.core && one.name === other.name;

/** The cases of all runs, each once. */
export function casesOf(runs: readonly Run[]): Case[] {
  const all: Case[] = [];
  for (const one of runs.flatMap(({ cases }) => cases)) if (!all.some((other) => isSame(one, other))) all.push(one);
  return all;
}

/** That case in each run; undefined if a run lacks it. */
export const eachOf = (runs: readonly Run[], wanted: Case): (Case | undefined)[] =>
  runs.map(({ cases }) => cases.find((one) => isSame(one, wanted)));

/** The names of the rivals of all of them, each once. */
export const rivalNames = (each: readonly (Case | undefined)[]): string[] => [
  ...new Set(each.flatMap((one) => one?.rivals.map(({ name }) => name) ?? [])),
];
