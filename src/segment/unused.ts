// Removes a segment with an object of its own if nobody uses it, while others may begin to. A participant that removes it marks its
// slot first and then looks for others; one that opens it joins first and then looks for marks. So one sees the other, and the
// mark of a participant that was killed means nothing.
import { SegmentStatus } from "../common/flags.js";
import type { Domain } from "../domain/domain.js";
import { Header, isAlive, LEAVING, LINE, Slot, slotWord } from "../host/membership.js";
import { MAX_WINDOW } from "../memory/layout.js";
import { ObjectKind, REMOVED, Word } from "../sync/layout.js";
import { isUnready, type Survey, survey } from "../sync/survey.js";
import { type Attachment, attachments } from "./attachment.js";
import type { Segment } from "./segment.js";

/** A segment is made in microseconds, and has its object soon after; a creator that was killed in between left it so. */
export const MAKING_MS = 2000;

/** How long a participant that lives may be joining, before it counts. */
const JOINING_MS = 20;

export const NAP_MS = 1;

/** Sleeps; false if this thread must not block: then no other thread or process makes segments of its host either. */
export function nap(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, NAP_MS);
    return true;
  } catch {
    return false;
  }
}

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

type Stay = "stays" | "leaves" | "gone";

/** What a participant means to do. One that joins says so in microseconds; one that was stopped meanwhile counts as one that stays. */
function stayOf(words: Int32Array, slot: number, until: number): Stay {
  const load = (word: number): number => Atomics.load(words, slotWord(slot) + word);
  while (isAlive(load(Slot.Life))) {
    const described = load(Slot.Described);
    const kind = load(Slot.Kind);
    if (described === load(Slot.Generation)) return (kind & LEAVING) === 0 ? "stays" : "leaves";
    if (performance.now() >= until || !nap()) return "stays";
  }
  return "gone";
}

function hasOneThat(stay: Stay, words: Int32Array): boolean {
  const until = performance.now() + JOINING_MS; // for all of them: a hostile peer can make it seem that each slot is joining
  return survey(words, 0)?.living.some((slot) => stayOf(words, slot, until) === stay) === true;
}

/** Whether another process is about to remove it. */
export function isMarked({ attachment }: Place): boolean {
  const words = wordsOf(attachment);
  if (Atomics.load(words, Header.State) === REMOVED) return true;
  return hasOneThat("leaves", words);
}

/**
 * Removes it, unless it is used.
 *
 * @param member this process's own participant, which leaves; if it has left, or there is none, another joins for this
 * @param isUsed asked after the mark was set; `attached`: how often this process has the segment attached for it
 * @returns whether it has been removed
 * @throws {ShmError} `EPERM` this user may not; `EIDRM` another process did
 */
export function removeUnused(
  { segment, attachment }: Place,
  member?: Domain,
  isUsed: (attached: number) => boolean = () => hasOneThat("stays", wordsOf(attachment)),
): boolean {
  const words = wordsOf(attachment);
  // Without a domain nobody can be a participant, and from here on nobody makes one.
  const state = Atomics.compareExchange(words, Header.State, 0, REMOVED);
  if (state === 0 || state === REMOVED) {
    segment.destroy();
    return true;
  }
  const domain = member && !member.left ? member : joinedToLeave(attachment);
  if (domain) Atomics.or(words, slotWord(domain.slot) + Slot.Kind, LEAVING);
  try {
    if (isUsed(domain ? 2 : 1)) return false; // a participant has a mapping of its own
    if (!domain && !(segment.stat().nattch <= 1)) return false; // without a mark another may begin to use it
    segment.destroy();
    return true;
  } finally {
    domain?.[Symbol.dispose](); // at last: who sees the mark no more sees that the segment was removed
  }
}

/** Undefined if it cannot join: all slots are taken, other bytes are there, or no thread can be started. */
function joinedToLeave(attachment: Attachment): Domain | undefined {
  try {
    return attachments.joinToLeave(attachment);
  } catch {
    return undefined;
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
    const isAlone = (attached = 1): boolean => segment.stat().nattch <= attached;
    const isUsed = (attached?: number): boolean => hasOneThat("stays", words) && !isAlone(attached);
    if (domain) return !isUsed() && isOwn(words, domain) && removeUnused(place, undefined, isUsed);
    if (Atomics.load(words, Header.State) === REMOVED) return removeUnused(place);
    const isYoung = Date.now() - (ctime?.getTime() ?? 0) < MAKING_MS;
    return !isYoung && isAlone() && isUnmade(words) && removeUnused(place);
  } catch (error) {
    const code = codeOf(error);
    if (code === "EIDRM" || (code === "EINVAL" && tried(() => segment.stat()) === undefined)) return true; // another did it
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
