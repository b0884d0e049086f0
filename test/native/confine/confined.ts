// Processes that confine themselves, without a sandbox around them: as a runner does, in the same order.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Launch, launch } from "#src/host/launch.js";
import { sysvHost } from "#src/host/sysv.js";
import { moduleFile, root } from "../../support/child.js";

export interface WindowRule {
  readonly id: number;
  readonly readOnly: boolean;
}

export interface Job {
  readonly windows: readonly WindowRule[];
  /** Bytes of private memory beside what is held at the lock. */
  readonly memory?: number;
  /** Base64 of the guest's module. */
  readonly wasm?: string;
  readonly [more: string]: unknown;
}

/** As createSandbox starts its runners. */
const FLAGS = ["--max-old-space-size=64", "--v8-pool-size=1"];

/**
 * The source of a runner. `body` sees the job, `lock()`, `tell(value)`, which writes a line of JSON, `windows`, opened
 * segments that may be attached, and `calls`.
 */
export const runnerSource = (body: string): string => `
  import { writeSync } from "node:fs";
  import { createRequire } from "node:module";
  import { open } from "wasm-shm";
  import { confine } from "#src/host/confinement.js";
  import { processCallsOf, sysvHost } from "#src/host/sysv.js";
  const job = JSON.parse(process.argv[2]);
  const host = sysvHost();
  const calls = processCallsOf(host);
  const tell = (value) => writeSync(1, JSON.stringify(value) + "\\n");
  const windows = job.windows.map(({ id }) => open(id));
  for (const segment of windows) {
    const warm = segment.attach({ access: "read-only" }); // installs the guard, and reads /proc/sys
    warm.bytes[0] = 1;
    warm.detach();
  }
  const lock = () => confine(host, { parent: process.ppid, segments: job.windows, memory: job.memory ?? 256 << 20 });
  ${body}
  calls.exitGroup(7);
`;

/** What a confined process exits with at its end. */
export const DONE = 7;

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it told. */
  readonly told: readonly unknown[];
  readonly errors: string;
}

export interface StartOptions {
  readonly flags?: readonly string[];
  /** Where it runs, and with what. Without the addon before main() it has no namespaces. */
  readonly launched?: Launch;
}

export const unlaunched: Launch = { cwd: "/", env: {} };

export function start(body: string, job: Job, { flags = [], launched }: StartOptions = {}): ChildProcess {
  const { cwd, env } = launched ?? launch(sysvHost());
  return spawn(process.execPath, [...FLAGS, ...flags, moduleFile(runnerSource(body)), JSON.stringify(job)], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
}

export async function ended(child: ChildProcess): Promise<Outcome> {
  let output = "";
  let errors = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  const told = output
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
  return { code, signal, told, errors };
}

export const run = (body: string, job: Job, options?: StartOptions): Promise<Outcome> =>
  ended(start(body, job, options));

/** A field of /proc/PID/status in bytes; undefined if the process is gone. */
export function statusOf(pid: number, field: string): number | undefined {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(
      readFileSync(join("/proc", `${pid}`, "status"), "latin1"),
    );
    return found ? Number(found[1]) * 1024 : undefined;
  } catch {
    return undefined;
  }
}

/** The path by which a runner loads the test's addon. */
export const PROBE = join(root, "test/native/build/Release/wasm_shm_test.node");
