// One of several consumers of a ring. Under their lock a consumer marks the next message as taken by itself, and moves the
// head over those that are done. The messages of a consumer that was killed are taken again by another.
import { doAll } from "../common/steps.js";
import { lockShortly, unlockShortly } from "../sync/shortlock.js";
import { BaseConsumer, type Consumer, type Found } from "./consumers.js";
import { ABANDONED, between, COMMITTED, DONE, Ring, TAKEN } from "./layout.js";
import type { QueueObject } from "./producers.js";

/** How often others may find the lock taken during one step. Among honest consumers a handful is much. */
const MOST_ROUNDS = 64;

export class SharedConsumer extends BaseConsumer<QueueObject> implements Consumer {
  readonly #redelivers: boolean;
  readonly #lock: number;
  /** Where the messages are that this consumer has taken, and not released. */
  readonly #held: number[] = [];
  /** Messages are marked as done, and the head may have to be moved over them. */
  #isDue = false;
  /** The positions at the last look under the lock: the end of what is taken, and of what is published. */
  #taken = 0;
  #end = 0;

  /** @param redelivers what happens with the messages of a consumer that was killed; if not, they are dropped */
  constructor(object: QueueObject, waitsForSuccessor: boolean, redelivers: boolean) {
    super(object, waitsForSuccessor);
    this.#redelivers = redelivers;
    this.#lock = object.base + Ring.Consumers;
  }

  take(sleeps: boolean): Found {
    const isIdle = !sleeps && this.#isIdle();
    if (isIdle && this.ending(false) === undefined) return "nothing";
    for (let tries = 0; tries < MOST_ROUNDS; tries++) {
      if (!lockShortly(this.object, this.#lock, sleeps, "read")) {
        this.#advanceIfDone();
        return "nothing";
      }
      let found: Found | undefined;
      let isMoved = false;
      try {
        found = this.#takeLocked(sleeps || isIdle);
        if (found === "message") this.#held.push(this.token);
      } finally {
        isMoved = this.#unlockAfter(found);
      }
      if (found !== "nothing" || !isMoved) return found;
    }
    this.object.participant.waits.ring(this.object.readersMask); // this one looks again, too
    return "nothing";
  }

  release(position: number): void {
    const index = this.#held.indexOf(position);
    if (index < 0) return;
    this.#held.splice(index, 1);
    this.#done(position);
    this.#advanceIfDone();
  }

  releaseAll(takes = false): void {
    for (let position = this.#held.pop(); position !== undefined; position = this.#held.pop()) this.#done(position);
    if (!takes) this.#advanceIfDone(); // else in the lock of the next take
  }

  close(): void {
    const done = this.#held.splice(0).map((position) => () => this.#done(position));
    doAll([...done, () => this.#advanceIfDone(), () => this.object.readers.release()]);
  }

  /**
   * Whether a look without the lock shows that everything was taken, and is done. Consumers that poll an empty channel leave
   * the lock to others.
   */
  #isIdle(): boolean {
    if (this.#isDue) return false;
    const taken = this.load(Ring.Taken);
    return this.load(Ring.Head) === taken && this.load(Ring.Tail) === taken;
  }

  /** @param asks whether all is checked that could end the channel, if there is nothing */
  #takeLocked(asks: boolean): Found {
    let head = this.#advance();
    // The oldest message blocks the head, so a dead consumer's is found here even if there is always something new.
    const oldest = this.#takeFromDead(head, this.#taken, 1) ?? this.#takeNext();
    if (oldest !== undefined) return oldest;
    head = this.#advance(); // over what was skipped
    const taken = this.#taken;
    const ending = this.ending(asks);
    if (ending === undefined && !asks) return "nothing";
    const again = this.#takeFromDead(head, taken, Number.POSITIVE_INFINITY);
    if (again !== undefined) return again;
    if (!this.#redelivers) head = this.#advance(); // over what was dropped
    const tail = this.load(Ring.Tail);
    if (ending === undefined || taken !== tail) return "nothing";
    if (ending === "dead") throw this.died();
    // Messages that others have taken may have to be delivered again, so that nobody ends before them.
    return head === tail ? "end" : "nothing";
  }

  /** The next message that nobody has taken. */
  #takeNext(): Found | undefined {
    const { words, id } = this.object.participant;
    const taken = this.#taken;
    const end = this.#end;
    let position = taken;
    let looked: number | undefined;
    while (position !== end) {
      const available = between(position, end);
      const record = this.ground.wordAt(position);
      let header = words[record] as number;
      if (header >= 0) {
        const state = Atomics.load(words, record + 1);
        header = words[record] as number; // a producer may shorten it until it commits
        if (header < 0) throw this.damaged(`the record at ${position >>> 0} became padding`);
        const size = this.sizeOf(header, position, available);
        if (state === COMMITTED) {
          this.#change(words, record + 1, state, TAKEN | id);
          this.#moveTaken(words, (position + size) | 0);
          return this.found(position, header, position, false);
        }
        if (isTaken(state)) {
          // Its taker was killed before it moved the end of what is taken: the lock is free.
          if (this.isLivingId(state & ~TAKEN)) throw this.damaged("a message behind the end of those taken is taken");
          const found = this.#redeliver(words, position, record, state, header);
          this.#moveTaken(words, (position + size) | 0);
          if (found !== undefined) return found;
        } else if (state !== ABANDONED && state !== DONE) {
          if (this.isLivingId(state)) break;
          if (looked === position) throw this.damaged("the record of a dead writer changes");
          looked = position;
          this.abandon(words, record + 1, state);
          continue; // it may have committed before it died
        }
        position = (position + size) | 0;
      } else position = (position + this.sizeOf(header, position, available)) | 0;
    }
    if (position !== taken) this.#moveTaken(words, position);
    return undefined;
  }

  /** A message whose consumer was killed, among the first `most` of those taken. */
  #takeFromDead(head: number, taken: number, most: number): Found | undefined {
    const { words } = this.object.participant;
    let position = head;
    for (let count = 0; position !== taken && count < most; count++) {
      const record = this.ground.wordAt(position);
      const header = words[record] as number; // nobody changes it once the message is committed
      const size = this.sizeOf(header, position, between(position, taken));
      const state = Atomics.load(words, record + 1);
      if (header >= 0 && isTaken(state) && !this.isLivingId(state & ~TAKEN)) {
        const found = this.#redeliver(words, position, record, state, header);
        if (found !== undefined) return found;
      }
      position = (position + size) | 0;
    }
    return undefined;
  }

  /** Takes a dead consumer's message, or drops it: undefined, as for one that it finished after the look at its state. */
  #redeliver(words: Int32Array, position: number, record: number, state: number, length: number): Found | undefined {
    const { base, participant } = this.object;
    const to = this.#redelivers ? TAKEN | participant.id : DONE;
    const before = Atomics.compareExchange(words, record + 1, state, to);
    if (before === DONE) return undefined;
    if (before !== state) throw this.#changed();
    Atomics.add(words, base + (this.#redelivers ? Ring.Redelivered : Ring.Dropped), 1);
    return this.#redelivers ? this.found(position, length, position, true) : undefined;
  }

  #moveTaken(words: Int32Array, position: number): void {
    Atomics.store(words, this.object.base + Ring.Taken, position);
  }

  #done(position: number): void {
    const { words, id } = this.object.participant;
    this.#isDue = true;
    this.#change(words, this.ground.wordAt(position) + 1, TAKEN | id, DONE);
  }

  #change(words: Int32Array, word: number, from: number, to: number): void {
    if (Atomics.compareExchange(words, word, from, to) !== from) throw this.#changed();
  }

  #changed(): Error {
    return this.damaged("another participant changed the record meanwhile");
  }

  /**
   * Moves the head, if what it is at is done. If not, the consumer that has taken it does so: it marks it as done, then
   * comes here.
   */
  #advanceIfDone(): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    const { words } = this.object.participant;
    const record = this.ground.wordAt(this.load(Ring.Head) & ~7);
    if (Atomics.load(words, record) >= 0 && !isPassable(Atomics.load(words, record + 1))) return;
    // If another keeps the lock, it sees the mark, and moves the head in this consumer's place.
    if (!lockShortly(this.object, this.#lock, true, "release")) return;
    try {
      this.#advance();
    } finally {
      this.#unlock();
    }
  }

  /** Damage that the release of the lock meets must not lose a message that was taken: the next step meets it, too. */
  #unlockAfter(found: Found | undefined): boolean {
    try {
      return this.#unlock();
    } catch (error) {
      if (found !== "message") throw error;
      return false;
    }
  }

  /**
   * Frees the lock. Those that found it taken may have released messages, so the head is moved for them.
   *
   * @returns whether it was: this consumer looked before, and nobody rings it for what it does itself
   */
  #unlock(): boolean {
    for (let tries = 0; tries < MOST_ROUNDS; tries++) {
      if (!this.#free()) return tries > 0;
      if (!lockShortly(this.object, this.#lock, true, "release")) return tries > 0;
      try {
        this.#advance();
      } catch (error) {
        this.#free();
        throw error;
      }
    }
    this.#free();
    return true;
  }

  /** Frees the lock, and wakes those that found it taken: then true. */
  #free(): boolean {
    if (!unlockShortly(this.object, this.#lock)) return false;
    this.object.participant.waits.ring(this.object.readersMask);
    return true;
  }

  /**
   * Moves the head over all that is done, and reads all positions: but for the tail by plain loads, which the lock orders. A
   * consumer that finishes the message at the head looks at the head after that,
   * and this looks at the message after it has stored the head: one of the two sees the other.
   */
  #advance(): number {
    const { participant, base, writersMask, readersMask } = this.object;
    const { words } = participant;
    const before = this.ground.peek(Ring.Head);
    if (before === undefined) throw this.damaged("its head is not a position");
    const used = this.distance(before, Ring.Tail, this.object.capacity);
    const taken = (before + this.distance(before, Ring.Taken, used, true)) | 0;
    this.#taken = taken;
    this.#end = (before + used) | 0;
    this.#isDue = false;
    let head = before;
    for (let stored = head; ; stored = head) {
      head = this.#passed(words, stored, taken);
      if (head === stored) break;
      Atomics.store(words, base + Ring.Head, head);
    }
    if (head === before) return head;
    participant.waits.ring(writersMask);
    if (this.load(Ring.Closed) !== 0 && head === this.load(Ring.Tail)) participant.waits.ring(readersMask);
    return head;
  }

  /** The first position from `head` whose record is not done. */
  #passed(words: Int32Array, head: number, taken: number): number {
    let position = head;
    while (position !== taken) {
      const record = this.ground.wordAt(position);
      const header = words[record] as number; // as above
      const state = Atomics.load(words, record + 1);
      if (header >= 0 && !isPassable(state)) break;
      position = (position + this.sizeOf(header, position, between(position, taken))) | 0;
    }
    return position;
  }
}

const isPassable = (state: number): boolean => state === DONE || state === ABANDONED;

/** TAKEN and an id; not one of the states, which are negative. */
const isTaken = (state: number): boolean => state >= TAKEN;
