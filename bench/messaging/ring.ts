// A ring of messages in a segment, from one writer to one reader, each in a process of its own. Two processes hand bytes
// over by it without a system call and without a copy: a message is filled where it lies, and read there. Nothing in it
// is the bench's: it can be copied as it is.
//
// What makes it fast: each counter is stored by one side only, on a cache line of its own; each side looks at the other's
// counter only where what it saw last no longer suffices; and a counter may be stored once for many messages. What makes it
// right: a counter is stored after the bytes that it speaks for, by Atomics.store, which no processor and no compiler
// moves ahead of them. Atomics.wait does not take plain memory, and never wakes another process: who must not spin says
// that it sleeps, and is told when it must be woken, by whatever means (bench/messaging/ringport.ts: a byte on a socket).

/** Bytes of the caches' lines on x86-64 and most arm64. */
const LINE = 64;

/** Places of the counters and of the sleepers' marks, in words: each has its line. */
const Place = { tail: 0, head: LINE / 4, readerSleeps: (2 * LINE) / 4, writerSleeps: (3 * LINE) / 4 } as const;

const HEADER = 4 * LINE;

/** A message's room: whole lines, so that no two messages share one. */
const roomOf = (messageBytes: number): number => Math.ceil(messageBytes / LINE) * LINE;

/** Bytes of a ring; `slots` is a power of two. */
export const ringBytes = (messageBytes: number, slots: number): number => HEADER + slots * roomOf(messageBytes);

/** Empties a ring. Nobody may be using it. */
export function clearRing(bytes: Uint8Array): void {
  bytes.fill(0, 0, HEADER);
}

/** What both sides know of a ring. */
class Side {
  /** All of the ring; a message begins at the word that `claim` or `next` says. */
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

  /** Where the message of that number lies. Numbers wrap at 2^32; the slots are a power of two, so they may. */
  protected at(number: number): number {
    return HEADER / 4 + (number & (this.slots - 1)) * this.#room;
  }

  /** The other side writes these counters, whoever it is: what cannot be is not believed. */
  protected between(tail: number, head: number): number {
    const count = (tail - head) | 0;
    if (count < 0 || count > this.slots) throw new Error(`the ring's counters are ${tail} and ${head}`);
    return count;
  }

  /** Marks this side as asleep, unless what it waits for has come by now. */
  protected sleep(mark: number, hasCome: () => boolean): boolean {
    Atomics.store(this.words, mark, 1);
    if (!hasCome()) return true;
    Atomics.store(this.words, mark, 0); // the other side may have seen it: one call too many does no harm
    return false;
  }

  /** Whether the other side sleeps and is to be woken: true once for each sleep. */
  protected wakes(mark: number): boolean {
    return Atomics.load(this.words, mark) !== 0 && Atomics.exchange(this.words, mark, 0) !== 0;
  }
}

export class RingWriter extends Side {
  #tail = 0;
  #published = 0;
  #seenHead = 0;

  /** The word from which on the next message is to be filled, or -1 where the reader must release one first. */
  claim(): number {
    if (((this.#tail - this.#seenHead) | 0) === this.slots) {
      const head = Atomics.load(this.words, Place.head);
      if (this.between(this.#tail, head) === this.slots) return -1;
      this.#seenHead = head;
    }
    return this.at(this.#tail);
  }

  /** The claimed message is filled; the reader sees it from the next {@link publish} on. */
  push(): void {
    this.#tail = (this.#tail + 1) | 0;
  }

  /** Messages that were pushed and are not published. */
  get unpublished(): number {
    return (this.#tail - this.#published) | 0;
  }

  /** Shows the reader all that was pushed. True: it sleeps, and is to be woken. */
  publish(): boolean {
    if (this.#published === this.#tail) return false;
    this.#published = this.#tail;
    Atomics.store(this.words, Place.tail, this.#tail);
    return this.wakes(Place.readerSleeps);
  }

  /** Before a sleep until there is room: false where there is some already. */
  sleeps(): boolean {
    return this.sleep(Place.writerSleeps, () => this.claim() >= 0);
  }
}

export class RingReader extends Side {
  #head = 0;
  #released = 0;
  #seenTail = 0;

  /** The word from which on the next message lies, or -1 where there is none. It is the reader's until {@link release}. */
  next(): number {
    if (this.#head === this.#seenTail) {
      const tail = Atomics.load(this.words, Place.tail);
      if (this.between(tail, this.#head) === 0) return -1;
      this.#seenTail = tail;
    }
    return this.at(this.#head);
  }

  /** The message is read. The writer gets its room back in halves of the ring. True: it sleeps, and is to be woken. */
  release(): boolean {
    this.#head = (this.#head + 1) | 0;
    return ((this.#head - this.#released) | 0) * 2 >= this.slots && this.giveBack();
  }

  /** Gives the writer the room of all that was released. True: it sleeps, and is to be woken. */
  giveBack(): boolean {
    if (this.#released === this.#head) return false;
    this.#released = this.#head;
    Atomics.store(this.words, Place.head, this.#head);
    return this.wakes(Place.writerSleeps);
  }

  /** Before a sleep until a message comes: false where one is there already. */
  sleeps(): boolean {
    return this.sleep(Place.readerSleeps, () => this.next() >= 0);
  }
}
