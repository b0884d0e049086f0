// The options that channels and topics share, and what they have in common.
import { checkBoolean, checkChoice, checkInteger, checkOptions } from "../common/arguments.js";
import { invalidType, outOfRange } from "../common/errors.js";
import { LINE } from "../host/membership.js";
import { Word } from "../sync/layout.js";
import type { WaitSignal } from "../sync/options.js";
import type { Participant } from "../sync/participant.js";
import { LEAST_CAPACITY, MOST_CAPACITY, Ring } from "./layout.js";
import type { RingObject } from "./producers.js";

/** Bytes for messages, if nothing is said. */
export const DEFAULT_CAPACITY = 65536;

export interface WriterOptions {
  /** When readers see a message: at its `"commit"` (default), or `"manual"`, at the next `publish()`, which is cheaper. */
  publish?: "commit" | "manual";
  /** What a full channel whose reader was killed is: an `"error"` (default), or a reason to `"wait"` for another reader. */
  peerDeath?: "error" | "wait";
}

export interface ReaderOptions {
  /** `message.bytes` are the channel's own, not a copy (default false). */
  zeroCopy?: boolean;
  /** Ends every wait of this reader: its promise is rejected with `signal.reason`. */
  signal?: WaitSignal;
  /**
   * What an empty channel is whose writer was killed, with no other left: an `"error"` (default), the `"end"` of the
   * messages, or a reason to `"wait"` for another writer.
   */
  peerDeath?: "error" | "end" | "wait";
}

/** The checked options of a writer. */
export function checkWriter(
  options: WriterOptions | undefined,
  keys: readonly (keyof WriterOptions)[],
): { isManual: boolean; waits: boolean } {
  const { publish = "commit", peerDeath = "error" } = checkOptions(options, keys);
  checkChoice("options.publish", publish, ["commit", "manual"]);
  checkChoice("options.peerDeath", peerDeath, ["error", "wait"]);
  return { isManual: publish === "manual", waits: peerDeath === "wait" };
}

/** The checked options of a reader. */
export function checkReader(options: ReaderOptions | undefined): {
  zeroCopy: boolean;
  signal: WaitSignal | undefined;
  waits: boolean;
  endsAtDeath: boolean;
} {
  const keys = ["zeroCopy", "signal", "peerDeath"] as const;
  const { zeroCopy = false, signal, peerDeath = "error" } = checkOptions(options, keys);
  checkBoolean("options.zeroCopy", zeroCopy);
  checkChoice("options.peerDeath", peerDeath, ["error", "end", "wait"]);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidType("options.signal", "an instance of AbortSignal", signal);
  return { zeroCopy, signal, waits: peerDeath === "wait", endsAtDeath: peerDeath === "end" };
}

/** Where an object is, and its two arguments. */
export interface Place {
  readonly offset: number;
  readonly bytes: number;
  readonly first: number;
  readonly second: number;
}

/** A capacity that an argument or the segment names. */
export const isCapacity = (capacity: number): boolean =>
  capacity >= LEAST_CAPACITY && capacity <= MOST_CAPACITY && (capacity & (capacity - 1)) === 0;

export function checkCapacity(name: string, capacity: unknown): number {
  checkInteger(name, capacity, LEAST_CAPACITY, MOST_CAPACITY);
  if (!isCapacity(capacity as number)) throw outOfRange(name, "a power of two", capacity);
  return capacity as number;
}

/** The two arguments of the object of a kind at `offset`, or undefined if there is none. */
export function argumentsAt(
  participant: Participant,
  kind: number,
  offset: number,
): { first: number; second: number } | undefined {
  const { words } = participant;
  const base = offset / 4;
  if (offset % LINE !== 0 || offset + LINE > words.length * 4) return undefined; // its opening refuses it
  if (Atomics.load(words, base + Word.Kind) !== kind) return undefined;
  return {
    first: Atomics.load(words, base + Word.First),
    second: Atomics.load(words, base + Word.Second),
  };
}

/** Sizes that the segment names, and not the caller, must fit it. @throws {ShmError} `ERR_SHM_LAYOUT` */
export function checkFound(participant: Participant, name: string, offset: number, bytes: number): void {
  if (offset + bytes <= participant.words.length * 4) return;
  throw participant.damaged(`${name} at ${offset}: its words say that it has ${bytes} bytes, beyond the window's end`);
}

/** Nothing more is accepted: everyone who waits looks at that. */
export function closeRing(ring: RingObject): void {
  const { participant, base, readersMask, writersMask } = ring;
  const { words, waits } = participant;
  Atomics.store(words, base + Ring.Closed, 1);
  waits.ring(readersMask);
  waits.ring(writersMask);
}
