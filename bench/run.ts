// npm run bench: see help below. Speed never changes the exit code; a wrong answer, or a segment left over, does.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { list, SegmentStatus } from "wasm-shm";
import { buildAddon } from "./addon.js";
import type { GroupResult } from "./harness.js";
import { machine } from "./machine.js";
import { goalSummary, groupTable, header } from "./report.js";
import { type SuiteName, suites } from "./suites.js";
import type { Job, Message } from "./thread.js";
import { coreOf, type Variant } from "./window.js";

const suiteNames = Object.keys(suites) as SuiteName[];

const help = `Usage: npm run bench -- [options] [suite ...]

Suites (default: all):
${suiteNames.map((name) => `  ${name.padEnd(10)}${suites[name].about}`).join("\n")}

  --quick      fewer and shorter rounds, windows of 1 MiB: for a look, not for a record
  --json FILE  also write the results to FILE
  --help       print this

Each suite runs once for each core, some for the wasm core without SIMD too, in a thread of its own. Within a group every rival proves its
answer, then all are timed in turn, round by round. Times are of one operation.`;

interface Measured extends GroupResult {
  readonly suite: SuiteName;
  readonly core: Variant;
}

function chosenSuites(names: readonly string[]): SuiteName[] {
  const unknown = names.find((name) => !suiteNames.includes(name as SuiteName));
  if (unknown !== undefined) throw new Error(`no suite ${unknown}; there are ${suiteNames.join(", ")}`);
  return names.length > 0 ? suiteNames.filter((name) => names.includes(name)) : suiteNames;
}

/** A line on a terminal that the next one replaces; nothing elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Resolves once the thread has ended, and its attachments with it. */
function runJob(job: Job, measured: (result: GroupResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: job });
    let failure: unknown;
    worker.on("message", (message: Message) => {
      if ("begun" in message) progress(`${job.suite}, ${coreOf(job.core)}: ${message.begun}`);
      if ("measured" in message) measured(message.measured);
    });
    worker.on("error", (error) => {
      failure = error;
    });
    worker.on("exit", () => (failure === undefined ? resolve() : reject(failure)));
  });
}

/** Segments of this process that would outlive it. */
function leftOver(): number[] {
  const own = list().filter(({ cpid, mode }) => cpid === process.pid && !(mode & SegmentStatus.Destroyed));
  return own.map(({ id }) => id);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: "boolean" }, json: { type: "string" }, help: { type: "boolean" } },
  });
  if (values.help) return console.log(help);
  const chosen = chosenSuites(positionals);
  const pace = values.quick ? "quick" : "full";
  const stop = new Int32Array(new SharedArrayBuffer(4));
  // The threads end at their next checkpoint and clean up on the way; a second signal does not wait.
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ] as const)
    process.once(signal, () => {
      Atomics.store(stop, 0, 1);
      process.exitCode = 128 + number;
    });

  const about = machine();
  console.log(header(about, values.quick ? "quick: for a look, not for a record" : pace));
  if (chosen.includes("attach")) {
    progress("building bench/native");
    buildAddon();
  }
  const results: Measured[] = [];
  for (const suite of chosen)
    for (const core of suites[suite].variants) {
      if (Atomics.load(stop, 0) !== 0) break;
      await runJob({ suite, core, pace, stop }, (result) => {
        results.push({ suite, core, ...result });
        progress("");
        console.log(`\n${groupTable(result)}`);
      });
    }
  progress("");
  const summary = goalSummary(results);
  if (summary) console.log(`\n${summary}`);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ ...about, pace, results }, null, 2)}\n`);
}

try {
  await main();
} catch (error) {
  progress("");
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  const ids = leftOver();
  if (ids.length > 0) {
    console.error(`bench: segments are left over: ${ids.join(", ")}`);
    process.exitCode = 1;
  }
}
