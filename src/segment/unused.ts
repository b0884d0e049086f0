// Removes a segment with an object of its own if nobody uses it, while others may begin to. A process that removes it sets a mark
// first and then looks for participants; one that opens it joins first and then looks for the mark. So one sees the other.
import { SegmentStatus } from "../common/flags.js";
import { Header, LINE } from "../host/membership.js";
import { MAX_WINDOW } from "../memory/layout.js";
import { ObjectKind, REMOVED, Word } from "../sync/layout.js";
import { isUnready, type Survey, survey } from "../sync/survey.js";
import type { Attachment } from "./attachment.js";
import type { Segment } from "./segment.js";

/** A segment is made in microseconds, and has its object soon after; a creator that was killed in between left it so. */
export const MAKING_MS = 2000;

/** An attached segment, with an object of its own or for one. */
export interface Place {
  readonly segment: Segment;
  readonly attachment: Attachment;
}

export const wordsOf = (attachment: Attachment): Int32Array =>
  attachment.view(Int32Array, 0, Math.floor(attachment.byteLength / 4));

export const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

/** What `use` returns; undefined if the segment has gone meanwhile, or is another user's. */
export function tried<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch (error) {
    if (["ENOENT", "EIDRM", "EINVAL", "EPERM"].includes(codeOf(error) as string)) return undefined;
    throw error;
  }
}

export const isDestroyed = (segment: Segment): boolean => (segment.stat().mode & SegmentStatus.Destroyed) !== 0;

const lives = (words: Int32Array): boolean => survey(words, 0)?.lives === true;

/** Whether a process that found no participant removes it. */
export function isMarked({ attachment }: Place): boolean {
  const words = wordsOf(attachment);
  return Atomics.load(words, Header.State) === REMOVED || Atomics.load(words, Header.Removers) !== 0;
}

/**
 * Removes it, unless it is used. A caller that was a participant has left before.
 *
 * @param isUsed asked after the mark was set
 * @returns whether it has been removed
 * @throws {ShmError} `EPERM` this user may not; `EIDRM` another process did
 */
export function removeUnused({ segment, attachment }: Place, isUsed = () => lives(wordsOf(attachment))): boolean {
  const words = wordsOf(attachment);
  // Without a domain nobody can be a participant, and from here on nobody makes one.
  const state = Atomics.compareExchange(words, Header.State, 0, REMOVED);
  if (state === 0 || state === REMOVED) {
    segment.destroy();
    return true;
  }
  Atomics.add(words, Header.Removers, 1);
  let isRemoved = false;
  try {
    if (!isUsed()) {
      segment.destroy();
      isRemoved = true;
    }
    return isRemoved;
  } finally {
    if (!isRemoved) Atomics.sub(words, Header.Removers, 1);
  }
}

/**
 * Removes what killed processes left.
 *
 * @param refusal of the create that found it
 * @returns whether the key is free now
 */
export function removeLeft(segment: Segment, refusal: unknown): boolean {
  try {
    if (segment.size % LINE !== 0 || segment.size > MAX_WINDOW) return false; // no segment of an object's own
    const place = { segment, attachment: segment.attach() };
    const { ctime } = segment.stat();
    const words = wordsOf(place.attachment);
    const domain = survey(words, 0);
    // Asked at each use: its creator may attach, and join, between two of these lines. If the kernel did not tell of a death, a
    // life word may be wrong; but then nobody else has it attached.
    const isAlone = (): boolean => segment.stat().nattch <= 1;
    const isUsed = (): boolean => lives(words) && !isAlone();
    if (domain) return !isUsed() && isOwn(words, domain) && removeUnused(place, isUsed);
    if (Atomics.load(words, Header.State) === REMOVED) return removeUnused(place);
    const isYoung = Date.now() - (ctime?.getTime() ?? 0) < MAKING_MS;
    return !isYoung && isAlone() && isUnmade(words) && removeUnused(place);
  } catch (error) {
    const code = codeOf(error);
    if (code === "EIDRM" || code === "EINVAL") return true; // another did it
    if (code === "EACCES" || code === "EPERM") throw refusal;
    throw error;
  } finally {
    segment[Symbol.dispose]();
  }
}

const own: readonly number[] = [ObjectKind.channel, ObjectKind.topic, ObjectKind.service];

/** Whether an object of its own follows the domain, or nothing does: data that a program put behind a domain stays. */
function isOwn(words: Int32Array, { bytes }: Survey): boolean {
  const object = bytes / 4;
  const kind = words[object + Word.Kind] ?? 0;
  return own.includes(kind) || (kind === 0 && areZeros(words, object + Word.Second + 1));
}

/** Whether a creator was killed before its domain was ready, and nothing else is there. */
function isUnmade(words: Int32Array): boolean {
  return isUnready(words, 0) && areZeros(words, Header.State);
}

function areZeros(words: Int32Array, from: number): boolean {
  for (let word = from; word < words.length; word++) if (words[word] !== 0) return false;
  return true;
}
