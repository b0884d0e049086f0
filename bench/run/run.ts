// npm run bench: see help below. How fast something is never changes the exit code, but where two files are compared; a
// wrong answer does, or a segment left over.
import { parseArgs } from "node:util";
import { list, SegmentStatus } from "wasm-shm";
import { conditions } from "../harness/conditions.js";
import { readResults, writeResults } from "../harness/file.js";
import { type Case, FORMAT, type Run } from "../harness/result.js";
import { caseTable, goalSummary, header, legend, nodesTable } from "../report/report.js";
import { buildAddon } from "../rivals/addon.js";
import { preparePeers } from "../rivals/peers.js";
import { compareFiles, comparisonText, THRESHOLD } from "./compare.js";
import { nodeBinary, versionsIn } from "./nodes.js";
import { Progress } from "./progress.js";
import { suites } from "./registry.js";
import { jobs, type Plan, Runner } from "./runner.js";

const suiteNames = Object.keys(suites);

/** Processes that share the rounds of a case, where no number is given. */
const PROCESSES = { full: 5, quick: 1 } as const;

const MOST_PROCESSES = 100;

const help = `Usage: npm run bench -- [options] [suite ...]
       npm run bench -- --compare OLD.json NEW.json [--threshold PERCENT]

Suites (default: all):
${suiteNames.map((name) => `  ${name.padEnd(10)}${suites[name]?.about}`).join("\n")}

  --quick         fewer and shorter rounds, nothing beyond 1 MiB: for a look, not for a record
  --processes N   share the rounds of each case among N fresh processes (default ${PROCESSES.full}; ${PROCESSES.quick} with --quick)
  --nodes LIST    measure under these Nodes, such as 20,22.4,26: they are installed from npm
  --json FILE     also write the results to FILE; bench/harness/schema.json describes it
  --compare       compare two such files; exit code 1 where something became slower
  --threshold P   the least change that counts, in percent (default ${100 * THRESHOLD})
  --help          print this

Each suite runs once for each core, some for the wasm core without SIMD too, in processes of its own.
Within a group every rival proves its answer, then all are timed in turn, round by round.`;

function chosenSuites(names: readonly string[]): string[] {
  const unknown = names.find((name) => !suiteNames.includes(name));
  if (unknown !== undefined) throw new Error(`no suite ${unknown}; there are ${suiteNames.join(", ")}`);
  return names.length > 0 ? suiteNames.filter((name) => names.includes(name)) : suiteNames;
}

/** A number within these bounds, from a word of the command line. */
function numberIn(option: string, word: string, least: number, most: number): number {
  const value = Number(word);
  if (!/^\d+(\.\d+)?$/.test(word) || value < least || value > most)
    throw new Error(`--${option} takes a number from ${least} to ${most}, not ${word || "nothing"}`);
  return value;
}

function processesOf(word: string | undefined, pace: Plan["pace"]): number {
  const count = word === undefined ? PROCESSES[pace] : numberIn("processes", word, 1, MOST_PROCESSES);
  if (!Number.isInteger(count)) throw new Error(`--processes takes a whole number, not ${word}`);
  return count;
}

/** Segments of these processes that would outlive them. */
function leftOver(pids: readonly number[]): number[] {
  const own = list().filter(({ cpid, mode }) => pids.includes(cpid) && !(mode & SegmentStatus.Destroyed));
  return own.map(({ id }) => id);
}

function compare(files: readonly string[], threshold: string | undefined): void {
  const [earlier, later, ...more] = files;
  if (earlier === undefined || later === undefined || more.length > 0)
    throw new Error(`--compare takes two files, OLD.json and NEW.json, not ${files.length}`);
  const part = threshold === undefined ? THRESHOLD : numberIn("threshold", threshold, 0, 1000) / 100;
  const comparison = compareFiles(readResults(earlier), readResults(later), part);
  console.log(comparisonText(comparison, part));
  if (comparison.compared.length === 0) throw new Error("the files have no case in common");
  if (comparison.compared.some(({ verdict }) => verdict === "slower")) process.exitCode = 1;
}

async function measureAll(runner: Runner, plans: readonly Plan[]): Promise<Run[]> {
  const runs: Run[] = [];
  for (const plan of plans) {
    const about = conditions(plan.binary, plan.pace, plan.processes);
    console.log(`${runs.length > 0 ? "\n" : ""}${header(about, runs.length === 0)}\n${legend}`);
    const cases: Case[] = [];
    const progress = new Progress(plan.processes * jobs(plan.suites).length);
    let where = "";
    try {
      await runner.run(plan, {
        begun: (what, done) => progress.show(what, done),
        finished(result) {
          cases.push(result);
          progress.clear();
          const place = `${result.suite}, ${result.core}`;
          if (place !== where) console.log(`\n== ${place}`);
          where = place;
          console.log(`\n${caseTable(result)}`);
        },
      });
    } finally {
      progress.clear();
    }
    runs.push({ conditions: about, cases });
    if (runner.stopped) break;
  }
  return runs;
}

async function main(runner: Runner): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      processes: { type: "string" },
      nodes: { type: "string" },
      json: { type: "string" },
      compare: { type: "boolean" },
      threshold: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return console.log(help);
  if (values.compare) return compare(positionals, values.threshold);
  if (values.threshold !== undefined) throw new Error("--threshold goes with --compare");
  const chosen = chosenSuites(positionals);
  const pace = values.quick ? "quick" : "full";
  const processes = processesOf(values.processes, pace);
  const binaries = values.nodes === undefined ? [process.execPath] : versionsIn(values.nodes).map(nodeBinary);
  // What is being timed ends at its next checkpoint and cleans up on the way; a second signal does not wait.
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ] as const)
    process.once(signal, () => {
      runner.stop();
      process.exitCode = 128 + number;
    });
  if (chosen.some((name) => suites[name]?.needs?.includes("addon"))) buildAddon();
  if (chosen.some((name) => suites[name]?.needs?.includes("peers"))) preparePeers(binaries);

  const plans = binaries.map((binary): Plan => ({ suites: chosen, pace, processes, binary }));
  const runs = await measureAll(runner, plans);
  if (runner.stopped) return; // half a run is no result
  for (const { conditions: about, cases } of runs) {
    const summary = goalSummary(cases);
    if (summary) console.log(`\n${runs.length > 1 ? `Node ${about.node}: ` : ""}${summary}`);
  }
  if (runs.length > 1) console.log(`\n${nodesTable(runs)}`);
  if (values.json !== undefined) writeResults(values.json, { format: FORMAT, runs });
}

const runner = new Runner();
try {
  await main(runner);
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
