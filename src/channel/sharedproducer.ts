// One of several producers of a ring.
import { lockShortly, unlockShortly } from "../sync/shortlock.js";
import { Claim } from "./claim.js";
import { ABANDONED, between, COMMITTED, PADDING, Ring, recordBytes } from "./layout.js";
import { closedError, QueueProducer } from "./producers.js";

/**
 * One of several producers. Under their lock it only takes the room; it fills and commits outside of it. The state of a
 * claimed record is its producer's id, so that readers skip it if the producer is killed.
 */
export class SharedProducer extends QueueProducer {
  /** Each claim knows its place in it: a Set would take 50 ns a message. */
  readonly #open: Claim[] = [];
  #isUnseen = false;
  #wasFull = false;

  claim(length: number, sleeps: boolean): Claim | undefined {
    const position = this.#place(length, sleeps);
    if (position === undefined) return undefined;
    const claim = new Claim(this, this.ground, position, length);
    claim.place = this.#open.push(claim) - 1;
    return claim;
  }

  commit(claim: Claim, length: number): void {
    this.#forget(claim);
    if (length !== claim.length) this.#shorten(claim, length);
    this.#commit(claim.position);
  }

  abandon(claim: Claim): void {
    this.#forget(claim);
    this.#abandon(claim.position);
  }

  override write(bytes: Uint8Array, length: number, sleeps: boolean): boolean {
    const position = this.#place(length, sleeps);
    if (position === undefined) return false;
    this.fill(bytes, length, position);
    this.#commit(position);
    return true;
  }

  /** The position of a record that is this producer's to fill; undefined if there is no room for it. */
  #place(length: number, sleeps: boolean): number | undefined {
    const { object } = this;
    const { participant } = object;
    const lock = object.base + Ring.Producers;
    let position: number | undefined;
    if (sleeps || !this.#wasFull || !this.#isFull(length)) {
      if (!lockShortly(object, lock, sleeps, "claim")) return undefined;
      try {
        position = this.#take(participant.words, length);
      } finally {
        if (unlockShortly(object, lock)) participant.waits.ring(object.writersMask);
      }
    }
    this.#wasFull = position === undefined;
    if (position === undefined) {
      this.publish();
      return this.checkReaders();
    }
    // A close before the tail was stored: readers may have ended already. After it they wait for this claim.
    if (!this.isClosed) return position;
    this.#abandon(position);
    throw closedError(object, "claim");
  }

  /** Whether a look without the lock shows that there is no room, so that those that poll leave the lock to others. */
  #isFull(length: number): boolean {
    this.checkOpen(this.object.participant.words);
    const { capacity } = this.object;
    const tail = this.position(Ring.Tail, true);
    const used = between(this.position(Ring.Head, true), tail);
    return used <= capacity && used + this.sizeAt(tail, recordBytes(length)) > capacity;
  }

  #commit(position: number): void {
    this.#settle(position, COMMITTED, "commit");
    if (this.isManual) this.#isUnseen = true;
    else this.#ring();
  }

  #abandon(position: number): void {
    this.#settle(position, ABANDONED, "abandon");
    Atomics.add(this.object.participant.words, this.object.base + Ring.Abandoned, 1);
    this.#ring();
  }

  publish(): void {
    if (!this.#isUnseen) return;
    this.#isUnseen = false;
    this.#ring();
  }

  protected abandonAll(): (() => void)[] {
    return this.#open.map((claim) => () => claim.abandon());
  }

  #forget({ place }: Claim): void {
    const last = this.#open.pop() as Claim;
    if (last.place === place) return;
    this.#open[place] = last;
    last.place = place;
  }

  /**
   * All that is stored here is seen only once the tail is: a producer that is killed before has claimed nothing. The loads
   * are plain: the lock orders that of the tail, and no store into the room that the head shows can pass the branch on it.
   */
  #take(words: Int32Array, length: number): number | undefined {
    const { object, ground } = this;
    const tail = this.position(Ring.Tail, true);
    const used = between(this.position(Ring.Head, true), tail);
    if (used > object.capacity) throw object.damaged("claim", `${used} bytes are in use, of ${object.capacity}`);
    this.checkOpen(words);
    const need = recordBytes(length);
    if (used + this.sizeAt(tail, need) > object.capacity) return undefined;
    const position = this.pad(words, tail, need);
    const record = ground.wordAt(position);
    words[record] = length;
    words[record + 1] = object.participant.id;
    Atomics.store(words, object.base + Ring.Tail, (position + need) | 0);
    return position;
  }

  /** The bytes that are left over become padding, before the length is stored that makes them so. */
  #shorten(claim: Claim, length: number): void {
    const { words } = this.object.participant;
    const [need, had] = [recordBytes(length), recordBytes(claim.length)];
    const record = this.ground.wordAt(claim.position);
    if (need < had) words[record + need / 4] = (had - need) | PADDING;
    Atomics.store(words, record, length);
  }

  #settle(position: number, state: number, operation: string): void {
    const { words, id } = this.object.participant;
    const word = this.ground.wordAt(position) + 1;
    if (Atomics.compareExchange(words, word, id, state) !== id)
      throw this.object.damaged(operation, "another participant changed the record meanwhile");
  }

  #ring(): void {
    this.object.participant.waits.ring(this.object.readersMask);
  }
}
