// Standard input, straight into a segment: read(2) stores into its pages.
import { read } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Segment } from "../../segment/segment.js";
import { eachWindow } from "./windows.js";

const STANDARD_INPUT = 0;
const CHUNK = 8 * 2 ** 20; // bytes a read(2) at the most
const FIRST = 64 * 1024; // bytes: as much as a pipe holds
const POLL_MS = 5; // where someone left standard input non-blocking, and nothing is there yet

const readAsync = promisify(read);

/** The next bytes of standard input, 0 at its end. */
export async function readInput(target: Uint8Array): Promise<number> {
  for (;;)
    try {
      return (await readAsync(STANDARD_INPUT, target, 0, target.length, null)).bytesRead;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      await sleep(POLL_MS);
    }
}

/** How far an input came, also where it failed. */
export interface Landed {
  bytes: number;
  /** Whether there is more of it than fits. */
  more: boolean;
}

/** Fills a target from standard input. @returns whether the input ended before it was full */
async function fill(target: Uint8Array, landed: Landed): Promise<boolean> {
  for (let filled = 0; filled < target.length; ) {
    const length = await readInput(target.subarray(filled, filled + CHUNK));
    if (length === 0) return true;
    filled += length;
    landed.bytes += length;
  }
  return false;
}

/** Puts standard input into a segment, from `offset`; `landed` is kept up to date. */
export async function receive(segment: Segment, offset: number, landed: Landed): Promise<void> {
  // The first bytes come by way of a buffer: where there are none, nothing is attached, and the mode does not matter.
  const first = new Uint8Array(Math.min(FIRST, segment.size - offset));
  const inBuffer: Landed = { bytes: 0, more: false };
  let ended = await fill(first, inBuffer);
  let pending = first.subarray(0, inBuffer.bytes);
  const end = ended ? offset + pending.length : segment.size;
  if (pending.length > 0)
    await eachWindow(segment, "read-write", offset, end, async (bytes) => {
      const head = pending.subarray(0, bytes.length); // the first window may be shorter
      bytes.set(head);
      landed.bytes += head.length;
      pending = pending.subarray(head.length);
      if (!ended) ended = await fill(bytes.subarray(head.length), landed);
    });
  landed.more = !ended && (await readInput(new Uint8Array(1))) > 0;
}
