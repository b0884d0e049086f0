// node build/examples/mapping/main.js [THREADS]: worker threads that are given the memory of one attachment, so that all
// work through one mapping of the segment, and wake one another with Atomics. Another process fills the segment.
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { create } from "wasm-shm";
import { HEADER, Place, type Task } from "./task.js";

const SIZE = 64 * 2 ** 20; // bytes of numbers

const threads = Number(process.argv[2] ?? Math.min(availableParallelism(), 4));
if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
  console.error(
    "Usage: node build/examples/mapping/main.js [THREADS]: 1 to 64 (default: one for each core, at most 4)",
  );
  process.exit(2);
}

using segment = create(HEADER + SIZE);
const attachment = segment.attach();
segment.destroy(); // it lives until the last detach, so nothing is left however this process ends
const { memory, byteOffset } = attachment;
const places = new Int32Array(memory.buffer, byteOffset, HEADER / 4);

/** Starts a thread, which waits for the go. */
async function start(index: number): Promise<Worker> {
  const worker = new Worker(new URL("./worker.js", import.meta.url));
  const length = Math.floor(SIZE / 4 / threads) * 4;
  const at = HEADER + index * length;
  const last = index === threads - 1;
  worker.postMessage({
    memory, // the same memory, not a copy
    header: byteOffset,
    byteOffset: byteOffset + at,
    byteLength: last ? HEADER + SIZE - at : length,
  } satisfies Task);
  await once(worker, "message");
  return worker;
}

try {
  const workers = await Promise.all(Array.from({ length: threads }, (_, index) => start(index)));
  const { nattch } = segment.stat();
  console.log(`${threads} threads, ${nattch} attachment`);

  const peer = fork(fileURLToPath(new URL("./peer.js", import.meta.url)), [String(segment.id)]);
  const [code] = (await once(peer, "exit")) as [number | null];
  if (code !== 0) throw new Error("the peer failed");
  const ends = workers.map((worker) => once(worker, "exit"));
  Atomics.store(places, Place.go, 1);
  console.log(`the peer has written; woken: ${Atomics.notify(places, Place.go)}`);
  await Promise.all(ends);

  const found = Atomics.load(places, Place.found);
  const expected = SIZE / 4 / 8;
  console.log(`multiples of 8: ${found} of ${SIZE / 4} numbers`);
  console.log(found === expected ? "right" : `WRONG: it should be ${expected}`);
  process.exitCode = found === expected ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exit(1); // threads may sleep
}
