// A channel, topic or service with a segment of its own: segment, attachment, domain and object by one call, and all of them
// given back by one. The domain is at byte 0, and the object follows it.
import { checkBoolean, checkInteger, checkKey, checkString, checkUid } from "../common/arguments.js";
import { coordinationError, invalidValue, outOfRange } from "../common/errors.js";
import type { Domain } from "../domain/domain.js";
import { domainBytes, MAX_SLOTS } from "../host/membership.js";
import { MAX_WINDOW } from "../memory/layout.js";
import { Word } from "../sync/layout.js";
import { isUnready, type Survey, survey } from "../sync/survey.js";
import { keyOf } from "./key.js";
import { type Segment, segments } from "./segment.js";
import type { Shm } from "./shm.js";
import {
  codeOf,
  isDestroyed,
  isMarked,
  MAKING_MS,
  nap,
  type Place,
  removeLeft,
  removeUnused,
  tried,
  wordsOf,
} from "./unused.js";

/** What comes with an object that has a segment of its own. */
export interface Own {
  readonly segment: Segment;
  readonly domain: Domain;
  /** The segment's id: other processes open the object by it, or by the key. */
  readonly id: number;
  /**
   * Gives up the object, leaves the domain and detaches. What `create` made is closed, and its segment removed. With
   * `exclusive: false`, or after the creator was killed, the last participant that goes removes it. Runs by itself when the
   * process exits.
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
   * alike, and the last one that goes removes it.
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
  open(domain: Domain, offset: number): T & { close(): void; readonly closed: boolean; release?(): void };
}

export const ownOptions = ["key", "slots", "permissions", "exclusive", "uid"] as const;
export const ownTarget = ["key", "id", "uid"] as const;

function numberOf(key: number | string): number {
  if (typeof key === "string") return keyOf(checkString("options.key", key));
  if (checkKey(key) === 0) throw outOfRange("options.key", "other than 0, which stands for no key", key);
  return key;
}

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
  if (uid !== undefined) checkUid("options.uid", uid);
  const size = domainBytes(slots) + making.bytes;
  if (key === undefined) {
    const segment = shm.create(size, { mode, ephemeral: true });
    const place = { ...attached(segment), isKeyed: false, slots, isOwner: true };
    return disposing(segment, () => owned(place, withObject(joined(place), making)));
  }
  const number = numberOf(key);
  const target = { key: number, ...(uid !== undefined && { uid }) };
  for (let isLate = false; ; ) {
    const segment = made(shm, number, size, mode);
    if ("id" in segment) {
      const fresh = tried(() => taken({ ...attached(segment), isKeyed: true, slots, isOwner: exclusive }, making));
      if (fresh) return fresh;
      continue; // another process took it for one that its creator left
    }
    const there = tried(() => shm.open(target));
    if (there === undefined || removeLeft(there, segment)) continue;
    if (exclusive) throw segment;
    try {
      const opened = tried(() => openOwn(shm, making, target));
      if (opened) return opened;
    } catch (error) {
      if (isLate || codeOf(error) !== "ERR_SHM_LAYOUT") throw error;
      isLate = true; // what a killed creator left can be removed now
    }
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
  if (key === undefined && uid !== undefined) throw invalidValue("options.uid", "It belongs to a key.", uid);
  const target = key === undefined ? (id as number) : { key: numberOf(key), ...(uid !== undefined && { uid }) };
  for (const until = performance.now() + MAKING_MS; performance.now() < until; ) {
    const segment = shm.open(target);
    checkSize(segment, making.name);
    const place = { ...attached(segment), isKeyed: key !== undefined, slots: undefined, isOwner: false };
    const opened = isPrepared(place, making.name, until) && taken(place, making);
    if (opened) return opened;
    if (!nap()) break;
  }
  throw coordinationError(
    "ERR_SHM_LAYOUT",
    `the ${making.name} was given back by all that used it, and is still there`,
  );
}

/** A segment of another kind may have the key, or another user's, who may have made it of any size. */
function checkSize(segment: Segment, name: string): void {
  const { id, size } = segment;
  if (size >= domainBytes(1) && size <= MAX_WINDOW) return;
  segment[Symbol.dispose]();
  throw coordinationError("ERR_SHM_LAYOUT", `segment ${id}: its ${size} bytes hold no ${name}`);
}

/** An attached segment, and how it came here. */
interface Found extends Place {
  /** By a key: then it is of no use once it has been removed. */
  readonly isKeyed: boolean;
  /** What a creator asked for. */
  readonly slots: number | undefined;
  /** Whether it ends with this participant. */
  readonly isOwner: boolean;
}

interface Joined<T> {
  readonly domain: Domain;
  readonly object: T & { close(): void; release?(): void };
}

const attached = (segment: Segment): Place => disposing(segment, () => ({ segment, attachment: segment.attach() }));

const joined = ({ attachment, slots }: Found): Domain => attachment.join(slots === undefined ? {} : { slots });

const withObject = <T extends object>(domain: Domain, making: Making<T>): Joined<T> => ({
  domain,
  object: making.open(domain, domain.offset + domain.byteLength),
});

/** The object; undefined if another process took it for one that nobody uses, or removed it. */
function taken<T extends object>(found: Found, making: Making<T>): (T & Own) | undefined {
  const { segment, isKeyed, slots } = found;
  let domain: Domain | undefined;
  try {
    domain = joined(found);
    const all = withObject(domain, making);
    if (!isMarked(found) && !(isKeyed && isDestroyed(segment))) return owned(found, all);
  } catch (error) {
    const isGone = isMarked(found);
    if (slots === undefined) segment[Symbol.dispose]();
    else giveBack(found, domain);
    if (isGone) return undefined;
    throw error;
  }
  giveBack(found, domain);
  return undefined;
}

/** Leaves and detaches, and removes the segment if this was the last that used it. */
function giveBack(place: Place, domain: Domain | undefined): void {
  segments.keep(place.segment);
  disposing(place.segment, () => tried(() => removeUnused(place, domain)));
  place.segment[Symbol.dispose]();
}

/** The object, with what gives it back. */
function owned<T extends object>(found: Found, { domain, object }: Joined<T>): T & Own {
  const { segment, isOwner } = found;
  if (!isOwner) segments.keep(segment);
  let isOpen = true;
  const dispose = (): void => {
    if (!isOpen) return;
    isOpen = false;
    alive.delete(result);
    unlessDetached(() => {
      object.release?.();
      if (isOwner) object.close();
    });
    if (isOwner) {
      domain[Symbol.dispose]();
      segment[Symbol.dispose]();
    } else unlessDetached(() => giveBack(found, domain));
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

/** The program may have left the domain, or detached the segment, by itself. */
function unlessDetached(use: () => void): void {
  try {
    use();
  } catch (error) {
    if (codeOf(error) !== "ERR_SHM_DETACHED") throw error;
  }
}

function disposing<T>(segment: Segment, use: () => T): T {
  try {
    return use();
  } catch (error) {
    segment[Symbol.dispose]();
    throw error;
  }
}

/** Waits until its creator is done. False: it has been removed, and detached. */
function isPrepared({ segment, attachment, isKeyed }: Found, name: string, until: number): boolean {
  return disposing(segment, () => {
    const words = wordsOf(attachment);
    do {
      if (!isUnready(words, 0)) {
        const domain = survey(words, 0);
        if (!domain || isMade(words, domain)) return true; // without one, the join tells what is there
      }
      if (isKeyed && isDestroyed(segment)) {
        segment[Symbol.dispose]();
        return false;
      }
    } while (performance.now() < until && nap());
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
