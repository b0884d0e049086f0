// npm run bench; bench/run/options.ts has its help. The exit code is 1 if an answer is wrong, if a segment is left
// over, or if --compare finds something slower. How fast something is never changes it otherwise.
import { list, SegmentStatus } from "wasm-shm";
import { readResults, writeResults } from "../harness/file.js";
import { FORMAT, type Run } from "../harness/result.js";
import { goalsTable } from "../report/goals.js";
import { caseTable, goalSummary, header, legend, nodesTable } from "../report/terminal.js";
import { buildAddon } from "../rivals/addon.js";
import { preparePackages } from "../rivals/packages.js";
import { compareFiles, comparisonText } from "./compare.js";
import { conditions } from "./conditions.js";
import { nodeBinary } from "./nodes.js";
import { type CompareOptions, help, type MeasureOptions, parseOptions } from "./options.js";
import { Progress } from "./progress.js";
import { suites } from "./registry.js";
import { jobs, type Measurement, type Plan, Runner } from "./runner.js";

/** Segments that these processes made, and that would outlive them. */
function leftOver(pids: readonly number[]): number[] {
  const own = list().filter(({ cpid, mode }) => pids.includes(cpid) && !(mode & SegmentStatus.Destroyed));
  return own.map(({ id }) => id);
}

function compare({ earlier, later, threshold }: CompareOptions): void {
  const comparison = compareFiles(readResults(earlier), readResults(later), threshold);
  console.log(comparisonText(comparison, threshold));
  if (comparison.compared.length === 0) throw new Error("the files have no case in common");
  if (comparison.compared.some(({ verdict }) => verdict === "slower")) process.exitCode = 1;
}

/** Each Node's run is in the file as soon as it is over. */
async function measurePlans(runner: Runner, plans: readonly Plan[], json: string | undefined): Promise<Run[]> {
  const runs: Run[] = [];
  for (const plan of plans) {
    const about = conditions(plan.binary, plan);
    console.log(`${runs.length > 0 ? "\n" : ""}${header(about, runs.length === 0)}\n${legend}`);
    const progress = new Progress(plan.processes * jobs(plan.suites).length);
    let heading = "";
    let measured: Measurement;
    try {
      measured = await runner.run(plan, {
        begun: (what, done) => progress.show(what, done),
        finished(result) {
          if (suites[result.suite]?.isTable) return;
          progress.clear();
          const place = `${result.suite}, ${result.core}`;
          if (place !== heading) console.log(`\n== ${place}`);
          heading = place;
          console.log(`\n${caseTable(result)}`);
        },
        failed(message) {
          progress.clear();
          console.error(`bench: ${message}`);
          process.exitCode = 1;
        },
      });
    } finally {
      progress.clear();
    }
    const { processes, ...rest } = measured;
    runs.push({ conditions: { ...about, processes: Math.max(1, processes) }, ...rest });
    if (json !== undefined) writeResults(json, { format: FORMAT, runs });
    if (runner.stopped) break;
  }
  return runs;
}

async function measure(runner: Runner, { nodes, json, ...options }: MeasureOptions): Promise<void> {
  const binaries = nodes === undefined ? [process.execPath] : nodes.map(nodeBinary);
  // The first signal lets the group that is being timed end at its next checkpoint and clean up. A second one does not
  // wait.
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ] as const)
    process.once(signal, () => {
      runner.stop();
      process.exitCode = 128 + number;
    });
  if (options.suites.some((name) => suites[name]?.needs?.includes("addon"))) buildAddon();
  if (options.suites.some((name) => suites[name]?.needs?.includes("packages"))) preparePackages(binaries);

  const plans = binaries.map((binary): Plan => ({ ...options, binary }));
  const runs = await measurePlans(runner, plans, json);
  if (runner.stopped) return; // half a run is not worth a table
  const plain = runs.map((run) => ({ ...run, cases: run.cases.filter(({ suite }) => !suites[suite]?.isTable) }));
  const tables = runs.map((run) => ({ ...run, cases: run.cases.filter(({ suite }) => suites[suite]?.isTable) }));
  if (tables.some(({ cases }) => cases.length > 0)) console.log(`\n${goalsTable(tables)}`);
  for (const { conditions: about, cases } of plain) {
    const summary = goalSummary(cases);
    if (summary) console.log(`\n${runs.length > 1 ? `Node ${about.node}: ` : ""}${summary}`);
  }
  if (runs.length > 1) console.log(`\n${nodesTable(plain)}`);
}

const runner = new Runner();
try {
  const options = parseOptions();
  if (options.kind === "help") console.log(help);
  else if (options.kind === "compare") compare(options);
  else await measure(runner, options);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  const ids = leftOver(runner.pids);
  if (ids.length > 0) {
    console.error(`bench: segments are left over: ${ids.join(", ")}`);
    process.exitCode = 1;
  }
}
