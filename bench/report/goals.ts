// The table of `npm run bench -- goals`: each operation, its best alternative, and the ratio of their speeds by each Node.
import type { Case, RivalResult, Run } from "../harness/result.js";
import { table } from "./terminal.js";

/** Of the rivals that the operation is judged against, the one that took the least time. */
function bestOf({ rivals }: Case): RivalResult | undefined {
  const others = rivals.filter(({ goals }) => goals.length === 0);
  return others.sort((one, other) => one.nanoseconds.median - other.nanoseconds.median)[0];
}

const versionOf = ({ conditions }: Run): string => conditions.node.replace(/^v?(\d+\.\d+).*$/, "$1");

/**
 * A ratio is the time of the best alternative over the operation's, in the same round: 1 is as fast, 2 twice as fast. The best
 * alternative of the first Node is named.
 */
export function goalsTable(runs: readonly Run[]): string {
  const cases = runs[0]?.cases ?? [];
  const rows = cases.map((first) => {
    const goals = runs.map((run) =>
      run.cases
        .find(({ name }) => name === first.name)
        ?.rivals.flatMap((rival) => rival.goals)
        .at(0),
    );
    const holds = goals.every((goal) => goal?.holds);
    return [
      first.name,
      bestOf(first)?.name ?? "",
      ...goals.map((goal) => goal?.figure ?? "-"),
      holds ? "holds" : "falls short",
    ];
  });
  const holding = rows.filter((row) => row.at(-1) === "holds").length;
  const head = ["operation", "best alternative", ...runs.map(versionOf), ""];
  return `${table([head, ...rows])}\n\n${holding} of ${rows.length} hold: none is slower than 0.95 times the best alternative`;
}
