// Makes docs/benchmarks.md from bench/report/benchmarks.md and a result file. The figures of the run are looked up in the
// file. The template's words:
//
// {{time SUITE | CORE | CASE | RIVAL}}           time of one operation
// {{faster SUITE | CORE | CASE | RIVAL | OTHER}} OTHER's time over RIVAL's; an error if it is not above 1 with every
//                                                Node of the file
// {{table SUITE | CORE | CASE}}                  all rivals of a case, with a column for each Node of the file
// {{figures SUITE | CORE | CASE}}                further figures of each rival by the first Node: percentiles, resident
//                                                bytes …, with the range of the processes
// {{picture ID}}                                 a picture of bench/report/figures.ts
// {{conditions}}, {{goals}}                      tables with a column for each Node
// {{confidence}}                                 of the range of the processes' medians, with the fewest processes
// {{node}}                                       the file's first Node, which figures in sentences and pictures are of

import type { Case, ResultFile, RivalResult, Run } from "../harness/result.js";
import { confidence, summarize } from "../harness/statistics.js";
import { conditionRows } from "./conditions.js";
import type { Figure } from "./figures.js";
import { casesOf, eachOf, rivalNames } from "./runs.js";
import { digits, duration, judgedText, stated, verdictText } from "./words.js";

export interface Document {
  readonly markdown: string;
  /** The pictures that the document shows. */
  readonly pictures: readonly Figure[];
}

function caseOf(run: Run, [suite, core, name]: readonly string[]): Case {
  const found = run.cases.find((one) => one.suite === suite && one.core === core && one.name === name);
  if (found) return found;
  const there = run.cases.filter((one) => one.suite === suite && one.core === core).map((one) => one.name);
  throw new Error(
    `no case ${suite} | ${core} | ${name}; there are ${there.join("; ") || "none of that suite and core"}`,
  );
}

function rivalOf(one: Case, name: string | undefined): RivalResult {
  const found = one.rivals.find((rival) => rival.name === name);
  if (found) return found;
  throw new Error(`${one.name} has no rival ${name}; there are ${one.rivals.map((rival) => rival.name).join("; ")}`);
}

/** The ratio of the two rivals in the same rounds. The file keeps only ratios to the base. */
function faster(one: Case, name: string | undefined, otherName: string | undefined): string {
  const [rival, other] = [rivalOf(one, name), rivalOf(one, otherName)];
  const ratios = summarize(
    rival.times.map((times, process) => times.map((time, round) => (other.times[process]?.[round] as number) / time)),
  );
  if (!(ratios.median > 1)) throw new Error(`${one.name}: ${name} is not faster than ${otherName}: ${ratios.median}`);
  return stated(ratios, 1, "");
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]): string => `| ${row.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const nodeOf = ({ conditions }: Run): string => `Node ${conditions.node.replace(/^v/, "")}`;

const timeOf = (rival: RivalResult): string => duration(rival.nanoseconds);

function caseTable(runs: readonly Run[], words: readonly string[]): string {
  const one = caseOf({ ...(runs[0] as Run), cases: casesOf(runs) }, words);
  const each = eachOf(runs, one);
  const rows = rivalNames(each).map((name) => [
    name,
    ...each.map((own) => {
      const rival = own?.rivals.find((other) => other.name === name);
      return rival ? timeOf(rival) : own ? "absent" : "-";
    }),
  ]);
  return tableOf([one.name, ...runs.map(nodeOf)], rows);
}

/**
 * The processes' median, and their range if there are several. What is not above zero is less than the process itself takes
 * and frees meanwhile: too little to see.
 */
const figureOf = ({ value, values }: RivalResult["figures"][number]): string =>
  value <= 0
    ? "-"
    : values
      ? `${digits(value)} (${digits(Math.min(...values))}..${digits(Math.max(...values))})`
      : digits(value);

function figuresTable(run: Run, words: readonly string[]): string {
  const one = caseOf(run, words);
  const names = [...new Set(one.rivals.flatMap(({ figures }) => figures.map(({ name, unit }) => `${name}, ${unit}`)))];
  if (names.length === 0) throw new Error(`${one.name} has no further figures`);
  const rows = one.rivals.map(({ name, figures }) => {
    const seen = new Map(figures.map((figure) => [`${figure.name}, ${figure.unit}`, figureOf(figure)]));
    return [name, ...names.map((column) => seen.get(column) ?? "-")];
  });
  return tableOf([`${one.name}, ${nodeOf(run)}`, ...names], rows);
}

/** A column for each run. */
function conditionTable(runs: readonly Run[]): string {
  const columns = runs.map(({ conditions }, index) => new Map(conditionRows(conditions, index === 0)));
  const [first] = columns as [Map<string, string>];
  const rows = [...first.keys()].map((name) => [name, ...columns.map((column) => column.get(name) ?? "")]);
  const missing = runs.map(({ incomplete = [] }) => incomplete.join("; "));
  return tableOf(["", ...runs.map(() => "")], missing.some(Boolean) ? [...rows, ["incomplete", ...missing]] : rows);
}

/**
 * Each goal, with its result in each run. A rival has the same number of goals in each run, but a text may name the
 * Node.
 */
function goalTable(runs: readonly Run[]): string {
  const rows = casesOf(runs).flatMap((one) => {
    const each = eachOf(runs, one);
    return rivalNames(each).flatMap((rival) => {
      const judged = each.map((own) => own?.rivals.find(({ name }) => name === rival)?.goals ?? []);
      return Array.from({ length: Math.max(...judged.map(({ length }) => length)) }, (_, index) => {
        const goals = judged.map((own) => own[index]);
        const words = [...new Set(goals.flatMap((goal) => goal?.text ?? []))].join("; ");
        const verdicts = goals.map((goal) => {
          if (goal === undefined) return "-";
          const verdict = verdictText(goal);
          return [judgedText(goal), goal.holds ? verdict : `**${verdict}**`].filter(Boolean).join(", ");
        });
        return [one.name, rival, words, ...verdicts];
      });
    });
  });
  return tableOf(["case", "rival", "goal", ...runs.map(nodeOf)], rows);
}

/**
 * @param template bench/report/benchmarks.md
 * @param source the result file's name, for the first line
 * @throws {Error} the text names something that is not in the file, or claims something that the file does not show
 */
export function documentOf(
  template: string,
  results: ResultFile,
  figures: readonly Figure[],
  source: string,
): Document {
  const [run] = results.runs;
  if (run === undefined) throw new Error("the file has no run");
  const pictures: Figure[] = [];
  const filled = template.replaceAll(/\{\{(\w+)([^}]*)\}\}/g, (_, kind: string, rest: string) => {
    const words = rest.split("|").map((word) => word.trim());
    switch (kind) {
      case "time":
        return timeOf(rivalOf(caseOf(run, words), words[3]));
      case "faster":
        return results.runs.map((each) => faster(caseOf(each, words), words[3], words[4]))[0] as string;
      case "table":
        return caseTable(results.runs, words);
      case "figures":
        return figuresTable(run, words);
      case "conditions":
        return conditionTable(results.runs);
      case "goals":
        return goalTable(results.runs);
      case "confidence":
        return `${100 * confidence(Math.min(...results.runs.map(({ conditions }) => conditions.processes)))} %`;
      case "node":
        return nodeOf(run);
      case "picture": {
        const figure = figures.find(({ id }) => id === words[0]);
        if (figure === undefined)
          throw new Error(`no picture ${words[0]}; there are ${figures.map(({ id }) => id).join(", ")}`);
        pictures.push(figure);
        return `![${figure.title}: ${figure.unit}](benchmarks/${figure.id}.svg)`;
      }
      default:
        throw new Error(`{{${kind}}} is not a word of bench/report/document.ts`);
    }
  });
  return {
    markdown: `<!-- Made by npm run bench:docs from bench/report/benchmarks.md and ${source}. Do not edit. -->\n\n${filled}`,
    pictures,
  };
}
