// Bytes into a segment, out of it, and from one to another. The kernel reads and writes the segment's own pages.
import type { Segment } from "../../segment/segment.js";
import { UserError } from "../failure.js";
import type { Sink, Source } from "./files.js";
import { eachWindow, type Range } from "./windows.js";

const CHUNK = 8 * 2 ** 20; // bytes for one read(2), write(2) or copy
const FIRST = 64 * 1024; // bytes: as many as a pipe holds

/** Called with the number of bytes that have just been moved. */
type OnMoved = (bytes: number) => void;

/**
 * Copies a source into a segment, from `start`.
 *
 * The first bytes go through a buffer. If there are none, nothing is attached, and the segment's mode does not matter.
 *
 * @throws {UserError} the source ended before its known length, or holds more than fits
 */
export async function fillSegment(segment: Segment, start: number, source: Source, onMoved: OnMoved): Promise<void> {
  const { name } = source;
  const length = source.isEstimate ? undefined : source.length;
  const end = length === undefined ? segment.size : start + length;
  const first = new Uint8Array(Math.min(FIRST, end - start));
  let buffered = first.subarray(0, await source.read(first));
  let moved = 0;
  let ended = buffered.length === 0 && start < end;
  const readInto = async (target: Uint8Array): Promise<number> => {
    if (buffered.length === 0) return source.read(target.subarray(0, CHUNK));
    const part = buffered.subarray(0, target.length); // the first window may be shorter
    target.set(part);
    buffered = buffered.subarray(part.length);
    return part.length;
  };
  if (!ended)
    await eachWindow(segment, "read-write", start, end, async (bytes) => {
      for (let at = 0; at < bytes.length && !ended; ) {
        const count = await readInto(bytes.subarray(at));
        ended = count === 0;
        at += count;
        moved += count;
        onMoved(count);
      }
    });
  if (length !== undefined && moved < length)
    throw new UserError(`${name} ended at byte ${moved} of ${length} while it was copied`);
  if (length === undefined && !ended && (await source.read(new Uint8Array(1))) > 0)
    throw new UserError(
      `${name} has more bytes than fit: ${moved} were written to segment ${segment.id}, up to its end`,
    );
}

/** Copies a range of a segment to a sink. */
export async function drainSegment(segment: Segment, range: Range, sink: Sink, onMoved: OnMoved): Promise<void> {
  await sink.begin();
  await eachWindow(segment, "read-only", range.start, range.end, async (bytes) => {
    for (let at = 0; at < bytes.length; at += CHUNK) await sink.write(bytes.subarray(at, at + CHUNK), onMoved);
  });
}

/** Copies a range of one segment into another, or into another part of the same one, from `targetStart`. */
export async function copySegment(
  from: Segment,
  range: Range,
  to: Segment,
  targetStart: number,
  onMoved: OnMoved,
): Promise<void> {
  await eachWindow(from, "read-only", range.start, range.end, (source, position) => {
    const first = targetStart + position - range.start;
    return eachWindow(to, "read-write", first, first + source.length, async (target, at, attachment) => {
      // Not `target.set`: between shared memories V8 takes 13 times as long if the two are not aligned alike.
      const cursor = attachment.cursor();
      cursor.seek(target.byteOffset - attachment.byteOffset);
      for (let done = 0; done < target.length; done += CHUNK) {
        const part = source.subarray(at - first + done, at - first + Math.min(done + CHUNK, target.length));
        cursor.writeAll(part);
        onMoved(part.length);
        await yieldToSignals();
      }
    });
  });
}

/** A signal is handled between two chunks: the event loop delivers it. */
const yieldToSignals = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
