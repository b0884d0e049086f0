// Programs that nobody here wrote, beside us: what an absent one is, how C is compiled, how one is talked with.
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

/** How long a test waits for one thing that a peer should do; what it takes on an idle machine is below a second. */
export const TIME_LIMIT_MS = 60_000;

/** What a peer not here is: on a user's machine a named skip, and a failure where it was asked for. */
export function absent(tests: ReturnType<typeof suite>, title: string, reason: string): void {
  if (process.env["WASM_SHM_PEERS"] !== "required") tests.skip(title, reason);
  else tests(title, () => assert.unreachable(`${reason}, and WASM_SHM_PEERS requires it`));
}

/** A folder of this process that another user may look into, removed when it ends. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-peer-"));
  chmodSync(folder, 0o755);
  process.on("exit", () => rmSync(folder, { recursive: true }));
  return folder;
}

/** Compiles a file of test/peers/programs; the outcome is the tests' to judge, a missing compiler is not. */
export function compile(source: string, flags: string[]): { program: string; ended: Ended } {
  const program = join(temporaryFolder(), "program");
  const ended = run("gcc", [...flags, join(root, "test/peers/programs", source), "-o", program]);
  return { program, ended };
}

/** The promise's value, or an error in words where that takes more than the time limit. */
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
  /** The peer's next line. */
  hear(): Promise<string>;
  /** Lets the peer go on. */
  tell(): void;
  /** Waits until the peer has ended well. */
  bye(): Promise<void>;
}

/** Runs a peer beside us, and talks with it by lines; it is gone when this returns, whatever happened. */
export async function withPeer(
  command: string,
  args: (string | number)[],
  use: (talk: Talk) => Promise<void>,
): Promise<void> {
  const child = spawn(command, args.map(String), { cwd: root, stdio: ["pipe", "pipe", "pipe"] });
  const closed = once(child, "close");
  closed.catch(() => {}); // a spawn that failed is told by whoever awaits it
  child.stdin.on("error", () => {}); // EPIPE: the peer has ended, and hear() says how
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
        child.stdin.write("go on\n");
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
