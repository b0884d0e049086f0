// The table of docs/shared-bytes.md, made of the results.
import { readFileSync, writeFileSync } from "node:fs";
import { root } from "../support/child.js";
import { calls } from "./calls.js";
import { knownCrash } from "./known.js";
import { type Kind, kinds, type Outcome } from "./outcome.js";
import { isCrash, type Results } from "./results.js";

const PAGE = `${root}docs/shared-bytes.md`;
const BEGIN = "<!-- npm run test:builtins writes what follows -->\n";
const END = "<!-- to here -->\n";

const words: Record<Outcome["result"], string> = {
  ok: "ok",
  crash: "**crash**",
  hang: "**hangs**",
  wrong: "**wrong**",
  shares: "shares",
  refused: "refuses",
  absent: "–",
};

/** It did not crash within the time, but it does what one that crashed does: known.ts. */
const UNSAFE = "unsafe";

/** Node first, by version. */
const byEngine = (left: string, right: string): number =>
  Number(right.startsWith("Node")) - Number(left.startsWith("Node")) ||
  left.localeCompare(right, "en", { numeric: true });

const code = (name: string): string => `\`${name}\``;

/** Shortest and longest time that calls which did not crash were called for: seconds. */
function timesOf(results: Results): [number, number] {
  const outcomes = Object.values(results.engines).flatMap((each) =>
    kinds.flatMap((kind) => Object.values(each.kinds[kind] ?? {})),
  );
  const times = outcomes
    .filter((each) => !isCrash(each) && each.result !== "absent")
    .map(({ seconds }) => Math.floor(seconds));
  return [Math.min(...times), Math.max(...times)];
}

/** The table and the two lists, as Markdown. */
export function tableOf(results: Results): string {
  const engines = Object.keys(results.engines).sort(byEngine);
  const wordOf = (engine: string, kind: Kind, call: string): string => {
    const result = results.engines[engine]?.kinds[kind]?.[call]?.result ?? "absent";
    return result === "ok" && knownCrash(engine, kind, call) !== undefined ? UNSAFE : words[result];
  };
  const cell = (engine: string, call: string): string => {
    const [shared, plain] = kinds.map((kind) => wordOf(engine, kind, call));
    return shared === plain ? `${shared}` : `${shared}, ${plain}`;
  };
  const isFine = (call: string): boolean => engines.every((engine) => ["ok", "–"].includes(cell(engine, call)));
  const builtIns = calls.filter(({ own }) => !own).map(({ name }) => name);
  const rows = builtIns
    .filter((name) => !isFine(name))
    .map((name) => `| ${code(name)} | ${engines.map((engine) => cell(engine, name)).join(" | ")} |`);
  const fine = builtIns.filter(isFine).map(code);
  const own = calls.filter((call) => call.own).map(({ name }) => code(name));
  const bad = own.filter((name) => !isFine(name.slice(1, -1)));
  if (bad.length > 0) throw new Error(`calls of this package are not fine: ${bad.join(", ")}`);
  const versions = engines.map((engine) => `${engine.split(" ")[0]} ${results.engines[engine]?.version}`);
  const [shortest, longest] = timesOf(results);
  return [
    `| built-in | ${engines.join(" | ")} |`,
    `| --- | ${engines.map(() => "---").join(" | ")} |`,
    ...rows,
    "",
    `Neither crashed nor gave a wrong result, on any of them and on either kind: ${fine.join("; ")}.`,
    "",
    `The same for the calls of this package: ${own.join("; ")}.`,
    "",
    `Tried with ${versions.join(", ")} on x86-64, each call for ${shortest} to ${longest} seconds or until it crashed.`,
    "",
  ].join("\n");
}

/** The page with another table. */
export function pageWith(page: string, table: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${PAGE} has no place for the table`);
  return `${page.slice(0, from + BEGIN.length)}\n${table}\n${page.slice(to)}`;
}

export const readPage = (): string => readFileSync(PAGE, "utf8");
export const writePage = (results: Results): void => writeFileSync(PAGE, pageWith(readPage(), tableOf(results)));
