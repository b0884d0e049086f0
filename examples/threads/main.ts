// node build/examples/threads/main.js [THREADS]: each worker thread attaches its own part of one segment, by the
// segment's id, fills it in place and sums it. No buffer is sent: the main thread reads the result in its own attachment.
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { create } from "wasm-shm";
import type { Part, Result } from "./worker.js";

const PART = 16 * 2 ** 20; // bytes; whole pages, because a window's offset and length must be

const threads = Number(process.argv[2] ?? Math.min(availableParallelism(), 4));
if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
  console.error(
    "Usage: node build/examples/threads/main.js [THREADS]: 1 to 64 (default: one for each core, at most 4)",
  );
  process.exit(2);
}

using segment = create(threads * PART);
const whole = segment.attach();
segment.destroy(); // it lives until the last detach, so nothing is left however this process ends

/** Runs a thread on its part; rejects if the thread fails. */
async function work(index: number): Promise<Result> {
  const workerData: Part = { id: segment.id, offset: index * PART, length: PART };
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData });
  const [result] = (await once(worker, "message")) as [Result];
  return result;
}

try {
  const results = await Promise.all(Array.from({ length: threads }, (_, index) => work(index)));
  for (const { thread, offset, sum } of results)
    console.log(`thread ${thread}: ${PART} bytes from ${offset}, their sum is ${sum}`);

  const count = whole.byteLength / 4;
  const ofParts = results.reduce((total, { sum }) => total + sum, 0);
  const ofAll = whole.sum(Uint32Array); // in place, by the WebAssembly core
  const expected = (count * (count - 1)) / 2;
  console.log(`all:      ${whole.byteLength} bytes, their sum is ${ofAll}`);
  const right = ofAll === expected && ofParts === expected;
  console.log(right ? "right" : `WRONG: the parts come to ${ofParts}, and it should be ${expected}`);
  process.exitCode = right ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
