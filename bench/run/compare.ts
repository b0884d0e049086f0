// --compare: what changed between two result files. It compares a rival's ratio to the base of the same round, not its
// time: if the machine was slower that day, both were. A time alone says nothing about the code, so bases are not
// judged.

import { type Change, change } from "../harness/change.js";
import type { Case, ResultFile, RivalResult, Run } from "../harness/result.js";
import { table } from "../report/terminal.js";
import { digits } from "../report/words.js";

/**
 * The least change that counts by default. Another layout of memory alone causes smaller ones. A planted tenth is at this
 * edge: it needs a lower threshold.
 */
export const THRESHOLD = 0.1;

/** The chance that a comparison of two runs of the same code calls anything changed, for any number of cases. */
const ALPHA = 0.01;

/** "undecided": the rounds differ, but of one process, which may differ from the next by as much. */
export type Verdict = "slower" | "faster" | "no change" | "undecided";

export interface Compared extends Change {
  readonly where: string;
  readonly case: string;
  readonly rival: string;
  readonly verdict: Verdict;
  readonly suite: string;
}

export interface Comparison {
  readonly compared: readonly Compared[];
  /** Rivals that only one of the files has. */
  readonly unmatched: readonly string[];
  /** Differences between the conditions of the files. */
  readonly notes: readonly string[];
}

interface Pair {
  readonly suite: string;
  readonly where: string;
  readonly case: string;
  readonly rival: string;
  readonly earlier: readonly (readonly number[])[];
  readonly later: readonly (readonly number[])[];
}

/** A rival's ratio to the base in each round. */
function ratios(from: Case, rival: RivalResult): readonly (readonly number[])[] {
  const base = from.rivals.find(({ name }) => name === from.base) as RivalResult;
  return rival.times.map((rounds, process) =>
    rounds.map((time, round) => time / ((base.times[process] as readonly number[])[round] as number)),
  );
}

const major = ({ conditions }: Run): string => conditions.node.split(".")[0] as string;

/** All rivals of a run but the bases, by suite, core, case, base and name. */
function measurements(run: Run): Map<string, Omit<Pair, "earlier" | "later"> & { values: Pair["earlier"] }> {
  const all = new Map();
  for (const one of run.cases)
    for (const rival of one.rivals) {
      if (rival.name === one.base) continue;
      const where = `${one.suite}, ${one.core}`;
      // The base is part of the id: a ratio to another rival is another figure.
      const id = JSON.stringify([where, one.name, one.base, rival.name]);
      all.set(id, { suite: one.suite, where, case: one.name, rival: rival.name, values: ratios(one, rival) });
    }
  return all;
}

/** Pairs of runs of the same major version of Node. If each file has one run only: those two. */
function pairRuns(earlier: ResultFile, later: ResultFile): [Run, Run][] {
  const [before] = earlier.runs;
  const [after] = later.runs;
  if (earlier.runs.length === 1 && later.runs.length === 1 && before && after) return [[before, after]];
  return earlier.runs.flatMap((run) => {
    const same = later.runs.find((other) => major(other) === major(run));
    return same ? [[run, same] as [Run, Run]] : [];
  });
}

function notesOf([{ conditions: before }, { conditions: after }]: [Run, Run]): string[] {
  const differing = (["cpu", "kernel", "node", "pace", "planted"] as const).filter(
    (name) => before[name] !== after[name],
  );
  const notes = differing.map((name) => `${name} differs: ${before[name]}, then ${after[name]}`);
  if (Math.min(before.processes, after.processes) === 1)
    notes.push(
      "measured in one process: how much processes differ is unknown, so no change is told; --processes 5 does",
    );
  return notes;
}

/** A rival changed if its factor is past the threshold and its interval does not contain 1. */
function judge({ earlier, later }: Pair, { factor, interval: [low, high] }: Change, threshold: number): Verdict {
  const slower = factor > 1 + threshold && low > 1;
  const faster = factor < 1 / (1 + threshold) && high < 1;
  if (!slower && !faster) return "no change";
  if (Math.min(earlier.length, later.length) === 1) return "undecided";
  return slower ? "slower" : "faster";
}

/**
 * Compares two files. The more rivals are compared, the wider the intervals are (Bonferroni's correction). Without that, a
 * comparison of two runs of the same code would find a change in one rival of a hundred.
 *
 * @param threshold the least change that counts, as a part: 0.1 is 10 %
 */
export function compareFiles(earlier: ResultFile, later: ResultFile, threshold: number): Comparison {
  const runs = pairRuns(earlier, later);
  const pairs: Pair[] = [];
  const unmatched: string[] = [];
  for (const [before, after] of runs) {
    const old = measurements(before);
    const fresh = measurements(after);
    const node = runs.length > 1 ? `${major(before)}, ` : "";
    const titled = ({ where, case: name, rival }: Omit<Pair, "earlier" | "later">) =>
      `${node}${where}: ${name}, ${rival}`;
    for (const [id, { values, ...words }] of old) {
      const match = fresh.get(id);
      if (match) pairs.push({ ...words, where: node + words.where, earlier: values, later: match.values });
      else unmatched.push(`only in the earlier: ${titled(words)}`);
    }
    for (const [id, words] of fresh) if (!old.has(id)) unmatched.push(`only in the later: ${titled(words)}`);
  }
  const results = pairs.map((pair): Compared => {
    const { earlier: from, later: to, ...words } = pair;
    const found = change(from, to, ALPHA / pairs.length);
    return { ...words, ...found, verdict: judge(pair, found, threshold) };
  });
  return { compared: results, unmatched, notes: runs.flatMap(notesOf) };
}

const count = (all: readonly Compared[], verdict: Verdict): number =>
  all.filter((one) => one.verdict === verdict).length;

/** One case, with a line for each rival. */
function caseText(name: string, all: readonly Compared[]): string {
  const rows = all.map(({ rival, factor, interval: [low, high], verdict }) => [
    `  ${rival}`,
    `x${digits(factor)} (${digits(low)}..${digits(high)})`,
    verdict === "no change" ? "" : verdict,
  ]);
  return `${name}\n${table(rows)}`;
}

/** A line for each suite in which something changed. */
function suiteLines(all: readonly Compared[]): string[] {
  return [...new Set(all.map(({ suite }) => suite))].flatMap((suite) => {
    const here = all.filter((one) => one.suite === suite);
    const [slower, faster] = [count(here, "slower"), count(here, "faster")];
    return slower + faster > 0 ? [`${suite}: ${slower} slower, ${faster} faster, of ${here.length}`] : [];
  });
}

/** The comparison as text, by suite, core and case, with a count of what changed. */
export function comparisonText({ compared: all, unmatched, notes }: Comparison, threshold: number): string {
  const places = [...new Set(all.map(({ where }) => where))].map((where) => {
    const here = all.filter((one) => one.where === where);
    const cases = [...new Set(here.map((one) => one.case))];
    return [
      `== ${where}`,
      ...cases.map((name) =>
        caseText(
          name,
          here.filter((one) => one.case === name),
        ),
      ),
    ].join("\n\n");
  });
  const vague = all.filter(({ verdict, interval }) => verdict === "no change" && interval[1] > 1 + threshold);
  const summary = [
    `${all.length} compared, by a threshold of ${digits(100 * threshold)} %: ${count(all, "slower")} slower, ` +
      `${count(all, "faster")} faster, ${count(all, "no change")} without a change` +
      (count(all, "undecided") > 0 ? `, ${count(all, "undecided")} undecided` : ""),
    ...(vague.length > 0 ? [`${vague.length} of those vary too much to rule out a slow-down past the threshold`] : []),
  ];
  return [...places, [...unmatched, ...notes, ...suiteLines(all), ...summary].join("\n")].join("\n\n");
}
