// The table of `npm run bench -- goals`: each operation, its best alternative, and the ratio of their speeds by each Node.
import type { Case, GoalResult, RivalResult, Run } from "../harness/result.js";
import { casesOf, eachOf } from "./runs.js";
import { table } from "./terminal.js";
import { judgedText } from "./words.js";

/** Of the rivals that the operation is judged against, the one that took the least time. */
function bestOf({ rivals }: Case): RivalResult | undefined {
  const others = rivals.filter(({ goals }) => goals.length === 0);
  return others.sort((one, other) => one.nanoseconds.median - other.nanoseconds.median)[0];
}

const versionOf = ({ conditions }: Run): string => conditions.node.replace(/^v?(\d+\.\d+).*$/, "$1");

const goalOf = (one: Case | undefined): GoalResult | undefined => one?.rivals.flatMap(({ goals }) => goals)[0];

/** Over all Nodes that have the operation. A clear shortfall by one of them decides. */
function verdictOf(goals: readonly GoalResult[]): string {
  const short = goals.filter(({ holds }) => !holds);
  if (short.length > 0) return short.every(({ withinNoise }) => withinNoise) ? "falls short ~" : "falls short";
  return goals.some(({ withinNoise }) => withinNoise) ? "holds ~" : "holds";
}

/**
 * A ratio is the time of the best alternative over the operation's, in the same round: 1 is as fast, 2 twice as fast. If the
 * best alternative differs by Node, each is named.
 */
export function goalsTable(runs: readonly Run[]): string {
  const rows = casesOf(runs).map((one) => {
    const each = eachOf(runs, one);
    const goals = each.map(goalOf);
    const best = new Set(each.flatMap((own) => (own && bestOf(own)?.name) ?? []));
    return [
      one.name,
      [...best].join(" or "),
      ...goals.map((goal) => (goal === undefined ? "-" : judgedText(goal))),
      verdictOf(goals.filter((goal) => goal !== undefined)),
    ];
  });
  const holding = rows.filter((row) => row.at(-1)?.startsWith("holds")).length;
  const head = ["operation", "best alternative", ...runs.map(versionOf), ""];
  return [
    `${table([head, ...rows])}\n`,
    `${holding} of ${rows.length} hold: none is slower than 0.95 times the best alternative`,
    '"~": within the noise, as the interval contains 0.95; "-": this Node lacks it',
  ].join("\n");
}
