// Waiting for what other processes do.
import { setTimeout as sleep } from "node:timers/promises";
import { list, type SegmentInfo } from "wasm-shm";
import { childrenOf, commandOf } from "./processes.js";

const TIME_LIMIT_MS = 20_000;

/** Waits until `found` returns true; throws an error that names `what` if it never does. */
export async function until(what: string, found: () => boolean): Promise<void> {
  for (const limit = Date.now() + TIME_LIMIT_MS; !found(); await sleep(2))
    if (Date.now() > limit) throw new Error(`${what} did not come in time`);
}

/** The existing segments that a process made. */
export const segmentsOf = (pid = process.pid): SegmentInfo[] => list().filter(({ cpid }) => cpid === pid);

/**
 * Waits until a process has one child, which runs its own program and is attached to a segment of its parent; returns the
 * child's id. The count of attachments alone does not show that: fork(2) raises it before the child can be seen.
 */
export async function peerOf(pid: number): Promise<number> {
  let peer = 0;
  await until("both processes at the segment", () => {
    const children = childrenOf(pid);
    if (children.length !== 1) return false;
    peer = children[0] as number;
    if (["", commandOf(pid)].includes(commandOf(peer))) return false;
    return segmentsOf(pid).some(({ nattch }) => nattch >= 2);
  });
  return peer;
}
