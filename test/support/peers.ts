// Programs in other languages, which share segments with the tests: what an absent one means, how C is compiled, and how
// a test talks with one.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import type { suite } from "../suite.js";
import { type Ended, end, root, run } from "./child.js";

/** How long a test waits for one step of a peer. On an idle machine a step takes less than a second. */
export const TIME_LIMIT_MS = 60_000;

/** For a peer that is not installed: a named skip, or a failure if WASM_SHM_PEERS requires it. */
export function absent(tests: ReturnType<typeof suite>, title: string, reason: string): void {
  if (process.env["WASM_SHM_PEERS"] !== "required") tests.skip(title, reason);
  else tests(title, () => assert.unreachable(`${reason}, and WASM_SHM_PEERS requires it`));
}

/** A temporary folder that other users may read, removed when this process ends. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-peer-"));
  chmodSync(folder, 0o755);
  process.on("exit", () => rmSync(folder, { recursive: true }));
  return folder;
}

/** Compiles a file of test/peers/programs. The caller judges the outcome; throws if there is no compiler. */
export function compile(source: string, flags: string[]): { program: string; ended: Ended } {
  const program = join(temporaryFolder(), "program");
  const ended = run("gcc", [...flags, join(root, "test/peers/programs", source), "-o", program]);
  return { program, ended };
}

/** The promise's value; throws an error that names `what` if it takes longer than the time limit. */
async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const settled = new AbortController();
  const limit = sleep(TIME_LIMIT_MS, undefined, { signal: settled.signal }).then(() => {
    throw new Error(`${what} took more than ${TIME_LIMIT_MS / 1000} seconds`);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    settled.abort();
  }
}

export interface Talk {
  /** Waits for the peer's next line. */
  hear(): Promise<string>;
  /** Makes the peer continue. */
  tell(): void;
  /** Waits for the peer's end; throws unless its exit code is 0. */
  bye(): Promise<void>;
}

/** Runs a peer and talks with it by lines. The peer is gone when this returns or throws. */
export async function withPeer(
  command: string,
  args: (string | number)[],
  use: (talk: Talk) => Promise<void>,
): Promise<void> {
  const child = spawn(command, args.map(String), { cwd: root, stdio: ["pipe", "pipe", "pipe"] });
  const closed = once(child, "close");
  closed.catch(() => {}); // a failed spawn is reported when this is awaited
  child.stdin.on("error", () => {}); // EPIPE: the peer has ended, and hear() reports how
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const how = (): string => `(${child.exitCode ?? child.signalCode}): ${words}`;
  try {
    await use({
      async hear() {
        const next = await inTime(lines.next(), `a line of ${command}`);
        if (next.done) {
          await inTime(closed, `the end of ${command}`);
          throw new Error(`${command} ended without the line we waited for ${how()}`);
        }
        return next.value;
      },
      tell() {
        child.stdin.write("continue\n");
      },
      async bye() {
        await inTime(closed, `the end of ${command}`);
        assert.is(child.exitCode, 0, `${command} failed ${how()}`);
      },
    });
  } finally {
    await end(child, "SIGKILL");
  }
}
