// One test file, in a process group of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { commandOf, membersOf } from "../support/processes.js";
import { splitOutput, type Tally } from "../tally.js";
import type { Engine } from "./engine.js";
import type { MadeSegments } from "./made.js";

/** What came of a file. */
export interface FileResult extends Tally {
  file: string;
  seconds: number;
  /** Everything that it printed. */
  output: string;
}

/** How long the output may stay open after the file's own process has ended, held by a process that it started. */
const OUTPUT_GRACE_MS = 2000;

/** How long the processes that a file started may take to end after it. */
const END_GRACE_MS = 5000;

const running = new Map<ChildProcess, string>();

/** Kills a file's process and every process it started, except those that left its group. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return; // it could not be started
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // the whole group has ended
  }
}

/** Processes of a file's group that do not end after it; empty on a system without /proc. */
async function membersLeft({ pid }: ChildProcess): Promise<number[]> {
  if (pid === undefined || process.platform !== "linux") return [];
  for (const limit = Date.now() + END_GRACE_MS; ; await sleep(20)) {
    const left = membersOf(pid);
    if (left.length === 0 || Date.now() > limit) return left;
  }
}

/** Ends every file that is running, and removes its segments. */
export function abandon(made: MadeSegments): void {
  for (const [child, notes] of running) {
    killGroup(child);
    made.removeNow(notes);
  }
}

export async function runFile(
  file: string,
  path: string,
  engine: Engine,
  made: MadeSegments,
  timeLimitMs: number,
): Promise<FileResult> {
  const began = performance.now();
  const { notes, environment } = made.begin();
  const child = spawn(engine.program, ["--expose-gc", path], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, WASM_SHM_NODE: process.execPath, ...environment, ...engine.environment },
    detached: true, // a group of its own, which can be killed as a whole
  });
  running.set(child, notes);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));

  const problems: string[] = [];
  const stop = (problem: string): void => {
    problems.push(problem);
    killGroup(child);
    child.stdout.destroy(); // a process outside the group may still hold them
    child.stderr.destroy();
  };
  const limit = setTimeout(() => stop(`still running after ${timeLimitMs / 1000} seconds`), timeLimitMs);
  let outputLimit: NodeJS.Timeout | undefined;
  child.on("exit", () => {
    clearTimeout(limit);
    outputLimit = setTimeout(() => stop("left a process that holds its output open"), OUTPUT_GRACE_MS);
  });
  child.on("error", (error) => problems.push(`was not started: ${error.message}`));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.on("close", (...ended) => resolve(ended)),
  );
  clearTimeout(limit);
  clearTimeout(outputLimit);
  const members = (await membersLeft(child)).map((pid) => `left a process: ${pid} (${commandOf(pid)})`);
  if (members.length > 0) killGroup(child);
  running.delete(child);

  const { text, tally } = splitOutput(Buffer.concat(chunks).toString());
  problems.push(...(tally?.problems ?? []));
  if (problems.length === 0) {
    const ending = `ended with ${signal ?? `code ${code}`}`;
    if (!tally) problems.push(`${ending}, and did not report on its tests`);
    else if (signal || (code !== 0 && tally.failed === 0)) problems.push(ending);
  }
  problems.push(...members);
  const left = await made.removeLeft(notes);
  if (left.length > 0) problems.push(`left segments in the system: ${left.join(", ")}`);
  return {
    file,
    seconds: (performance.now() - began) / 1000,
    passed: tally?.passed ?? 0,
    failed: tally?.failed ?? 0,
    skips: tally?.skips ?? [],
    problems,
    output: text.trimEnd(),
  };
}
