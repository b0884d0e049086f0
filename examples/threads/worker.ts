// A worker thread: writes 32-bit integers into its part of the segment, so that the whole segment holds 0, 1, 2, …
import { parentPort, threadId, workerData } from "node:worker_threads";
import { open } from "wasm-shm";

export interface Part {
  id: number;
  /** Bytes, as `length` is. */
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
