// Results as text, readable at 100 columns.
import type { Case, Conditions, Figure, GoalResult, RivalResult, Run, Summary } from "../harness/result.js";

const COLUMNS = 100;

/** In lines of so many columns, each that far in, and all but the first farther. */
function wrapped(text: string, indent: number): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= COLUMNS) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(" ".repeat(indent + (last === undefined ? 0 : 2)) + word);
  }
  return lines.join("\n");
}

const yesOrNo = (value: boolean | undefined): string => (value === undefined ? "unknown" : value ? "on" : "off");

/**
 * What a figure means nothing without: a name and a value a row.
 *
 * @param first of its file: no run went before it, and the load at its start was others'
 */
export function conditionRows(conditions: Conditions, first: boolean): [name: string, value: string][] {
  const { commit, dirty, cpu, cores, architecture, governor, smt, kernel, node, v8, date, pace, peers } = conditions;
  const { loadAverage } = conditions;
  const busy = loadAverage > cores / 2 ? ": others work here, and it shows" : "";
  const load = first ? [`load ${loadAverage.toFixed(2)} at the start${busy}`] : [];
  return Object.entries({
    commit: dirty ? `${commit}, changed since` : commit,
    cpu: `${cpu}, ${cores} cores, ${architecture}`,
    clock: [`governor ${governor ?? "unknown"}, SMT ${yesOrNo(smt)}`, ...load].join(", "),
    kernel,
    node: `${node} (V8 ${v8})`,
    date,
    pace: pace === "quick" ? "quick: for a look, not for a record" : pace,
    processes: `${conditions.processes}`,
    peers: Object.entries(peers)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  });
}

export function header(conditions: Conditions, first: boolean): string {
  return conditionRows(conditions, first)
    .map(([name, value]) => `${name.padEnd(11)}${value}`)
    .join("\n");
}

/** How to read a table; once, below the header. */
export const legend = `
Times are of one operation: the median of all rounds, and where it lies with 95 % confidence. x is
the time over the base's in the same round. "too wide" is an interval that spans more than a fifth.`;

/** Three significant digits. */
export const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** Where the interval is too wide there is no figure. */
function stated(
  { median, interval, wide }: Summary,
  unit: number,
  name: string,
  form: (value: number) => string,
): string {
  const [low, high] = interval.map((end) => form(end / unit)) as [string, string];
  return wide ? `too wide (${low} .. ${high}${name})` : `${form(median / unit)}${name} (${low}..${high})`;
}

export function duration(summary: Summary): string {
  const { median } = summary;
  const [unit, name] = median >= 1e6 ? [1e6, " ms"] : median >= 1e3 ? [1e3, " µs"] : [1, " ns"];
  return stated(summary, unit, name, digits);
}

const ratio = (summary: Summary): string => stated(summary, 1, "", digits);

const goalText = ({ figure, text, holds }: GoalResult): string =>
  `${figure === undefined ? "" : `${figure}; `}${text}: ${holds ? "holds" : "falls short"}`;

/** Columns by their widest cell, all to the left. */
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

/** Heads of the figures that more than one rival has. */
function sharedFigures(rivals: readonly RivalResult[]): string[] {
  const heads = rivals.flatMap(({ figures }) => figures.map(headOf));
  return [...new Set(heads.filter((head, index) => heads.indexOf(head) !== index))];
}

/** Those figures, a column each: below the times, which leave them no room. */
function figureTable(rivals: readonly RivalResult[], heads: readonly string[]): string[] {
  if (heads.length === 0) return [];
  const rows = rivals.map(({ name, figures }) => {
    const cells = heads.map((head) => figures.find((figure) => headOf(figure) === head));
    return [`    ${name}`, ...cells.map((figure) => (figure === undefined ? "-" : digits(figure.value)))];
  });
  return [table([["", ...heads], ...rows])];
}

/** What is said of a rival below its row. */
const notes = ({ name, figures, goals }: RivalResult, shared: readonly string[]): string[] => {
  const own = figures.filter((figure) => !shared.includes(headOf(figure)));
  const seen = own.map((figure) => `${figure.name} ${digits(figure.value)} ${figure.unit}`);
  return [...seen, ...goals.map(goalText)].map((note) => wrapped(`${name}: ${note}`, 4));
};

/** Time; GB/s where an operation moves bytes; time beside the base's; and below it what else is to be said. */
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
  const told = rivals.flatMap((rival) => notes(rival, shared));
  return [name, ...lines.slice(1), ...figureTable(rivals, shared), ...told, ...missing].join("\n");
}

/** How many goals hold, and which do not; nothing where there were none. */
export function goalSummary(cases: readonly Case[]): string {
  const judged = cases.flatMap(({ name, rivals }) =>
    rivals.flatMap((rival) =>
      rival.goals.map((goal) => ({ holds: goal.holds, line: wrapped(`${name}, ${rival.name}: ${goalText(goal)}`, 2) })),
    ),
  );
  if (judged.length === 0) return "";
  const short = judged.filter(({ holds }) => !holds);
  return [`${judged.length - short.length} of ${judged.length} goals hold`, ...short.map(({ line }) => line)].join(
    "\n",
  );
}

/** Every case, a column for each Node: its time, and what it is beside the base's there. */
export function nodesTable(runs: readonly Run[]): string {
  const [first] = runs;
  if (first === undefined) return "";
  const head = ["", ...runs.map(({ conditions }) => conditions.node)];
  const cell = (run: Run, wanted: Case, rival: string): string => {
    const same = run.cases.find(
      ({ suite, core, name }) => suite === wanted.suite && core === wanted.core && name === wanted.name,
    );
    const result = same?.rivals.find(({ name }) => name === rival);
    if (result === undefined) return "-";
    const { nanoseconds, ratio: beside } = result;
    const time = nanoseconds.wide ? "too wide" : duration(nanoseconds).replace(/ \(.*/, "");
    return beside === undefined || beside.wide ? time : `${time}, x${digits(beside.median)}`;
  };
  return first.cases
    .map((one) => {
      const rows = one.rivals.map(({ name }) => [`  ${name}`, ...runs.map((run) => cell(run, one, name))]);
      return `${one.suite}, ${one.core}: ${one.name}\n${table([head, ...rows])}`;
    })
    .join("\n\n");
}
