// Results as text.
import type { GoalResult, GroupResult, Quartiles } from "./harness.js";
import type { Machine } from "./machine.js";

export function header({ commit, cpu, kernel, node, v8, date }: Machine, pace: string): string {
  const lines = { commit, cpu, kernel, node: `${node} (V8 ${v8})`, date, pace };
  return Object.entries(lines)
    .map(([name, value]) => `${name.padEnd(8)}${value}`)
    .join("\n");
}

/** Three significant digits. */
const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function durations([low, median, high]: Quartiles): [median: string, spread: string] {
  const [unit, name] = median >= 1e6 ? [1e6, "ms"] : median >= 1e3 ? [1e3, "µs"] : [1, "ns"];
  return [`${digits(median / unit)} ${name}`, `${digits(low / unit)}..${digits(high / unit)}`];
}

const goalText = ({ figure, text, holds }: GoalResult): string =>
  `${figure === undefined ? "" : `${figure}; `}${text}: ${holds ? "holds" : "falls short"}`;

/** Columns by their widest cell: the first to the left, the others but the last to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return column === 0 || column === columns - 1 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}

/** Median and quartiles of an operation's time; GB/s where it moves bytes; time and speed beside the base's. */
export function groupTable({ name, bytes, rivals }: GroupResult): string {
  const head = [name, "median", "quartiles", ...(bytes ? ["GB/s"] : []), "× time", "quartiles", "× speed", ""];
  const rows = rivals.map((rival, index) => {
    const [low, median, high] = rival.ratio;
    return [
      `  ${rival.name}`,
      ...durations(rival.nanoseconds),
      ...(bytes ? [(bytes / rival.nanoseconds[1]).toFixed(2)] : []),
      ...(index === 0
        ? ["base", "", ""]
        : [median.toFixed(2), `${low.toFixed(2)}..${high.toFixed(2)}`, (1 / median).toFixed(2)]),
      rival.goals.map(goalText).join(". "),
    ];
  });
  return table([head, ...rows]);
}

/** How many goals hold, and which do not; nothing where there were none. */
export function goalSummary(groups: readonly GroupResult[]): string {
  const judged = groups.flatMap(({ name, rivals }) =>
    rivals.flatMap((rival) =>
      rival.goals.map((goal) => ({ holds: goal.holds, line: `  ${name}, ${rival.name}: ${goalText(goal)}` })),
    ),
  );
  if (judged.length === 0) return "";
  const short = judged.filter(({ holds }) => !holds);
  return [`${judged.length - short.length} of ${judged.length} goals hold`, ...short.map(({ line }) => line)].join(
    "\n",
  );
}
