// npm run bench in a process group of its own, so that a test can find its processes, end them, and see that none is
// left.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { list } from "wasm-shm";
import { root, run } from "../support/child.js";
import { commandOf, signalProcess } from "../support/processes.js";

export const script = `${root}build/bench/run/run.js`;

/** bench/harness/file.ts is compiled by itself: this is the part of it that is used here. */
interface File {
  problem(value: unknown): string | undefined;
}

const { problem } = (await import(new URL("../../bench/harness/file.js", import.meta.url).href)) as File;

export interface Rival {
  name: string;
  nanoseconds: { median: number };
  goals: { text: string; holds: boolean }[];
  figures: { name: string; value: number; unit: string }[];
  times: number[][];
}

export interface Case {
  suite: string;
  name: string;
  operation: string;
  size?: number;
  pattern?: string;
  bytes?: number;
  rivals: Rival[];
  absent: { name: string; reason: string }[];
}

const PATIENCE_MS = 60_000;

/** From the start of the last process until all of them are at work. */
const WORKING_MS = 400;

/** Far less than the 30 s after which a spinning receiver gives up by itself. */
const GONE_MS = 10_000;

/** The cases of one suite, run quickly. */
export function quick(suite: string): Case[] {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    const file = join(folder, "bench.json");
    const ended = run(process.execPath, [script, "--quick", "--json", file, suite]);
    if (ended.code !== 0) throw new Error(`${suite} ended with ${ended.code ?? ended.signal}: ${ended.stderr}`);
    const wide = ended.stdout.split("\n").find((line) => line.length > 100);
    if (wide !== undefined) throw new Error(`not readable at 100 columns: ${wide}`);
    const results = JSON.parse(readFileSync(file, "utf8")) as { runs: { cases: Case[] }[] };
    const wrong = problem(results);
    if (wrong !== undefined) throw new Error(`${suite} wrote what the schema refuses: ${wrong}`);
    return results.runs[0]?.cases ?? [];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Ids of the processes in the group, without zombies. */
export function membersOf(group: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        const [state, , its] = stat.slice(stat.lastIndexOf(")") + 2).split(" ") as [string, string, string];
        return Number(its) === group && state !== "Z";
      } catch {
        return false; // it ended meanwhile
      }
    });
}

export interface Running {
  readonly child: ChildProcess;
  /** Ids of all processes of the group. */
  readonly pids: number[];
  /** Resolves with its exit code, or its signal, once it has ended. */
  end(): Promise<number | string>;
}

/**
 * The program of the bench that a process runs, such as "job" or "receiver.child"; "" if it runs none, or has ended.
 */
export function programOf(pid: number): string {
  return /build\/bench\/(?:\w+\/)*([\w.]+)\.js(?: |$)/.exec(commandOf(pid))?.[1] ?? "";
}

/**
 * Calls `work` a little after `count` processes of the suite have begun to run that program.
 *
 * @throws {Error} a process or a segment is left over at the end; processes are killed before
 */
export async function midway(
  suite: string,
  program: string,
  count: number,
  work: (running: Running) => Promise<void>,
): Promise<void> {
  const child = spawn(process.execPath, [script, "--quick", suite], {
    cwd: root,
    detached: true,
    stdio: "ignore",
  });
  const group = child.pid as number;
  const exit = once(child, "exit");
  try {
    const running = (): number => membersOf(group).filter((pid) => programOf(pid) === program).length;
    for (const limit = Date.now() + PATIENCE_MS; running() < count; await sleep(5))
      if (child.exitCode !== null || Date.now() > limit) throw new Error(`${suite} did not get to its ${program}`);
    await sleep(WORKING_MS);
    const pids = membersOf(group);
    await work({
      child,
      pids,
      async end() {
        const [code, signal] = (await exit) as [number | null, string | null];
        return code ?? (signal as string);
      },
    });
    // A killed process may be a zombie while threads of its own still hold its memory, and the segments in it.
    const segmentsLeft = () => list().filter(({ cpid }) => pids.includes(cpid));
    const anything = (): boolean => membersOf(group).length > 0 || segmentsLeft().length > 0;
    for (const limit = Date.now() + GONE_MS; anything() && Date.now() < limit; ) await sleep(10);
    const left = membersOf(group);
    if (left.length > 0) throw new Error(`processes are left over: ${left.join(", ")}`);
    const segments = segmentsLeft();
    if (segments.length > 0) throw new Error(`segments are left over: ${segments.map(({ id }) => id).join(", ")}`);
  } finally {
    for (const pid of membersOf(group)) signalProcess(pid, "SIGKILL");
  }
}
