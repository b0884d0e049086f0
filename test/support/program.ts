// Programs of this folder that may crash: each a process of its own, with a time limit.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { destroySegment } from "wasm-shm";
import { root } from "./child.js";
import { segmentsOf } from "./waiting.js";

/** What a program may take beside its own time: its start, the collector, a machine that does other work. */
const GRACE_MS = 60_000;

/** The path of a compiled program, named by its path in test/. */
export const programPath = (name: string): string => `${root}build/test/${name}.js`;

/**
 * Runs such a program, which has `gc`, to its end, and removes the segments that it leaves.
 *
 * @param seconds how long it works
 * @returns its standard output
 * @throws {Error} it did not end with 0, or not in time
 */
export async function runProgram(name: string, args: string[], seconds: number): Promise<string> {
  const child = spawn(process.execPath, ["--expose-gc", programPath(name), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      texts[stream] += text;
    });
  let isLate = false;
  const limit = setTimeout(
    () => {
      isLate = true;
      child.kill("SIGKILL");
    },
    seconds * 1000 + GRACE_MS,
  );
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    if (isLate) throw new Error(`was still running after ${seconds} s and ${GRACE_MS / 1000} s`);
    if (code !== 0) throw new Error(`ended with ${signal ?? `code ${code}`}: ${texts.stderr.trim()}`);
    return texts.stdout;
  } finally {
    clearTimeout(limit);
    for (const { id } of segmentsOf(child.pid)) destroySegment(id);
  }
}
