// A channel, topic or service with a segment of its own: segment, attachment, domain and object by one call, and all of them
// given back by one. The domain is at byte 0, and the object follows it.
import { checkBoolean, checkInteger, checkString } from "../common/arguments.js";
import { coordinationError, invalidValue } from "../common/errors.js";
import { SegmentStatus } from "../common/flags.js";
import type { Domain } from "../domain/domain.js";
import { domainBytes, MAX_SLOTS } from "../host/membership.js";
import { Word } from "../sync/layout.js";
import { isUntouched, type Survey, survey } from "../sync/survey.js";
import type { Attachment } from "./attachment.js";
import { keyOf } from "./key.js";
import type { Segment } from "./segment.js";
import type { Shm } from "./shm.js";

/** What comes with an object that has a segment of its own. */
export interface Own {
  readonly segment: Segment;
  readonly domain: Domain;
  /** The segment's id: other processes open the object by it, or by the key. */
  readonly id: number;
  /**
   * Gives up the object, leaves the domain and detaches. If `create` made it, also closes it, and removes the segment; so does
   * the last participant that goes if the creator was killed. Runs by itself when the process exits.
   */
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface OwnOptions {
  /**
   * Other processes find it by this: a number, or a name, which {@link Shm.keyOf} makes a key of. Without a key they need the
   * id, and the segment is removed at once: then nothing is left, however the processes end.
   */
  key?: number | string;
  /** How many participants it has room for at a time: 1 to 64 (default 64). */
  slots?: number;
  /** Nine permission bits of the segment, as chmod(2) (default 0o600). */
  permissions?: number;
  /**
   * `true`: if a participant lives there already, that is EEXIST (default). `false`: then it is opened; all that do so are
   * alike, and the last one that goes closes and removes it.
   */
  exclusive?: boolean;
  /** The user that must own the segment that has the key. */
  uid?: number;
}

/** Where it is: one of the two. */
export interface OwnTarget {
  key?: number | string;
  id?: number;
  /** The user that must own the segment that has the key. */
  uid?: number;
}

/** What is made: a channel, topic or service with its checked options. */
export interface Making<T extends object> {
  /** For messages: `channel`. */
  readonly name: string;
  /** Bytes of a new one. */
  readonly bytes: number;
  /** Bytes from the object's start to the word that says that it was closed. */
  readonly closed: number;
  open(domain: Domain, offset: number): T & { close(): void; readonly closed: boolean; release?(): void };
}

export const ownOptions = ["key", "slots", "permissions", "exclusive", "uid"] as const;
export const ownTarget = ["key", "id", "uid"] as const;

/** A segment is made in microseconds, and has its domain soon after; a creator that was killed in between left it so. */
const MAKING_MS = 2000;
const NAP_MS = 1;

/** Added to the word that says whether the object is closed, while a process thinks that it was left. */
const RETIRING = 2;

/** Sleeps; false if this thread must not block: then no other thread or process makes segments of its host either. */
function nap(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, NAP_MS);
    return true;
  } catch {
    return false;
  }
}

const numberOf = (key: number | string): number =>
  typeof key === "string" ? keyOf(checkString("options.key", key)) : key;

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

/** What was made and is not given back yet: a process that exits gives it back. */
const alive = new Set<Own>();
let isWatched = false;

function disposeAll(): void {
  for (const own of alive)
    try {
      own[Symbol.dispose]();
    } catch {
      // The process ends: there is nobody to tell.
    }
}

function keep(own: Own): void {
  alive.add(own);
  if (isWatched) return;
  isWatched = true;
  (globalThis as { process?: { on?(event: "exit", listener: () => void): void } }).process?.on?.("exit", disposeAll);
}

/** Makes an object, or with `exclusive: false` opens it if it is there. */
export function createOwn<T extends object>(shm: Shm, making: Making<T>, options: OwnOptions): T & Own {
  const { key, slots = MAX_SLOTS, permissions: mode = 0o600, exclusive = true, uid } = options;
  checkInteger("options.slots", slots, 1, MAX_SLOTS);
  checkBoolean("options.exclusive", exclusive);
  if (key === undefined && (uid !== undefined || !exclusive))
    throw invalidValue(
      `options.${exclusive ? "uid" : "exclusive"}`,
      "It belongs to a key.",
      exclusive ? uid : exclusive,
    );
  const size = domainBytes(slots) + making.bytes;
  if (key === undefined) {
    const segment = shm.create(size, { mode, ephemeral: true });
    return disposing(segment, () => owned(segment, joined(segment.attach(), making, slots), "owner"));
  }
  const number = numberOf(key);
  for (;;) {
    const segment = made(shm, number, size, mode);
    const role = exclusive ? "owner" : "member";
    const fresh = "id" in segment && tried(() => taken(segment, segment.attach(), making, slots, role));
    if (fresh) return fresh;
    if ("id" in segment) continue; // it was taken for one that its maker left
    const there = tried(() => shm.open({ key: number, ...(uid !== undefined && { uid }) }));
    if (there === undefined || retired(there, making, segment)) continue;
    if (exclusive) throw segment;
    const opened = tried(() => openOwn(shm, making, { key: number, ...(uid !== undefined && { uid }) }));
    if (opened) return opened;
  }
}

/** A new segment, or the refusal if the key has one. */
function made(shm: Shm, key: number, size: number, mode: number): Segment | Error {
  try {
    return shm.create(size, { key, mode });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    return error as Error;
  }
}

/** Opens what another process has made. */
export function openOwn<T extends object>(shm: Shm, making: Making<T>, { key, id, uid }: OwnTarget): T & Own {
  if ((key === undefined) === (id === undefined))
    throw invalidValue("options", "It names the object by its key or its id: one of them.", { key, id });
  const target = key === undefined ? (id as number) : { key: numberOf(key), ...(uid !== undefined && { uid }) };
  for (let waited = 0; waited < MAKING_MS; waited += NAP_MS) {
    const segment = shm.open(target);
    if (key === undefined)
      return disposing(segment, () => owned(segment, joined(prepared(segment, making.name), making), "guest"));
    const opened = taken(segment, prepared(segment, making.name), making, undefined, "guest");
    if (opened) return opened;
    if (!nap()) break;
  }
  throw coordinationError("ERR_SHM_LAYOUT", `the ${making.name} with this key was left by killed processes`);
}

type Role = "owner" | "member" | "guest";

interface Joined<T> {
  readonly domain: Domain;
  readonly object: T & { close(): void; release?(): void };
}

function joined<T extends object>(attachment: Attachment, making: Making<T>, slots?: number): Joined<T> {
  const domain = attachment.join(slots === undefined ? {} : { slots });
  return { domain, object: making.open(domain, domain.offset + domain.byteLength) };
}

/**
 * The object in an attached segment that has a key; undefined if another process took it for one that nobody uses, or
 * removed it. It looks after it has joined, and the other looks for participants after it has said so: one of them sees the
 * other.
 */
function taken<T extends object>(
  segment: Segment,
  attachment: Attachment,
  making: Making<T>,
  slots: number | undefined,
  role: Role,
): (T & Own) | undefined {
  return disposing(segment, () => {
    const all = joined(attachment, making, slots);
    const word = (all.domain.byteLength + making.closed) / 4;
    const isRetired = Atomics.load(wordsOf(attachment), word) >= RETIRING;
    if (!isRetired && !(segment.stat().mode & SegmentStatus.Destroyed)) return owned(segment, all, role);
    segment[Symbol.dispose]();
    return undefined;
  });
}

/** The object, with what gives it back. */
function owned<T extends object>(segment: Segment, { domain, object }: Joined<T>, role: Role): T & Own {
  let isOpen = true;
  const dispose = (): void => {
    if (!isOpen) return;
    isOpen = false;
    alive.delete(result);
    // A member, or a guest whose creator was killed, leaves nothing behind if it is the last.
    const ends = role === "owner" || !domain.peers().some((peer) => peer.alive && !peer.self);
    object.release?.();
    if (ends) object.close();
    if (ends && role !== "owner") tried(() => segment.destroy());
    segment[Symbol.dispose]();
  };
  const result: T & Own = Object.defineProperties(object, {
    segment: { value: segment },
    domain: { value: domain },
    id: { value: segment.id },
    [Symbol.dispose]: { value: dispose },
    [Symbol.asyncDispose]: { value: async () => dispose() },
  }) as never;
  keep(result);
  return result;
}

function disposing<T>(segment: Segment, use: () => T): T {
  try {
    return use();
  } catch (error) {
    segment[Symbol.dispose]();
    throw error;
  }
}

/** What `use` returns; undefined if the segment has gone meanwhile. */
function tried<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch (error) {
    if (["ENOENT", "EIDRM", "EINVAL", "EPERM"].includes(codeOf(error) as string)) return undefined;
    throw error;
  }
}

const wordsOf = (attachment: Attachment): Int32Array =>
  attachment.view(Int32Array, 0, Math.floor(attachment.byteLength / 4));

/** The attachment of a segment whose maker is done: it waits for that, for milliseconds. */
function prepared(segment: Segment, name: string): Attachment {
  return disposing(segment, () => {
    const attachment = segment.attach();
    const words = wordsOf(attachment);
    for (let waited = 0; waited < MAKING_MS; waited += NAP_MS) {
      const domain = survey(words, 0);
      if (domain ? isMade(words, domain) : !isUntouched(words, 0)) return attachment;
      if (!nap()) break;
    }
    throw coordinationError(
      "ERR_SHM_LAYOUT",
      `segment ${segment.id}: there is no ${name} yet; its creator was killed, or the segment is not of ${name}.create()`,
    );
  });
}

const isMade = (words: Int32Array, { bytes }: Survey): boolean => {
  const kind = bytes / 4 + Word.Kind;
  return kind >= words.length || Atomics.load(words, kind) !== 0;
};

/**
 * Whether what is there was left by processes that were killed: then it is removed.
 *
 * @param refusal of the create
 */
function retired(segment: Segment, { closed }: Making<object>, refusal: unknown): boolean {
  try {
    const { ctime } = segment.stat();
    const words = wordsOf(segment.attach());
    const domain = survey(words, 0);
    // Asked at each use: its creator may attach, and join, between two of these lines.
    const isAlone = (): boolean => segment.stat().nattch <= 1;
    // If the kernel did not tell of a death, a life word may be wrong; but then nobody else has it attached.
    if (domain ? domain.lives && !isAlone() : !isAlone() || !isUntouched(words, 0)) return false;
    if (!domain && Date.now() - (ctime?.getTime() ?? 0) < MAKING_MS) return false;
    const word = domain ? (domain.bytes + closed) / 4 : words.length;
    if (word < words.length) Atomics.add(words, word, RETIRING);
    const isLeft = isAlone() || !survey(words, 0)?.lives; // see taken()
    if (isLeft) segment.destroy();
    else if (word < words.length) Atomics.sub(words, word, RETIRING);
    return isLeft;
  } catch (error) {
    const code = codeOf(error);
    if (code === "EIDRM" || code === "EINVAL") return true; // another did it
    if (code === "EACCES" || code === "EPERM") throw refusal;
    throw error;
  } finally {
    segment[Symbol.dispose]();
  }
}
