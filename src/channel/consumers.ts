// The reading side of a ring: the algorithms, each step bounded. reader.ts waits if these find nothing.
import { coordinationError } from "../common/errors.js";
import { doAll } from "../common/steps.js";
import { ID_BITS } from "../sync/layout.js";
import { MOST_TRIES } from "../sync/object.js";
import { ABANDONED, between, COMMITTED, Ground, Ring } from "./layout.js";
import type { QueueObject, RingObject } from "./producers.js";

/** What a step of a consumer found. */
export type Found = "nothing" | "message" | "end";

export interface Consumer {
  /**
   * Takes the next message, and describes it in the fields below.
   *
   * @param sleeps the caller sleeps on the readers' mask if there is nothing; else not all is checked that could end that
   * @throws {ShmError} `ERR_SHM_PEER_DIED` there is nothing, and nobody left who writes; `ERR_SHM_LAYOUT`
   */
  take(sleeps: boolean): Found;
  /** Where the message is: bytes from the window's start. */
  readonly offset: number;
  readonly length: number;
  /** It was taken before, by a consumer that was killed. */
  readonly redelivered: boolean;
  /** Messages before it that this reader did not get. */
  readonly missed: number;
  /** Its bytes, if what is in the ring may be overwritten already. */
  readonly copy: Uint8Array | undefined;
  /** What {@link release} takes. */
  readonly token: number;
  /** Gives back the room of one message, and with one consumer of all before it. Does nothing the second time. */
  release(token: number): void;
  /** @param takes a call of {@link take} follows at once, which may do a part of it */
  releaseAll(takes?: boolean): void;
  /** Releases all, and gives up the end, also if the segment is damaged. @throws {ShmError} `ERR_SHM_LAYOUT` */
  close(): void;
}

/** A step without a sleep looks for its peers' deaths once in so many, as that takes longer than the step. */
const CHECK_EVERY = 64;

export abstract class BaseConsumer<O extends RingObject> {
  protected readonly object: O;
  protected readonly ground: Ground;
  readonly #waitsForSuccessor: boolean;
  #looks = 0;
  offset = 0;
  length = 0;
  redelivered = false;
  missed = 0;
  copy: Uint8Array | undefined;
  token = 0;

  /** The caller has taken the end. @param waitsForSuccessor a writer's death is not an error: another may come */
  constructor(object: O, waitsForSuccessor: boolean) {
    this.object = object;
    this.ground = new Ground(object.participant, object.base, object.capacity, object.records);
    this.#waitsForSuccessor = waitsForSuccessor;
  }

  protected load(word: number): number {
    return Atomics.load(this.object.participant.words, this.object.base + word);
  }

  /**
   * Whether nothing comes any more, although the ring was empty. What was published before a close or a death is there
   * once that is seen, so the caller looks at the ring again after it.
   */
  protected ending(sleeps: boolean): "closed" | "dead" | undefined {
    if (this.load(Ring.Closed) !== 0) return "closed";
    if (this.#waitsForSuccessor || (!sleeps && ++this.#looks % CHECK_EVERY !== 0)) return undefined;
    return this.object.writers.look() === "dead" ? "dead" : undefined;
  }

  protected died(): Error {
    const { object } = this;
    return coordinationError(
      "ERR_SHM_PEER_DIED",
      `${object.describe("read")}: it is empty, and its writer was killed: ${object.writers.who}`,
      "another writer can continue where it was",
    );
  }

  protected found(position: number, length: number, token: number, redelivered: boolean): "message" {
    this.offset = this.ground.payloadAt(position);
    this.length = length;
    this.redelivered = redelivered;
    this.token = token;
    return "message";
  }

  protected damaged(what: string): Error {
    return this.object.damaged("read", what);
  }

  /** Bytes from `from` to a position that a peer stored, of which at most `most` are possible. */
  protected distance(from: number, word: number, most: number, isPlain = false): number {
    const to = isPlain ? this.ground.peek(word) : this.ground.load(word);
    const distance = to === undefined ? Number.POSITIVE_INFINITY : between(from, to);
    if (distance > most) throw this.damaged(`word ${word} does not hold a position of this ring`);
    return distance;
  }

  /** Bytes of the record or padding at a position. */
  protected sizeOf(header: number, position: number, available: number): number {
    const size = this.ground.sizeOf(header, position, available);
    if (size === 0) throw this.damaged(`the record at ${position >>> 0} has the length ${header}; ${available} remain`);
    return size;
  }

  /** Whether a state is the id of a living participant; throws if it is not an id. */
  protected isLivingId(state: number): boolean {
    const { participant } = this.object;
    if ((state & ~ID_BITS) !== 0 || !participant.isKnown(state)) throw this.damaged(`a record has the state ${state}`);
    return participant.isAlive(state);
  }

  /** Skips the claim of a producer that was killed. */
  protected abandon(words: Int32Array, state: number, id: number): void {
    if (Atomics.compareExchange(words, state, id, ABANDONED) !== id) return; // the caller looks again
    Atomics.add(words, this.object.base + Ring.Abandoned, 1);
  }
}

/** A step skips no more rings than this of padding and abandoned claims. */
const MOST_SKIPPED = 2;

/** The only consumer of its ring. With several producers it looks at each record's state. */
export class SingleConsumer extends BaseConsumer<QueueObject> implements Consumer {
  readonly #looksAtStates: boolean;
  /** End of what was taken. */
  #next: number;
  /** The tail, as it was last read. */
  #tail: number;
  /** End of what was released here, and what of it the head says. */
  #released: number;
  #head: number;

  constructor(object: QueueObject, waitsForSuccessor: boolean, looksAtStates: boolean) {
    super(object, waitsForSuccessor);
    this.#looksAtStates = looksAtStates;
    const head = this.ground.load(Ring.Head);
    if (head === undefined) throw this.damaged("its head is not a position");
    this.#next = head;
    this.#tail = head;
    this.#released = head;
    this.#head = head;
  }

  take(sleeps: boolean): Found {
    const from = this.#next;
    for (let looks = 0; looks < MOST_TRIES; looks++) {
      if (between(from, this.#next) > MOST_SKIPPED * this.object.capacity) break;
      if (this.#next !== this.#tail || this.#refresh()) {
        const found = this.#takePublished();
        if (found !== undefined) return found;
        continue; // all that was published was padding, or abandoned
      }
      const ending = this.ending(sleeps);
      if (ending === undefined) return "nothing";
      if (this.#refresh()) continue;
      if (ending === "closed") return "end";
      throw this.died();
    }
    this.object.participant.waits.ring(this.object.readersMask); // what writers abandon meanwhile is for the next step
    return "nothing";
  }

  release(end: number): void {
    const taken = between(this.#released, this.#next);
    const released = between(this.#released, end);
    if (released === 0 || released > taken) return;
    this.#release(end);
    this.#storeHead(); // its user asked for it
  }

  releaseAll(): void {
    if (this.#released !== this.#next) this.#release(this.#next);
  }

  close(): void {
    doAll([() => this.releaseAll(), () => this.#storeHead(), () => this.object.readers.release()]);
  }

  #release(position: number): void {
    this.#released = position;
    // Writers that wait get room in large pieces: each store of the head is a miss in a writer's cache.
    if (between(this.#head, position) >= this.object.capacity / 4) this.#storeHead();
  }

  #storeHead(): void {
    if (this.#head === this.#released) return;
    const { participant, base, writersMask } = this.object;
    this.#head = this.#released;
    Atomics.store(participant.words, base + Ring.Head, this.#head);
    participant.waits.ring(writersMask);
  }

  /** Reads the tail. An empty ring gives all its room back. @returns whether there is something new */
  #refresh(): boolean {
    this.#storeHead();
    const used = this.distance(this.#head, Ring.Tail, this.object.capacity);
    const taken = between(this.#head, this.#next);
    if (used < taken) throw this.damaged("its tail went back");
    this.#tail = (this.#head + used) | 0;
    return used !== taken;
  }

  /** The next message before the tail; undefined if there is none. */
  #takePublished(): Found | undefined {
    const { words } = this.object.participant;
    while (this.#next !== this.#tail) {
      const position = this.#next;
      const available = between(position, this.#tail);
      const record = this.ground.wordAt(position);
      let header = words[record] as number;
      if (header >= 0 && this.#looksAtStates) {
        const state = this.#settled(words, record + 1);
        if (state === undefined) return "nothing";
        header = words[record] as number; // a producer may shorten it until it commits
        if (header < 0) throw this.damaged(`the record at ${position >>> 0} became padding`);
        if (state === ABANDONED) {
          this.#skip(position, this.sizeOf(header, position, available));
          continue;
        }
      }
      const size = this.sizeOf(header, position, available);
      if (header < 0) {
        this.#skip(position, size);
        continue;
      }
      this.#next = (position + size) | 0;
      return this.found(position, header, this.#next, false);
    }
    return undefined;
  }

  /** If all before it was released, so is what is skipped. */
  #skip(position: number, size: number): void {
    const isNext = this.#released === position;
    this.#next = (position + size) | 0;
    if (isNext) this.#release(this.#next);
  }

  /** The state of a record once its producer is done with it; undefined before. */
  #settled(words: Int32Array, word: number): number | undefined {
    let state = Atomics.load(words, word);
    if (state !== COMMITTED && state !== ABANDONED) {
      if (this.isLivingId(state)) return undefined;
      this.abandon(words, word, state);
      state = Atomics.load(words, word);
    }
    if (state !== COMMITTED && state !== ABANDONED) throw this.damaged(`a record has the state ${state}`);
    return state;
  }
}
