// Runs calls on an engine, in child processes, while a peer rewrites the bytes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { create } from "wasm-shm";
import type { Call, Content } from "./call.js";
import { calls } from "./calls.js";
import { knownCrash } from "./known.js";
import { type Kind, type Line, type Outcome, WINDOWS } from "./outcome.js";

export interface Engine {
  /** As in the table: "Node 20", "Bun 1.3", "Deno 2.9". */
  readonly name: string;
  readonly version: string;
  readonly path: string;
  /** Arguments before the script. */
  readonly args: readonly string[];
}

export type Outcomes = Record<string, Outcome>;

const scriptOf = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

/** What a call may take longer than it was given before it counts as one that hangs: a call of 4 MiB, on a busy machine. */
const PATIENCE_MS = 60_000;

async function startWriter(id: number, content: Content): Promise<ChildProcess> {
  const writer = spawn(process.execPath, [scriptOf("writer"), String(id), content], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  if (!writer.stdout) throw new Error("no stdout");
  await Promise.race([once(writer.stdout, "data"), once(writer, "exit")]);
  return writer;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

interface Run {
  readonly engine: Engine;
  readonly kind: Kind;
  readonly milliseconds: number;
  readonly told: (name: string, outcome: Outcome) => void;
}

/** One child: calls `names` until one ends it. Returns the outcomes that it came to. */
async function runChild({ engine, kind, milliseconds, told }: Run, id: number, names: string[]): Promise<Outcomes> {
  const args = [...engine.args, scriptOf("victim"), String(id), kind, String(milliseconds), ...names];
  const child = spawn(engine.path, args, { stdio: ["ignore", "pipe", "pipe"] });
  const outcomes: Outcomes = {};
  const keep = (name: string, outcome: Outcome): void => {
    outcomes[name] = outcome;
    told(name, outcome);
  };
  let current: string | undefined;
  let began = performance.now();
  let said = "";
  let hangs = false;
  let patience: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(patience);
    patience = setTimeout(() => {
      hangs = true;
      child.kill("SIGKILL");
    }, milliseconds + PATIENCE_MS);
  };
  wait();
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as Line;
    wait();
    if ("start" in line) {
      current = line.start;
      began = performance.now();
    } else {
      current = undefined;
      keep(line.end, line.outcome);
    }
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  clearTimeout(patience);
  if (code === 0 && names.every((name) => name in outcomes)) return outcomes;
  if (current === undefined) throw new Error(`${engine.name} ended between two calls (${signal ?? code}): ${said}`);
  const seconds = (performance.now() - began) / 1000;
  if (hangs) keep(current, { result: "hang", seconds });
  else keep(current, { result: "crash", note: signal ?? `exit code ${code}`, seconds });
  return outcomes;
}

/**
 * The calls of the next child: those until the first that is known to crash, or that one alone. What it writes past the end of a
 * buffer may end its process in a later call.
 */
function nextOf({ engine, kind }: Run, names: readonly string[]): string[] {
  const crash = names.findIndex((name) => knownCrash(engine.name, kind, name) !== undefined);
  return names.slice(0, crash < 0 ? names.length : Math.max(crash, 1));
}

/**
 * Runs calls on an engine and a kind of memory. A call that ends its process is a crash, and a new process continues with
 * the next one.
 */
export async function race(run: Run, chosen: readonly Call[] = calls): Promise<Outcomes> {
  const segment = create(Math.max(...WINDOWS));
  const outcomes: Outcomes = {};
  try {
    for (const content of ["text", "doubles", "bytes"] as const) {
      const names = chosen.filter((call) => call.content === content).map(({ name }) => name);
      if (names.length === 0) continue;
      const writer = await startWriter(segment.id, content);
      try {
        for (;;) {
          const left = names.filter((name) => !(name in outcomes));
          if (left.length === 0) break;
          Object.assign(outcomes, await runChild(run, segment.id, nextOf(run, left)));
        }
        if (writer.exitCode !== null || writer.signalCode !== null)
          throw new Error("the peer ended before the calls did");
      } finally {
        await stop(writer);
      }
    }
  } finally {
    segment[Symbol.dispose]();
  }
  return outcomes;
}
