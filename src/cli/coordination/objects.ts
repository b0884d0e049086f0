// What is in a domain, as its bytes say: nothing is joined, taken or stored. Every word may be hostile.
import { requestsAt, serviceBytes, unpacked } from "../../channel/calls.js";
import { Ring, ringBytes } from "../../channel/layout.js";
import { isCapacity } from "../../channel/options.js";
import { MOST_SUBSCRIBERS, TopicWord, topicBytes } from "../../channel/subscriptions.js";
import { isAlive, LINE, Slot, slotWord } from "../../host/membership.js";
import { barrierBytes } from "../../sync/barrier.js";
import { ID_BITS, idOf, MOST_COUNT, ObjectKind, type ObjectName, slotOf, TAG_SHIFT, Word } from "../../sync/layout.js";
import { INCONSISTENT, NOT_RECOVERABLE, PENDING } from "../../sync/ownerword.js";
import { rwLockBytes } from "../../sync/rwlock.js";
import { semaphoreBytes } from "../../sync/semaphore.js";
import { seqlockBytes } from "../../sync/seqlock.js";
import { type Survey, survey } from "../../sync/survey.js";

/** A participant's part in an object. */
export interface Part {
  readonly slot: number;
  /** `holds`, `reads`, `holds 2 permits`, `is the writer`. */
  readonly what: string;
  readonly alive: boolean;
}

export interface FoundObject {
  readonly name: ObjectName;
  /** Bytes from the segment's start. */
  readonly offset: number;
  readonly bytes: number;
  /** Those that hold it, or are at an end of it. */
  readonly holders: readonly Part[];
  /** Slots that sleep on it. */
  readonly waiting: readonly number[];
  /** What else there is to say: `not recoverable`. */
  readonly note: string;
  /** Bytes for messages, of a channel or a topic: as they were read for {@link bytes}. */
  readonly capacity?: number;
}

export interface FoundDomain extends Survey {
  readonly objects: readonly FoundObject[];
}

const names = new Map<number, ObjectName>(Object.entries(ObjectKind).map(([name, kind]) => [kind, name as ObjectName]));

/** Objects are not looked for behind so many bytes without one: to read a page that was never used would make it. */
const FAR = 2 ** 20;

/** More objects are not listed: a hostile peer can fill a segment with them. */
const MOST_OBJECTS = 65536;

/** Word of a seqlock: its writer. */
const SEQLOCK_WRITER = 10;

/** One domain and its words. */
class Look {
  readonly #words: Int32Array;
  readonly #domain: Survey;

  constructor(words: Int32Array, domain: Survey) {
    this.#words = words;
    this.#domain = domain;
  }

  word(index: number): number {
    return index < this.#words.length ? Atomics.load(this.#words, index) : 0;
  }

  /** Whether an object of so many bytes can be at a place. */
  fits(base: number, bytes: number): boolean {
    return bytes <= (this.#words.length - base) * 4;
  }

  /** The part of the participant that an id names; none if no participant can have it. */
  part(id: number, what: string): Part[] {
    const slot = slotOf(id);
    if (slot < 0 || slot >= this.#domain.slots) return [];
    const line = slotWord(slot);
    const lives = isAlive(this.word(line + Slot.Life)) && idOf(slot, this.word(line + Slot.Generation)) === id;
    return [{ slot, what, alive: lives }];
  }

  /** None while a writer of a read-write lock only asks for it. */
  owner(word: number, what: string): Part[] {
    const found = this.word(word);
    return found === NOT_RECOVERABLE || found & PENDING ? [] : this.part(found & ID_BITS, what);
  }

  /** Slots that hold a count, in words that are `stride` apart. */
  counts(first: number, stride: number, what: (count: number) => string): Part[] {
    return this.#slots().flatMap((slot) => {
      const found = this.word(first + slot * stride);
      const count = found & MOST_COUNT;
      return count === 0 ? [] : this.part(idOf(slot, found >>> TAG_SHIFT), what(count));
    });
  }

  /** Slots with an id in a table. */
  table(first: number, what: string): Part[] {
    return this.#slots().flatMap((slot) => this.part(this.word(first + slot) & ID_BITS, what));
  }

  /** Living slots of masks of sleepers. */
  sleepers(...masks: number[]): number[] {
    return this.#slots().filter(
      (slot) =>
        isAlive(this.word(slotWord(slot) + Slot.Life)) &&
        masks.some((mask) => (this.word(mask + (slot >> 5)) & (1 << (slot & 31))) !== 0),
    );
  }

  #slots(): number[] {
    return Array.from({ length: this.#domain.slots }, (_, slot) => slot);
  }
}

type Described = Omit<FoundObject, "name" | "offset">;

const lock = (look: Look, base: number): string => {
  const state = look.word(base + Word.State);
  if (state === NOT_RECOVERABLE) return "not recoverable";
  return state & INCONSISTENT ? "not repaired since an owner died" : "";
};

const ends = (look: Look, base: number): Pick<FoundObject, "holders" | "waiting" | "note"> => ({
  holders: [
    ...look.owner(base + Ring.Writer, "writes"),
    ...look.owner(base + Ring.Reader, "reads"),
    ...look.table(base + Ring.WriterTable, "writes"),
    ...look.table(base + Ring.ReaderTable, "reads"),
  ],
  waiting: look.sleepers(base + Ring.Readers, base + Ring.Writers),
  note: look.word(base + Ring.Closed) === 0 ? "" : "closed",
});

/** What each kind of object says; undefined if there is none with these arguments, `first` and `second`. */
const kinds: Record<ObjectName, (look: Look, base: number, first: number, second: number) => Described | undefined> = {
  mutex: (look, base) => ({
    bytes: LINE,
    holders: look.owner(base + Word.State, "holds"),
    waiting: look.sleepers(base + Word.Sleepers),
    note: lock(look, base),
  }),
  rwLock: (look, base, slots) => ({
    bytes: rwLockBytes(slots),
    holders: [
      ...look.owner(base + Word.State, "holds"),
      ...look.counts(base + LINE / 4, LINE / 4, (count) => (count === 1 ? "reads" : `reads ${count} times`)),
    ],
    waiting: look.sleepers(base + Word.Sleepers),
    note: lock(look, base),
  }),
  semaphore: (look, base, permits, slots) => ({
    bytes: semaphoreBytes(slots),
    holders: look.counts(base + LINE / 4, 1, (count) => `holds ${count} of ${permits}`),
    waiting: look.sleepers(base + Word.Sleepers),
    note: "",
  }),
  event: (look, base) => ({
    bytes: LINE,
    holders: [],
    waiting: look.sleepers(base + Word.Sleepers),
    note: look.word(base + Word.State) & 1 ? "set" : "",
  }),
  condition: (look, base) => ({
    bytes: LINE,
    holders: [],
    waiting: look.sleepers(base + Word.Sleepers),
    note: "",
  }),
  barrier: (look, base, parties, slots) => {
    const state = look.word(base + Word.State);
    const broken = state & 0x80 ? ", broken" : "";
    return {
      bytes: barrierBytes(slots),
      holders: [],
      waiting: look.sleepers(base + Word.Sleepers),
      note: `${state & 0x7f} of ${parties} have arrived${broken}`,
    };
  },
  seqlock: (look, base, bytes, copies) => ({
    bytes: seqlockBytes(bytes, copies),
    holders: look.owner(base + SEQLOCK_WRITER, "writes"),
    waiting: look.sleepers(base + Word.Sleepers),
    note: "",
  }),
  channel: (look, base, capacity) =>
    isCapacity(capacity) && look.fits(base, ringBytes(capacity))
      ? { bytes: ringBytes(capacity), capacity, ...ends(look, base) }
      : undefined,
  topic: (look, base, capacity, flags) => {
    const bytes = topicBytes(capacity, flags >>> 8);
    if (!isCapacity(capacity) || flags >>> 8 > MOST_SUBSCRIBERS || !look.fits(base, bytes)) return undefined;
    return {
      bytes,
      capacity,
      holders: [
        ...look.owner(base + Ring.Writer, "writes"),
        ...Array.from({ length: flags >>> 8 }, (_, entry) => entry).flatMap((entry) =>
          look.part(look.word(base + TopicWord.Entries + entry * (LINE / 4)) & ID_BITS, "subscribes"),
        ),
      ],
      waiting: look.sleepers(base + Ring.Readers, base + Ring.Writers),
      note: look.word(base + Ring.Closed) === 0 ? "" : "closed",
    };
  },
  service: (look, base, requests, second) => {
    const sizes = unpacked(requests, second);
    if (!isCapacity(sizes.requests) || !isCapacity(sizes.answers)) return undefined;
    return {
      bytes: serviceBytes(sizes),
      holders: [],
      waiting: look.sleepers(base + Word.Sleepers),
      note: `${sizes.clients} clients at most`,
    };
  },
};

/** The domain at byte 0 of a segment's words, and the objects behind it; undefined if there is none. */
export function domainIn(words: Int32Array): FoundDomain | undefined {
  const domain = survey(words, 0);
  if (!domain) return undefined;
  const look = new Look(words, domain);
  const size = words.length * 4;
  const objects: FoundObject[] = [];
  let last = domain.bytes;
  for (let offset = domain.bytes; offset + LINE <= size && offset - last < FAR && objects.length < MOST_OBJECTS; ) {
    const base = offset / 4;
    const name = names.get(look.word(base + Word.Kind));
    const found = name && kinds[name](look, base, look.word(base + Word.First), look.word(base + Word.Second));
    if (!name || !found || !(found.bytes >= LINE && found.bytes <= size - offset)) {
      offset += LINE;
      continue;
    }
    objects.push({ name, offset, ...found });
    // A service consists of channels, which are objects of their own.
    offset = name === "service" ? requestsAt(offset) : offset + Math.ceil(found.bytes / LINE) * LINE;
    last = offset;
  }
  return { ...domain, objects };
}
