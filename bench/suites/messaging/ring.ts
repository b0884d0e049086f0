// A ring of messages in a segment, from one writer to one reader, each in a process of its own. Messages pass without a
// system call and without a copy: the writer fills a message in its slot, and the reader reads it there. This file
// depends on nothing else of the bench.
//
// Why it is fast: each counter is stored by one side only, and has a cache line of its own. A side loads the other
// side's counter only if the value that it saw last does not suffice. One store of a counter may publish many messages.
// Why it is right: Atomics.store stores a counter after the bytes of its messages, and no processor and no compiler
// reorders the two. Atomics.notify never wakes another process. So a side that does not
// spin marks itself as asleep, and the other side is told to wake it (ringport.ts does so by a byte on a socket).

/** Bytes of a cache line on x86-64 and most arm64 machines. */
const LINE = 64;

/** Word indices of the counters and of the marks of a sleeping side. Each has a cache line of its own. */
const Place = { tail: 0, head: LINE / 4, readerSleeps: (2 * LINE) / 4, writerSleeps: (3 * LINE) / 4 } as const;

const HEADER = 4 * LINE;

/** Bytes of a slot: whole cache lines, so that no two messages share one. */
const roomOf = (messageBytes: number): number => Math.ceil(messageBytes / LINE) * LINE;

/** Bytes of a ring. `slots` is a power of two. */
export const ringBytes = (messageBytes: number, slots: number): number => HEADER + slots * roomOf(messageBytes);

/** Empties a ring. Neither side may be using it. */
export function clearRing(bytes: Uint8Array): void {
  bytes.fill(0, 0, HEADER);
}

/** What both sides have in common. */
class Side {
  /** The whole ring. A message begins at the word that `claim` or `next` returns. */
  readonly words: Int32Array;
  protected readonly slots: number;
  readonly #room: number;

  /**
   * @param bytes of an attachment, from an offset that is a multiple of 64; as many as {@link ringBytes} says
   * @throws {RangeError} they are too few, or unaligned, or `slots` is not a power of two
   */
  constructor(bytes: Uint8Array, messageBytes: number, slots: number) {
    if (slots < 1 || (slots & (slots - 1)) !== 0) throw new RangeError(`${slots} slots: not a power of two`);
    const needed = ringBytes(messageBytes, slots);
    if (bytes.byteOffset % LINE !== 0 || bytes.length < needed)
      throw new RangeError(`a ring needs ${needed} bytes at a multiple of ${LINE}; there are ${bytes.length}`);
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, needed / 4);
    this.slots = slots;
    this.#room = roomOf(messageBytes) / 4;
  }

  /** The word at which the message of that number begins. Numbers may wrap at 2^32, as `slots` is a power of two. */
  protected at(number: number): number {
    return HEADER / 4 + (number & (this.slots - 1)) * this.#room;
  }

  /** Messages between the counters. Another process writes one of them, so that impossible values are an error. */
  protected between(tail: number, head: number): number {
    const count = (tail - head) | 0;
    if (count < 0 || count > this.slots) throw new Error(`the ring's counters are ${tail} and ${head}`);
    return count;
  }

  /** Marks this side as asleep, unless what it waits for has come meanwhile. */
  protected sleep(mark: number, hasCome: () => boolean): boolean {
    Atomics.store(this.words, mark, 1);
    if (!hasCome()) return true;
    Atomics.store(this.words, mark, 0); // the other side may have seen the mark: a superfluous wake-up does no harm
    return false;
  }

  /** Whether the other side sleeps and must be woken. True once for each sleep. */
  protected wakes(mark: number): boolean {
    return Atomics.load(this.words, mark) !== 0 && Atomics.exchange(this.words, mark, 0) !== 0;
  }
}

export class RingWriter extends Side {
  #tail = 0;
  #published = 0;
  #seenHead = 0;

  /** The word at which to fill the next message; -1 if the reader must release one first. */
  claim(): number {
    if (((this.#tail - this.#seenHead) | 0) === this.slots) {
      const head = Atomics.load(this.words, Place.head);
      if (this.between(this.#tail, head) === this.slots) return -1;
      this.#seenHead = head;
    }
    return this.at(this.#tail);
  }

  /** Says that the claimed message is filled. The reader sees it after the next {@link publish}. */
  push(): void {
    this.#tail = (this.#tail + 1) | 0;
  }

  /** Messages that are pushed and not yet published. */
  get unpublished(): number {
    return (this.#tail - this.#published) | 0;
  }

  /** Shows the reader all pushed messages. Returns whether the reader sleeps and must be woken. */
  publish(): boolean {
    if (this.#published === this.#tail) return false;
    this.#published = this.#tail;
    Atomics.store(this.words, Place.tail, this.#tail);
    return this.wakes(Place.readerSleeps);
  }

  /** Marks the writer as asleep until there is room. False if there is room already. */
  sleeps(): boolean {
    return this.sleep(Place.writerSleeps, () => this.claim() >= 0);
  }
}

export class RingReader extends Side {
  #head = 0;
  #released = 0;
  #seenTail = 0;

  /** The word at which the next message begins; -1 if there is none. The slot is the reader's until {@link release}. */
  next(): number {
    if (this.#head === this.#seenTail) {
      const tail = Atomics.load(this.words, Place.tail);
      if (this.between(tail, this.#head) === 0) return -1;
      this.#seenTail = tail;
    }
    return this.at(this.#head);
  }

  /**
   * Says that the message is read. The writer gets slots back when half of the ring is released. Returns whether the
   * writer sleeps and must be woken.
   */
  release(): boolean {
    this.#head = (this.#head + 1) | 0;
    return ((this.#head - this.#released) | 0) * 2 >= this.slots && this.giveBack();
  }

  /** Gives all released slots back to the writer. Returns whether the writer sleeps and must be woken. */
  giveBack(): boolean {
    if (this.#released === this.#head) return false;
    this.#released = this.#head;
    Atomics.store(this.words, Place.head, this.#head);
    return this.wakes(Place.writerSleeps);
  }

  /** Marks the reader as asleep until a message comes. False if one is there already. */
  sleeps(): boolean {
    return this.sleep(Place.readerSleeps, () => this.next() >= 0);
  }
}
