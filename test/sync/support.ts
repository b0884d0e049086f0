// Participants for the tests: several in this thread, on each host, or in processes and workers of their own.
import { Worker } from "node:worker_threads";
import type { Attachment, Domain, Segment } from "wasm-shm";
import { root } from "../support/child.js";
import { type Pair, pairs } from "../support/pairs.js";

/** Each host once: what is here does not depend on the core. */
export const hosts: Pair[] = pairs
  .filter(({ name }) => name.endsWith("js"))
  .map((pair) => ({ ...pair, name: pair.shm.host.name }));
export const kernelHosts: Pair[] = hosts.filter(({ native }) => native);

export const SEGMENT_BYTES = 65536;

/** What calls of locks end with beside a hostile peer. */
export const hostileCodes = [
  "ERR_SHM_LAYOUT",
  "ERR_SHM_TIMEOUT",
  "ERR_SHM_NOT_OWNER",
  "ERR_SHM_NOT_RECOVERABLE",
  "ERR_SHM_PEER_DIED",
  "ERR_SHM_DEADLOCK",
  "ERR_SHM_TOO_MANY_PEERS",
];

export interface Members {
  readonly segment: Segment;
  readonly attachments: Attachment[];
  readonly domains: Domain[];
  /** The segment's words, through an attachment that no participant uses. */
  readonly words: Int32Array;
}

export const wordsOf = ({ memory, byteOffset, byteLength }: Attachment): Int32Array =>
  new Int32Array(memory.buffer, byteOffset, Math.floor(byteLength / 4));

/** So many participants of one domain at 0, each with an attachment of its own. Objects may lie from 16384 on. */
export function withMembers<T>(
  { withSegment }: Pair,
  count: number,
  use: (members: Members) => T,
  slots = Math.max(count, 4),
): T {
  return withSegment(SEGMENT_BYTES, (segment) => {
    const words = wordsOf(segment.attach());
    const attachments = Array.from({ length: count }, () => segment.attach());
    const domains = attachments.map((attachment) => attachment.join({ slots }));
    return use({ segment, attachments, domains, words });
  });
}

/** Whether a promise is still pending after the jobs and messages that are due. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = {};
  const first = await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 20, pending))]);
  return first === pending;
}

/** The source of an ES module in a worker, at the package's folder. Its first message was received. */
export async function startWorker(source: string, workerData: unknown): Promise<Worker> {
  const code = `import("node:worker_threads").then(async ({ parentPort, workerData }) => {
    const { open, createShm } = await import(${JSON.stringify(`${root}dist/index.js`)});
    ${source}
  });`;
  const worker = new Worker(code, { eval: true, workerData });
  await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  return worker;
}
