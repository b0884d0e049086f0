// A worker thread: its part of the segment becomes 0, 1, 2, … as 32-bit integers, counted from the segment's start.
import { parentPort, threadId, workerData } from "node:worker_threads";
import { open } from "wasm-shm";

export interface Part {
  id: number;
  /** Bytes. */
  offset: number;
  length: number;
}

export interface Result {
  thread: number;
  /** Bytes. */
  offset: number;
  sum: number;
}

const { id, offset, length } = workerData as Part;
using attachment = open(id).attach({ offset, length });

const numbers = attachment.cursor().viewArray(Uint32Array, length / 4);
for (let index = 0; index < numbers.length; index++) numbers[index] = offset / 4 + index;

parentPort?.postMessage({ thread: threadId, offset, sum: attachment.sum(Uint32Array) } satisfies Result);
