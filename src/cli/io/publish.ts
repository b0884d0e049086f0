// The id of a segment is printed once the segment holds what it should. Until then a new segment can be taken back.
import type { Segment } from "../../segment/segment.js";
import type { Shm } from "../../segment/shm.js";
import { addNote, UsageError } from "../failure.js";
import { say, writeOut } from "./output.js";
import { onEarlyEnd } from "./signals.js";

const REMOVED = "the new segment was removed again";

/**
 * Opens or creates a segment, fills it and prints its id. If anything ends that early, a segment that `openOrCreate`
 * created is removed: a failure, a signal, or a reader that closed the pipe. A segment that it opened stays.
 *
 * @param openOrCreate synchronous, so that a signal waits until there is a segment to remove
 */
export async function publishSegment(
  shm: Shm,
  openOrCreate: () => Segment,
  fill: (segment: Segment) => Promise<void>,
): Promise<Segment> {
  let segment: Segment | undefined;
  /** Dispose destroys what this object created. @returns whether that was the case */
  const takeBack = (): boolean => {
    segment?.[Symbol.dispose]();
    return segment !== undefined && !shm.list().some(({ id }) => id === segment?.id);
  };
  const release = onEarlyEnd((signal) => {
    if (takeBack() && signal !== undefined) say(REMOVED);
  });
  try {
    segment = openOrCreate();
    await fill(segment);
  } catch (error) {
    release();
    if (takeBack() && !(error instanceof UsageError)) addNote(error, REMOVED);
    throw error;
  }
  await writeOut(`${segment.id}\n`);
  release();
  return segment;
}
