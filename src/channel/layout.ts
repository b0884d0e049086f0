// The bytes of channels: docs/protocol.md has the table. A channel is eleven lines of 64 bytes for its state, two tables of
// who is at which end, and a ring of records.
import type { Participant } from "../sync/participant.js";

/** Words of a channel or a topic, counted from its first. Each group that one side writes has a line of its own. */
export const Ring = Object.freeze({
  /** End of what is published: bytes modulo 2^32. */
  Tail: 16,
  /** The one writer's id, if there is only one. */
  Writer: 17,
  /** Not 0: nothing more is accepted. */
  Closed: 18,
  /** Start of what is not given back: bytes modulo 2^32. */
  Head: 32,
  /** The one reader's id, if there is only one. */
  Reader: 33,
  /** Of the answers to a client: not 0 while it waits for some. */
  Listens: 34,
  /** Masks of sleepers. */
  Readers: 48,
  Writers: 64,
  /** The lock under which producers move the tail, if there are several. */
  Producers: 80,
  /** The lock under which consumers move `Taken` and the head, if there are several. */
  Consumers: 96,
  /** End of what consumers have taken: bytes modulo 2^32. */
  Taken: 97,
  /** Claims of dead or unwilling producers that were skipped. */
  Abandoned: 98,
  /** Messages that were delivered again because their consumer died. */
  Redelivered: 99,
  /** Messages that were dropped because their consumer died. */
  Dropped: 100,
  /** Who writes and who reads, if several may: an id for each slot. */
  WriterTable: 112,
  ReaderTable: 176,
  Records: 240,
} as const);

/** Bytes before the records. */
export const STATE_BYTES = 4 * Ring.Records;

/** A record: its length, its state, and its payload, rounded up to 8 bytes. */
export const RECORD_HEADER = 8;
/** Bit 31 of a length: no message, but bytes to skip, with these two words. */
export const PADDING = -0x80000000;

/** States of a record with several producers. An id, 30 bits, is a claim; TAKEN and an id is a message that is being read. */
export const COMMITTED = -0x80000000;
export const ABANDONED = -0x40000000;
export const DONE = -0x60000000;
export const TAKEN = 0x40000000;

export const LEAST_CAPACITY = 64;
export const MOST_CAPACITY = 2 ** 30;

/** A record is at most half of the ring, so that one fits behind the padding at the end, whatever the position. */
export const mostMessage = (capacity: number): number => capacity / 2 - RECORD_HEADER;

/** Bytes of a record whose payload has `length` bytes, at most 2^30. */
export const recordBytes = (length: number): number => (length + RECORD_HEADER + 7) & ~7;

export const ringBytes = (capacity: number): number => STATE_BYTES + capacity;

/** Bytes from one position to another, modulo 2^32. */
export const between = (from: number, to: number): number => (to - from) >>> 0;

/** The view of a ring that one end has: where it is, and its bytes. */
export class Ground {
  readonly participant: Participant;
  /** The ring's first word. */
  readonly base: number;
  readonly capacity: number;
  readonly mask: number;
  /** The first word of the records. */
  readonly records: number;

  /** @param records first word of the records, counted from `base` */
  constructor(participant: Participant, base: number, capacity: number, records: number) {
    this.participant = participant;
    this.base = base;
    this.capacity = capacity;
    this.mask = capacity - 1;
    this.records = base + records;
  }

  /** A position that a peer stored; undefined if it cannot be one. */
  load(word: number): number | undefined {
    const position = Atomics.load(this.participant.words, this.base + word);
    return (position & 7) === 0 ? position : undefined;
  }

  /** The same by a plain load. Its caller says what orders that; it takes 1 ns, and a call of Atomics 7 (Node 20, x86-64). */
  peek(word: number): number | undefined {
    const position = this.participant.words[this.base + word] as number;
    return (position & 7) === 0 ? position : undefined;
  }

  /** The first word of the record at a position. */
  wordAt(position: number): number {
    return this.records + ((position & this.mask) >>> 2);
  }

  /** Bytes from the window's start to the payload of the record at a position. */
  payloadAt(position: number): number {
    return 4 * this.records + (position & this.mask) + RECORD_HEADER;
  }

  /**
   * Bytes of the record at a position, or of the padding there.
   *
   * @param header its first word, which was read once
   * @param available bytes that are published from here
   * @returns 0 if no record can be so long
   */
  sizeOf(header: number, position: number, available: number): number {
    const most = Math.min(available, this.capacity - (position & this.mask));
    const length = header & ~PADDING;
    if (header < 0) return length < RECORD_HEADER || length > most || (length & 7) !== 0 ? 0 : length;
    return length > most - RECORD_HEADER ? 0 : recordBytes(length);
  }
}
