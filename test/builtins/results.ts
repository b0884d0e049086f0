// The file of results, test/builtins/results.json: what each call came to on each engine and kind of memory, in the longest
// run so far. The page's table is made of it.
import { readFileSync, writeFileSync } from "node:fs";
import { root } from "../support/child.js";
import { calls } from "./calls.js";
import { type Kind, kinds, type Outcome } from "./outcome.js";
import type { Engine, Outcomes } from "./race.js";

export interface EngineResults {
  version: string;
  kinds: Partial<Record<Kind, Outcomes>>;
}

export interface Results {
  /** By the engine's name. */
  engines: Record<string, EngineResults>;
}

const file = `${root}test/builtins/results.json`;

export const readResults = (): Results => JSON.parse(readFileSync(file, "utf8")) as Results;

/** Seconds of a call from which on a run that sees no crash says that there is none. */
export const LONG = 60;

export const isCrash = ({ result }: Outcome): boolean => result === "crash" || result === "hang";

/** Whether an outcome tells more than the one before: it crashed, or it ran longer. Only a long run ends a crash. */
export function isBetter(now: Outcome, before: Outcome | undefined): boolean {
  if (before === undefined || isCrash(now)) return true;
  return now.seconds >= (isCrash(before) ? LONG : before.seconds);
}

const rounded = ({ result, note, count, seconds }: Outcome): Outcome => ({
  result,
  ...(note !== undefined && { note }),
  ...(count !== undefined && { count }),
  seconds: Number(seconds.toFixed(1)),
});

/** Puts outcomes of an engine into results, in the order of the calls. Drops calls that there are no more. */
export function merge(results: Results, { name, version }: Engine, kind: Kind, found: Outcomes): void {
  const before = results.engines[name]?.kinds[kind] ?? {};
  const merged: Outcomes = {};
  for (const call of calls) {
    const [now, then] = [found[call.name], before[call.name]];
    const better = now !== undefined && isBetter(now, then) ? rounded(now) : then;
    if (better !== undefined) merged[call.name] = better;
  }
  const all = { ...results.engines[name]?.kinds, [kind]: merged };
  const inOrder = Object.fromEntries(kinds.flatMap((each) => (all[each] ? [[each, all[each]]] : [])));
  results.engines[name] = { version, kinds: inOrder };
}

/** One line for each outcome, so that a difference is one line, too. */
export function writeResults(results: Results): void {
  const engines = Object.entries(results.engines).sort(([left], [right]) => (left < right ? -1 : 1));
  const text = JSON.stringify({ engines: Object.fromEntries(engines) }, null, 2);
  writeFileSync(
    file,
    `${text.replaceAll(/\{\n\s+("result": [^{}]*?)\n\s+\}/g, (_, body: string) => `{ ${body.replaceAll(/\n\s+/g, " ")} }`)}\n`,
  );
}
