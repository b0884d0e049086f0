// Starting other processes: the engine's and Perl's.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";

/** The package's folder, in which `import "wasm-shm"` finds it. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. */
export function run(
  command: string,
  args: string[],
  options: SpawnOptions & { input?: string | Uint8Array } = {},
): Ended {
  const ended = spawnSync(command, args, { cwd: root, encoding: "utf8", timeout: 120_000, ...options });
  if (ended.error) throw ended.error;
  return {
    code: ended.status,
    signal: ended.signal,
    stdout: ended.stdout as string,
    stderr: ended.stderr as string,
  };
}

/** Whether a command exists and exits with 0; for peers that a machine may lack. */
export function works(command: string, args: string[], options: SpawnOptions = {}): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout: 120_000, ...options }).status === 0;
}

/**
 * Writes the source of an ES module to a file, and returns its path. Children run files, because Deno takes no `import` in
 * `--eval`.
 *
 * @param folder where the file is, which decides what its imports find: build/children, whose `wasm-shm` is this package
 */
export function moduleFile(source: string, folder: string = join(root, "build/children")): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${createHash("sha256").update(source).digest("hex").slice(0, 16)}.mjs`);
  if (existsSync(file)) return file;
  writeFileSync(`${file}.${process.pid}`, source);
  renameSync(`${file}.${process.pid}`, file); // test files run side by side: none reads half a file
  return file;
}

/** Runs the source of an ES module in a new process of this engine. `options.cwd` decides what its imports find. */
export function runModule(
  source: string,
  nodeArgs: string[] = [],
  options: SpawnOptions & { cwd?: string } = {},
): Ended {
  const folder = options.cwd === root ? undefined : options.cwd; // no file may be left beside package.json
  return run(process.execPath, [...nodeArgs, moduleFile(source, folder)], options);
}

/** As {@link runModule}; returns its standard output, parsed as JSON. Throws if it fails. */
export function askModule<T>(
  source: string,
  nodeArgs: string[] = [],
  options: SpawnOptions & { cwd?: string } = {},
): T {
  const ended = runModule(source, nodeArgs, options);
  if (ended.code !== 0) throw new Error(`a child failed (${ended.code ?? ended.signal}): ${ended.stderr}`);
  return JSON.parse(ended.stdout) as T;
}

/** Runs a Perl program. */
export function perl(program: string, args: (string | number)[] = [], options: SpawnOptions = {}): string {
  const ended = run("perl", ["-e", program, ...args.map(String)], options);
  if (ended.code !== 0) throw new Error(`perl failed (${ended.code ?? ended.signal}): ${ended.stderr}`);
  return ended.stdout;
}

/** Waits for a child's first output, and returns it. @throws {Error} the child ends before that */
export async function firstOutput(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("no stdout");
  // Not "exit", which may come before the output of a child that ends at once.
  const closed = once(child, "close").then(() => undefined);
  const first = (await Promise.race([once(child.stdout, "data"), closed]))?.[0];
  if (first === undefined)
    throw new Error(`a child ended with ${child.signalCode ?? child.exitCode} before any output`);
  return String(first);
}

/** Asserts that a child has not ended by itself. */
export async function assertRuns(child: ChildProcess): Promise<void> {
  // An end that came during a call that blocks is told once the loop has polled: a turn may begin behind that.
  await nextTurn();
  await nextTurn();
  assert.equal([child.exitCode, child.signalCode], [null, null], "a child has ended");
}

export interface Started extends ChildProcess {
  readonly firstOutput: string;
}

/** Starts the source of an ES module in a new process of this engine, and waits for its first output. */
export async function startModule(source: string, nodeArgs: string[] = []): Promise<Started> {
  const child = spawn(process.execPath, [...nodeArgs, moduleFile(source)], {
    cwd: root,
    stdio: ["pipe", "pipe", "inherit"],
  });
  return Object.assign(child, { firstOutput: await firstOutput(child) });
}

/** Signals a child process and waits until it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

export const isRoot = process.getuid?.() === 0;
