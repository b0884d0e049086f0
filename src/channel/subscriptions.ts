// The two sides of a topic: the algorithms, each step bounded.
//
// Each subscription has an entry with its id and its position. With "block" and "drop" the writer stays within a turn of the
// ring of the slowest living one. With "overwrite" it tells before it overwrites: a subscriber copies a message, then looks
// whether what it copied was told of meanwhile.
import { coordinationError } from "../common/errors.js";
import { ID_BITS } from "../sync/layout.js";
import { MOST_TRIES } from "../sync/object.js";
import { Claim } from "./claim.js";
import { BaseConsumer, type Consumer, type Found } from "./consumers.js";
import { between, Ring, recordBytes } from "./layout.js";
import { BaseProducer, OneClaim, type Producer, type RingObject } from "./producers.js";

/** Words of a topic beside those of every ring. The second word of a record is its message's number. */
export const TopicWord = Object.freeze({
  /** End of what may be overwritten at this moment: bytes modulo 2^32. */
  Intent: 19,
  /** The oldest record that is whole: bytes modulo 2^32. */
  Oldest: 20,
  /** The number of the next message, modulo 2^32. Stored before the tail: what a killed writer did not publish is missed. */
  Number: 21,
  /** Messages that were dropped, modulo 2^32. */
  Dropped: 22,
  /** The subscriptions: an id and a position each, on a line of its own. */
  Entries: 80,
} as const);

const ENTRY_WORDS = 16;

export const MOST_SUBSCRIBERS = 1024;

/** A step copies so many bytes of messages that are overwritten meanwhile, or so many messages. */
const MOST_BYTES_COPIED = 2 ** 26;
const LEAST_COPIES = 16;

/** So often a subscriber walks along the records while the writer moves the oldest of them. */
const MOST_WALKS = 16;

/** Bit 30 of an entry's id: its position is not stored yet. */
const JOINING = 0x40000000;

export const topicBytes = (capacity: number, subscribers: number): number =>
  4 * (TopicWord.Entries + ENTRY_WORDS * subscribers) + capacity;

/** What both sides need of their topic. */
export interface TopicObject extends RingObject {
  readonly overrun: "block" | "overwrite" | "drop";
  readonly mostSubscribers: number;
}

/** The id in an entry, if its participant lives, else 0. Hostile words name none. */
function subscriberIn({ participant, base }: TopicObject, entry: number): number {
  const found = Atomics.load(participant.words, base + entry);
  const id = found & ID_BITS;
  return found !== 0 && participant.isKnown(id) && participant.isAlive(id) ? found : 0;
}

const entriesOf = ({ mostSubscribers }: TopicObject): number[] =>
  Array.from({ length: mostSubscribers }, (_, index) => TopicWord.Entries + ENTRY_WORDS * index);

export const countSubscribers = (object: TopicObject): number =>
  entriesOf(object).filter((entry) => subscriberIn(object, entry) !== 0).length;

export class TopicProducer extends BaseProducer<TopicObject> implements Producer {
  readonly #open = new OneClaim(this);
  readonly #entries: number[];
  #position: number;
  #published: number;
  /** The oldest position that must stay, as it was last read. Positions only grow, so an old one is never too large. */
  #gate: number;
  #number: number;

  constructor(object: TopicObject, isManual: boolean) {
    super(object, isManual);
    this.#entries = entriesOf(object);
    this.#position = this.position(Ring.Tail);
    this.#published = this.#position;
    this.#gate = (this.#position - object.capacity) | 0; // no room before the first look
    this.#number = Atomics.load(object.participant.words, object.base + TopicWord.Number);
  }

  claim(length: number, sleeps: boolean): Claim | undefined {
    const { words } = this.object.participant;
    this.checkOpen(words);
    if (this.#open.blocks(sleeps)) return undefined;
    const need = recordBytes(length);
    const total = this.sizeAt(this.#position, need);
    if (!this.#hasRoom(total)) {
      this.publish();
      if (!this.#hasRoom(total)) return undefined;
    }
    this.#tell(words, (this.#position + total) | 0);
    const position = this.pad(words, this.#position, need);
    return this.#open.begin(new Claim(this, this.ground, position, length));
  }

  commit(claim: Claim, length: number): void {
    const { words } = this.object.participant;
    const record = this.ground.wordAt(claim.position);
    words[record] = length;
    words[record + 1] = this.#number;
    this.#number = (this.#number + 1) | 0;
    this.#position = (claim.position + recordBytes(length)) | 0;
    if (!this.isManual) this.publish();
    this.#open.end(this.object);
  }

  abandon(): void {
    this.#open.end(this.object);
  }

  override checkBlocking(): void {
    this.#open.blocks(false);
  }

  publish(): void {
    const { participant, base, readersMask } = this.object;
    if (this.#published === this.#position) return;
    this.#published = this.#position;
    Atomics.store(participant.words, base + TopicWord.Number, this.#number);
    Atomics.store(participant.words, base + Ring.Tail, this.#position);
    participant.waits.ring(readersMask);
  }

  override drop(): boolean {
    if (this.object.overrun !== "drop" || this.#open.isOpen) return false;
    const { words } = this.object.participant;
    const { base } = this.object;
    this.#number = (this.#number + 1) | 0;
    Atomics.add(words, base + TopicWord.Dropped, 1);
    if (this.#published === this.#position) Atomics.store(words, base + TopicWord.Number, this.#number);
    return true;
  }

  protected abandonAll(): (() => void)[] {
    return [() => this.#open.drop()];
  }

  #hasRoom(total: number): boolean {
    const { capacity } = this.object;
    if (between(this.#gate, this.#position) + total <= capacity) return true;
    this.#gate = this.#slowest();
    return between(this.#gate, this.#position) + total <= capacity;
  }

  /**
   * The oldest position that must stay: of the living subscribers, and of what is published, as the next subscriber begins
   * there. An entry that is not a position of the last turn leaves no room: its subscriber is about to correct it.
   */
  #slowest(): number {
    const { object } = this;
    const { capacity, participant, base } = object;
    let most = between(this.#published, this.#position);
    if (object.overrun !== "overwrite")
      for (const entry of this.#entries) {
        const found = subscriberIn(object, entry);
        if (found === 0 || found & JOINING) continue;
        const behind = between(Atomics.load(participant.words, base + entry + 1), this.#position);
        most = Math.max(most, Math.min(behind, capacity));
      }
    return (this.#position - most) | 0;
  }

  /**
   * Tells that everything up to a turn before `end` is being overwritten. On arm64 the plain stores that follow could pass an
   * Atomics.store (stlr), but not an Atomics.load (ldar), which cannot pass the store before it.
   */
  #tell(words: Int32Array, end: number): void {
    const { base, capacity } = this.object;
    const before = this.#oldest();
    let oldest = before;
    while (between(oldest, end) > capacity && oldest !== this.#position) {
      const header = words[this.ground.wordAt(oldest)] as number;
      const size = this.ground.sizeOf(header, oldest, between(oldest, this.#position));
      oldest = size === 0 ? this.#position : (oldest + size) | 0;
    }
    if (oldest !== before) Atomics.store(words, base + TopicWord.Oldest, oldest);
    Atomics.store(words, base + TopicWord.Intent, end);
    Atomics.load(words, base + TopicWord.Intent);
  }

  /** The oldest record. If a peer damaged the word, there is none. */
  #oldest(): number {
    const oldest = this.ground.load(TopicWord.Oldest) ?? this.#position;
    return between(oldest, this.#position) > this.object.capacity ? this.#position : oldest;
  }
}

export class Subscription extends BaseConsumer<TopicObject> implements Consumer {
  readonly #entry: number;
  readonly #overwrites: boolean;
  /** A word that nobody shares. */
  readonly #fence = new Int32Array(1);
  #next: number;
  /** The number of the next message; undefined if the writer published while this joined. */
  #expected: number | undefined;
  /** Whether the record at the position must have that number: this has read up to it, not jumped to it. */
  #isSure = false;
  #released: number;
  /** What the entry says. */
  #stored: number;
  /** Bytes that the present step copied. */
  #copied = 0;

  constructor(object: TopicObject, waitsForSuccessor: boolean) {
    super(object, waitsForSuccessor);
    const { participant, base } = object;
    this.#overwrites = object.overrun === "overwrite";
    this.#entry = this.#join();
    const position = base + this.#entry + 1;
    Atomics.store(participant.words, position, this.load(Ring.Tail));
    Atomics.store(participant.words, base + this.#entry, participant.id);
    // From here on a look of the writer's sees the entry. A look before that has left in place what was published then.
    this.#next = this.load(Ring.Tail) & ~7;
    this.#stored = this.#next;
    this.#released = this.#next;
    Atomics.store(participant.words, position, this.#next);
    const number = this.load(TopicWord.Number);
    this.#expected = this.load(Ring.Tail) === this.#next ? number : undefined;
    participant.waits.ring(object.writersMask);
  }

  take(sleeps: boolean): Found {
    this.#copied = 0;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (tries >= LEAST_COPIES && this.#copied > MOST_BYTES_COPIED) break;
      if (this.#next !== this.load(Ring.Tail)) {
        if (this.#takePublished()) return "message";
        continue;
      }
      this.#store();
      const ending = this.ending(sleeps);
      if (ending === undefined) return "nothing";
      if (this.#next !== this.load(Ring.Tail)) continue;
      if (ending === "closed") return "end";
      throw this.died();
    }
    throw coordinationError(
      "ERR_SHM_TIMEOUT",
      `${this.object.describe("read")}: what was read was overwritten meanwhile, again and again`,
      "make it with a larger capacity",
    );
  }

  release(end: number): void {
    const released = between(this.#released, end);
    if (released === 0 || released > between(this.#released, this.#next)) return;
    this.#release(end);
    this.#store(); // its user asked for it
  }

  releaseAll(): void {
    if (this.#released !== this.#next) this.#release(this.#next);
  }

  close(): void {
    const { participant, base, writersMask } = this.object;
    this.#released = this.#next; // a message that is released later finds nothing to do in an entry that is another's by then
    this.#stored = this.#next;
    Atomics.compareExchange(participant.words, base + this.#entry, participant.id, 0);
    participant.waits.ring(writersMask);
  }

  #release(position: number): void {
    this.#released = position;
    if (between(this.#stored, position) >= this.object.capacity / 4) this.#store();
  }

  /** The writer gets room in large pieces, or when there is nothing more to read. */
  #store(): void {
    if (this.#stored === this.#released) return;
    const { participant, base, writersMask } = this.object;
    this.#stored = this.#released;
    Atomics.store(participant.words, base + this.#entry + 1, this.#stored);
    participant.waits.ring(writersMask);
  }

  /** Takes an entry that nobody has. The writer looks at its position only once the id is stored without JOINING. */
  #join(): number {
    const { object } = this;
    const { participant, base } = object;
    for (const entry of entriesOf(object)) {
      if (subscriberIn(object, entry) !== 0) continue;
      const found = Atomics.load(participant.words, base + entry);
      if (found !== 0 && subscriberIn(object, entry) !== 0) continue;
      const before = Atomics.compareExchange(participant.words, base + entry, found, participant.id | JOINING);
      if (before === found) return entry;
    }
    throw coordinationError(
      "ERR_SHM_TOO_MANY_PEERS",
      `${object.describe("subscribe")}: it has room for ${object.mostSubscribers} subscriptions, and all are in use`,
    );
  }

  /** Reads what is at the position; false if that was not a message, and the position has moved. */
  #takePublished(): boolean {
    const { words } = this.object.participant;
    const position = this.#next;
    const record = this.ground.wordAt(position);
    const available = between(position, this.load(Ring.Tail));
    const header = words[record] as number;
    const number = words[record + 1] as number;
    const size = available > this.object.capacity ? 0 : this.ground.sizeOf(header, position, available);
    const isMessage = size !== 0 && header >= 0;
    if (this.#overwrites && this.#isBehind(position)) return this.#jump();
    this.copy = this.#overwrites && isMessage ? this.#copyOf(position, header) : undefined;
    if (this.#overwrites && this.#wasOverwritten(position, isMessage ? number : undefined)) return this.#jump();
    if (size === 0) throw this.damaged(`the record at ${position >>> 0} has the length ${header}; ${available} follow`);
    this.#next = (position + size) | 0;
    if (!isMessage) {
      if (this.#released === position) this.#release(this.#next);
      return false;
    }
    this.missed = this.#expected === undefined ? 0 : Math.max(0, (number - this.#expected) | 0);
    this.#expected = (number + 1) | 0;
    this.#isSure = true;
    this.found(position, header, this.#next, false);
    return true;
  }

  /** Whether the writer has told that it overwrites a position. */
  #isBehind(position: number): boolean {
    return between(position, this.load(TopicWord.Intent)) > this.object.capacity;
  }

  #copyOf(position: number, length: number): Uint8Array {
    this.#copied += length;
    return this.object.participant.slice(this.ground.payloadAt(position), length);
  }

  /**
   * Whether the record was overwritten before it was read whole. On arm64 the plain loads before this could be done after an
   * Atomics.load (ldar), but not after an Atomics.store (stlr), which the load after it cannot pass.
   *
   * @param number of the message; undefined if there is none at the position
   */
  #wasOverwritten(position: number, number: number | undefined): boolean {
    Atomics.store(this.#fence, 0, 0);
    if (this.#isBehind(position)) return true;
    // Another number follows a writer that was killed, or a sleep of 2^32 bytes.
    return this.#isSure && number !== undefined && number !== this.#expected && !this.#isReached(position);
  }

  /** Whether the records from the oldest on lead to a position. If the writer moves the oldest meanwhile, this looks again. */
  #isReached(position: number): boolean {
    for (let tries = 0; tries < MOST_WALKS; tries++) {
      const oldest = this.#oldest(position);
      if (between(oldest, position) > this.object.capacity) return false;
      if (this.#leads(oldest, position)) return !this.#isBehind(position);
      if (this.#oldest(position) === oldest) return false;
    }
    return false;
  }

  #oldest(position: number): number {
    return this.ground.load(TopicWord.Oldest) ?? position;
  }

  #leads(from: number, to: number): boolean {
    const { words } = this.object.participant;
    for (let at = from; at !== to; ) {
      const size = this.ground.sizeOf(words[this.ground.wordAt(at)] as number, at, between(at, to));
      if (size === 0) return false;
      at = (at + size) | 0;
    }
    return true;
  }

  /** Continues at the oldest record. */
  #jump(): false {
    const oldest = this.ground.load(TopicWord.Oldest);
    if (oldest === undefined) throw this.damaged("its oldest record is at no position");
    this.#next = oldest;
    this.#released = oldest;
    this.#isSure = false;
    return false;
  }
}
