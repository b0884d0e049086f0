// Starts a storm: a process of five threads that do everything at once, and a peer that rewrites the bytes meanwhile.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { create } from "wasm-shm";
import { end } from "../support/child.js";
import { programPath, runProgram } from "../support/program.js";
import { CANARY, CANARY_SIZE, type Orders, SCRIBBLED_SIZES } from "./setup.js";

export interface Storm {
  /** Workers that were ended in the middle of what they did. */
  terminations: number;
  /** How many of these reported an error instead. */
  errorsAtEnd: number;
  /** Attachments of each segment that the process still had after its threads were gone; undefined: not measured. */
  left: number[] | undefined;
  /** Names of actions; how often each succeeded, and was refused. */
  results: [name: string, done: number, refused: number][];
}

/** Runs one storm. @throws {Error} a process crashed, hung, or found something wrong; the canary changed */
export async function runStorm(seconds: number, seed: number): Promise<Storm> {
  const segments = [...SCRIBBLED_SIZES, CANARY_SIZE].map((size) => create(size));
  const ids = segments.map(({ id }) => id);
  const [scribbled, canary] = [ids.slice(0, -1), ids.at(-1) as number];
  const watch = segments.at(-1)?.attach();
  watch?.fill(CANARY);
  const peer = spawn(process.execPath, [programPath("storm/scribbler"), ...scribbled.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(peer.stdout, "data");
    watch?.detach();
    const orders: Orders = { seed, seconds, scribbled, canary };
    // A thread that was terminated had no time to remove its own segments; runProgram does.
    const storm = JSON.parse(await runProgram("storm/process", [JSON.stringify(orders)], seconds)) as Storm;
    const bytes = segments.at(-1)?.readChunk(CANARY_SIZE);
    const changed = bytes?.findIndex((byte) => byte !== CANARY);
    if (changed !== -1) throw new Error(`byte ${changed} of the segment that nobody may write was changed`);
    if (peer.exitCode !== null || peer.signalCode !== null)
      throw new Error(`the peer ended with ${peer.signalCode ?? peer.exitCode}`);
    return storm;
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`);
  } finally {
    await end(peer, "SIGKILL");
    for (const segment of segments) segment[Symbol.dispose]();
  }
}
