// Results as text for a terminal, within 100 columns.
import type { Case, Conditions, Figure, GoalResult, RivalResult, Run, Summary } from "../harness/result.js";
import { conditionRows } from "./conditions.js";
import { casesOf, eachOf, rivalNames } from "./runs.js";
import { digits, duration, judgedText, stated, verdictText } from "./words.js";

const COLUMNS = 100;
/** Of a condition's name. */
const NAME = 11;

/** Breaks text into lines. Each is indented by `indent`, and all but the first by `more`. */
function wrapped(text: string, indent: number, more = 2): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= COLUMNS) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(" ".repeat(indent + (last === undefined ? 0 : more)) + word);
  }
  return lines.join("\n");
}

export function header(conditions: Conditions, first: boolean): string {
  return conditionRows(conditions, first)
    .map(([name, value]) => wrapped(`${name.padEnd(NAME)}${value}`, 0, NAME))
    .join("\n");
}

/** How to read a table; printed once, below the header. */
export const legend = `
A time is that of one operation: the median of all rounds, and an interval. The interval covers the
95 % confidence interval of the rounds and that of the processes' medians (of five their range:
93.75 %). x is the time over the base's time in the same round. "too wide": the interval spans more
than a fifth, or there were fewer than six rounds. "within the noise": the interval contains the
goal's threshold.`;

const ratio = (summary: Summary): string => stated(summary, 1, "");

const goalText = (goal: GoalResult): string =>
  [judgedText(goal), `${goal.text}: ${verdictText(goal)}`].filter(Boolean).join("; ");

/** Rows as text. Each column is as wide as its widest cell; all cells are aligned left. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const speed = (bytes: number, { median, wide }: Summary): string => (wide ? "" : (bytes / median).toFixed(2));

const headOf = ({ name, unit }: Figure): string => `${name} ${unit}`;

/** The heads of figures that more than one rival has. */
function sharedFigures(rivals: readonly RivalResult[]): string[] {
  const heads = rivals.flatMap(({ figures }) => figures.map(headOf));
  return [...new Set(heads.filter((head, index) => heads.indexOf(head) !== index))];
}

/** Those figures, a column each. They stand below the times, as no room is left beside them. */
function figureTable(rivals: readonly RivalResult[], heads: readonly string[]): string[] {
  if (heads.length === 0) return [];
  const rows = rivals.map(({ name, figures }) => {
    const cells = heads.map((head) => figures.find((figure) => headOf(figure) === head));
    return [`    ${name}`, ...cells.map((figure) => (figure === undefined ? "-" : digits(figure.value)))];
  });
  return [table([["", ...heads], ...rows])];
}

/** The lines about a rival below the table: its own figures, and its goals. */
const notes = ({ name, figures, goals }: RivalResult, shared: readonly string[]): string[] => {
  const own = figures.filter((figure) => !shared.includes(headOf(figure)));
  const figureNotes = own.map((figure) => `${figure.name} ${digits(figure.value)} ${figure.unit}`);
  return [...figureNotes, ...goals.map(goalText)].map((note) => wrapped(`${name}: ${note}`, 4));
};

/** A case: for each rival its time, GB/s if an operation moves bytes, and the ratio to the base. Below them notes. */
export function caseTable({ name, bytes, rivals, absent }: Case): string {
  const rows = rivals.map((rival) => [
    `  ${rival.name}`,
    duration(rival.nanoseconds),
    ...(bytes ? [speed(bytes, rival.nanoseconds)] : []),
    rival.ratio === undefined ? "base" : ratio(rival.ratio),
  ]);
  const lines = table([["", "time", ...(bytes ? ["GB/s"] : []), "x"], ...rows]).split("\n");
  const missing = absent.map((absence) => wrapped(`${absence.name} is absent: ${absence.reason}`, 4));
  const shared = sharedFigures(rivals);
  const rivalNotes = rivals.flatMap((rival) => notes(rival, shared));
  return [name, ...lines.slice(1), ...figureTable(rivals, shared), ...rivalNotes, ...missing].join("\n");
}

/** How many goals hold, and which do not. Empty if no rival has a goal. */
export function goalSummary(cases: readonly Case[]): string {
  const judged = cases.flatMap(({ name, rivals }) =>
    rivals.flatMap((rival) =>
      rival.goals.map((goal) => ({ ...goal, line: wrapped(`${name}, ${rival.name}: ${goalText(goal)}`, 2) })),
    ),
  );
  if (judged.length === 0) return "";
  const short = judged.filter(({ holds }) => !holds);
  const unsure = judged.filter(({ holds, withinNoise }) => holds && withinNoise).length;
  const summary = `${judged.length - short.length} of ${judged.length} goals hold`;
  return [
    unsure > 0 ? `${summary}, ${unsure} of them within the noise` : summary,
    ...short.map(({ line }) => line),
  ].join("\n");
}

/** Every case, with a column for each Node: the time, and the ratio to the base. */
export function nodesTable(runs: readonly Run[]): string {
  const head = ["", ...runs.map(({ conditions }) => conditions.node)];
  const cell = (one: Case | undefined, rival: string): string => {
    const result = one?.rivals.find(({ name }) => name === rival);
    if (result === undefined) return "-";
    const { nanoseconds, ratio: toBase } = result;
    const time = nanoseconds.wide ? "too wide" : duration(nanoseconds).replace(/ \(.*/, "");
    return toBase === undefined || toBase.wide ? time : `${time}, x${digits(toBase.median)}`;
  };
  return casesOf(runs)
    .map((one) => {
      const each = eachOf(runs, one);
      const rows = rivalNames(each).map((name) => [`  ${name}`, ...each.map((own) => cell(own, name))]);
      return `${one.suite}, ${one.core}: ${one.name}\n${table([head, ...rows])}`;
    })
    .join("\n\n");
}
