// Starts a storm: a process of five threads that do everything at once, and a peer that rewrites the bytes meanwhile.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { create, destroySegment } from "wasm-shm";
import { end, root } from "../support/child.js";
import { segmentsOf } from "../support/waiting.js";
import { CANARY, CANARY_SIZE, type Orders, SCRIBBLED_SIZES } from "./setup.js";

export interface Storm {
  /** Workers that were ended in the middle of what they did. */
  terminations: number;
  /** Attachments of each segment that the process still had after its threads were gone. */
  left: number[];
  /** Names of actions; how often each succeeded, and was refused. */
  results: [name: string, done: number, refused: number][];
}

/** What a storm may take beside its seconds: its start, the collector at its end, a machine that does other work. */
const GRACE_MS = 60_000;

const program = (name: string): string => `${root}build/test/storm/${name}.js`;

/** The output of a process that ends well. */
async function outputOf(child: ChildProcess, limitMs: number): Promise<string> {
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, limitMs);
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  clearTimeout(limit);
  if (isLate) throw new Error(`was still running after ${limitMs / 1000} s`);
  if (code !== 0) throw new Error(`ended with ${signal ?? `code ${code}`}: ${texts.stderr.trim()}`);
  return texts.stdout;
}

/** Runs one storm. @throws {Error} a process crashed, hung, or found something wrong; the canary changed */
export async function runStorm(seconds: number, seed: number): Promise<Storm> {
  const segments = [...SCRIBBLED_SIZES, CANARY_SIZE].map((size) => create(size));
  const ids = segments.map(({ id }) => id);
  const [scribbled, canary] = [ids.slice(0, -1), ids.at(-1) as number];
  const watch = segments.at(-1)?.attach();
  watch?.fill(CANARY);
  const peer = spawn(process.execPath, [program("scribbler"), ...scribbled.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(peer.stdout, "data");
    watch?.detach();
    const orders: Orders = { seed, seconds, scribbled, canary };
    const child = spawn(process.execPath, ["--expose-gc", program("process"), JSON.stringify(orders)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    try {
      const storm = JSON.parse(await outputOf(child, seconds * 1000 + GRACE_MS)) as Storm;
      const changed = segments
        .at(-1)
        ?.readChunk(CANARY_SIZE)
        .findIndex((byte) => byte !== CANARY);
      if (changed !== -1) throw new Error(`byte ${changed} of the segment that nobody may write was changed`);
      if (peer.exitCode !== null || peer.signalCode !== null)
        throw new Error(`the peer ended with ${peer.signalCode ?? peer.exitCode}`);
      return storm;
    } finally {
      await end(child, "SIGKILL");
      // A thread that was ended had no time to remove its own.
      for (const { id } of segmentsOf(child.pid)) destroySegment(id);
    }
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`);
  } finally {
    await end(peer, "SIGKILL");
    for (const segment of segments) segment[Symbol.dispose]();
  }
}
