// A read-write lock: any number of readers, or one writer. The writers' word is an owner word (ownerword.ts). A reader counts
// itself in a word of its own, on a line of its own, so that readers on two cores do not slow each other; then it looks at
// the writers' word. A writer stores its word first, then looks at the readers'. So at least one of two sees the other.
import { coordinationError } from "../common/errors.js";
import { LINE } from "../host/membership.js";
import { Held, type Lender, notHeld } from "./held.js";
import { ID_BITS, idOf, MOST_COUNT, TAG_SHIFT, tagOf, Word } from "./layout.js";
import { MAKE, MOST_TRIES, SharedObject } from "./object.js";
import type { SyncWaitOptions, WaitOptions } from "./options.js";
import { INCONSISTENT, NOT_RECOVERABLE, PENDING, replace, takeOver } from "./ownerword.js";
import type { Participant } from "./participant.js";
import { type Peer, peerIn, peerOf } from "./peers.js";

export const rwLockBytes = (slots: number): number => LINE * (1 + slots);

/** One side of a read-write lock, with the calls of a mutex. */
export interface LockSide {
  /**
   * Waits for the lock. Waits of one participant, for either side, are served in their order.
   *
   * @throws {ShmError} `ERR_SHM_TIMEOUT`, `ERR_SHM_NOT_RECOVERABLE`, `ERR_SHM_DETACHED`, `ERR_SHM_LAYOUT`
   */
  lock(options?: WaitOptions): Promise<Held>;
  /**
   * The same, but blocks the thread, and does not stand behind pending calls of `lock`.
   *
   * @throws {ShmError} as `lock`; `ERR_SHM_DEADLOCK` this participant itself is in the way; `ERR_SHM_UNSUPPORTED` it would
   *   have to wait on the local host
   */
  lockSync(options?: SyncWaitOptions): Held;
  /** The lock if it is free for this side, or undefined. */
  tryLock(): Held | undefined;
}

abstract class Side implements LockSide, Lender {
  readonly of: RwLock;
  readonly #name: string;

  constructor(of: RwLock, name: string) {
    this.of = of;
    this.#name = name;
  }

  lock(options?: WaitOptions): Promise<Held> {
    const { participant, sleepers } = this.of;
    return participant.waits.wait(sleepers, this.#what, this.#attempt, options, this.#cancel);
  }

  lockSync(options?: SyncWaitOptions): Held {
    const { participant, sleepers } = this.of;
    if (this.isInOwnWay())
      throw coordinationError("ERR_SHM_DEADLOCK", `${this.#what()}: this participant itself holds it`);
    return participant.waits.waitSync(sleepers, this.#what, this.#attempt, options, this.#cancel);
  }

  tryLock(): Held | undefined {
    const held = this.attempt(false);
    if (!held) this.cancel();
    return held;
  }

  get isGone(): boolean {
    return this.of.participant.left;
  }

  describe(operation: string): string {
    return this.of.describe(`${operation} for ${this.#name}`);
  }

  abstract give(held: Held): void;
  abstract repair(): void;
  protected abstract attempt(sleeps: boolean): Held | undefined;
  protected abstract cancel(): void;
  protected abstract isInOwnWay(): boolean;

  readonly #what = (): string => this.describe("lock");
  readonly #attempt = (): Held | undefined => this.attempt(true);
  readonly #cancel = (): undefined => {
    this.cancel();
  };
}

class Readers extends Side {
  /** Looks before it counts itself: two sleepers that count and go would wake each other for ever. */
  protected override attempt(): Held | undefined {
    const { of } = this;
    const before = this.look();
    if (before === "kept out" || !of.countReader(1)) return undefined;
    let after: ReturnType<Readers["look"]> = "kept out";
    try {
      after = this.look();
    } finally {
      if (after === "kept out") {
        of.countReader(-1);
        of.participant.waits.ring(of.sleepers); // the writer may have seen this reader
      }
    }
    return after === "kept out" ? undefined : new Held(this, after === "unrepaired");
  }

  /** What the writers' word says to a reader. A dead writer keeps nobody out; each reader is told until one repairs it. */
  private look(): "kept out" | "unrepaired" | "whole" {
    const { of } = this;
    const writer = Atomics.load(of.participant.words, of.writerWord);
    if (writer === 0) return "whole";
    if (writer === NOT_RECOVERABLE) throw of.notRecoverable("lock");
    const owner = writer & ID_BITS;
    if (owner !== 0 && of.participant.isAlive(owner)) return "kept out";
    return (writer & (PENDING | INCONSISTENT)) === PENDING ? "whole" : "unrepaired";
  }

  protected override cancel(): void {} // an attempt leaves nothing

  protected override isInOwnWay(): boolean {
    const { of } = this;
    const { participant, writerWord } = of;
    const writer = Atomics.load(participant.words, writerWord) & ID_BITS;
    // A writer that asks waits for this participant's reader.
    return writer === participant.id || (writer !== 0 && of.isReading && participant.isAlive(writer));
  }

  override give(): void {
    const { of } = this;
    const { words, waits } = of.participant;
    const wasFull = of.isFull;
    if (!of.countReader(-1)) throw notHeld(this.describe("unlock"));
    if (wasFull || Atomics.load(words, of.writerWord) !== 0) waits.ring(of.sleepers);
  }

  override repair(): never {
    throw coordinationError("ERR_SHM_NOT_OWNER", `${this.describe("repaired")}: only a writer can repair`);
  }
}

class Writers extends Side {
  protected override attempt(sleeps: boolean): Held | undefined {
    const { of } = this;
    const { participant } = of;
    const { words, id } = participant;
    const found = Atomics.compareExchange(words, of.writerWord, 0, id | PENDING);
    const isAsking = (found & (ID_BITS | PENDING)) === (id | PENDING); // an attempt before this one
    if (found !== 0 && !isAsking) {
      const taken = takeOver(participant, of.writerWord, found, id | PENDING, sleeps);
      if (taken === "taken by another") return undefined;
      if (taken === "not recoverable") throw of.notRecoverable("lock");
      if (taken === "too busy") throw of.tooBusy("lock");
    }
    return of.hasReaders() ? undefined : this.#enter();
  }

  /** No reader is in, and none comes in past the word. */
  #enter(): Held {
    const { of } = this;
    const { words, id } = of.participant;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = Atomics.load(words, of.writerWord);
      if ((found & (ID_BITS | PENDING)) !== (id | PENDING))
        throw of.damaged("lock", "another owns what this one asked for");
      if (Atomics.compareExchange(words, of.writerWord, found, found & ~PENDING) === found)
        return new Held(this, (found & INCONSISTENT) !== 0);
    }
    throw of.tooBusy("lock");
  }

  /** Asks no more. What was not repaired stays so. */
  protected override cancel(): void {
    const { of } = this;
    const { words, id, waits } = of.participant;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = Atomics.load(words, of.writerWord);
      if ((found & (ID_BITS | PENDING)) !== (id | PENDING)) return;
      if (Atomics.compareExchange(words, of.writerWord, found, found & INCONSISTENT) !== found) continue;
      waits.ring(of.sleepers);
      return;
    }
  }

  protected override isInOwnWay(): boolean {
    const { words, id } = this.of.participant;
    const writer = Atomics.load(words, this.of.writerWord);
    return (writer & (ID_BITS | PENDING)) === id || this.of.isReading;
  }

  override give(held: Held): void {
    const { of } = this;
    const { participant } = of;
    const needsRepair = held.state === "needs repair";
    const mine = needsRepair ? participant.id | INCONSISTENT : participant.id;
    const rings = replace(participant, of.writerWord, mine, needsRepair ? NOT_RECOVERABLE : 0);
    if (rings === undefined) throw notHeld(this.describe("unlock"));
    participant.waits.ring(of.sleepers); // readers leave no mark in the word
  }

  override repair(): void {
    const { of } = this;
    const { id } = of.participant;
    const rings = replace(of.participant, of.writerWord, id | INCONSISTENT, id);
    if (rings === undefined) throw notHeld(this.describe("repaired"));
    if (rings) of.participant.waits.ring(of.sleepers);
  }
}

/** Any number of readers, or one writer. From `domain.rwLock(offset)`; it takes 64 bytes, and 64 for each slot. */
export class RwLock extends SharedObject {
  /** For those that only look. A writer that waits keeps later readers out, so do not lock twice. */
  readonly read: LockSide;
  /** For the one that changes. */
  readonly write: LockSide;
  /** @internal */
  readonly writerWord: number;
  readonly #readerWord: number;
  readonly #tag: number;

  /** @internal */
  constructor(make: symbol, participant: Participant, offset: number) {
    super(make, participant, "rwLock", { offset, bytes: rwLockBytes(participant.slots), first: participant.slots });
    this.writerWord = this.base + Word.State;
    this.#readerWord = this.#wordOf(participant.slot);
    this.#tag = tagOf(participant.membership.generation);
    this.read = new Readers(this, "reading");
    this.write = new Writers(this, "writing");
  }

  /** The writer that holds it or asks for it; undefined if there is none. A moment later it may be another. */
  get writer(): Peer | undefined {
    return peerOf(this.participant, Atomics.load(this.participant.words, this.writerWord) & ID_BITS);
  }

  /** Everyone who reads now. */
  get readers(): Peer[] {
    const peers: Peer[] = [];
    for (let slot = 0; slot < this.participant.slots; slot++) {
      const peer = this.#reads(slot) ? peerIn(this.participant, slot) : undefined;
      if (peer) peers.push(peer);
    }
    return peers;
  }

  /** @internal one reader of this participant more or fewer; false if there are too many, or none */
  countReader(change: 1 | -1): boolean {
    const { words } = this.participant;
    const word = this.#readerWord;
    // Only this participant stores here, and a predecessor in the slot counts nothing.
    const found = Atomics.load(words, word);
    const count = (found & ~MOST_COUNT) === this.#tag ? found & MOST_COUNT : 0;
    if (change === 1 ? count === MOST_COUNT : count === 0) return false;
    Atomics.store(words, word, this.#tag | (count + change));
    return true;
  }

  /** @internal whether this participant can count no more readers */
  get isFull(): boolean {
    return (Atomics.load(this.participant.words, this.#readerWord) ^ this.#tag) === MOST_COUNT;
  }

  /** @internal */
  hasReaders(): boolean {
    for (let slot = 0; slot < this.participant.slots; slot++) if (this.#reads(slot)) return true;
    return false;
  }

  /** @internal */
  get isReading(): boolean {
    return this.#reads(this.participant.slot);
  }

  #reads(slot: number): boolean {
    const found = Atomics.load(this.participant.words, this.#wordOf(slot));
    return (found & MOST_COUNT) !== 0 && this.participant.isAlive(idOf(slot, found >>> TAG_SHIFT));
  }

  #wordOf(slot: number): number {
    return this.base + (LINE / 4) * (1 + slot);
  }
}

export const openRwLock = (participant: Participant, offset: number): RwLock => new RwLock(MAKE, participant, offset);
