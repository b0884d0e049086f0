// The messages of a channel or a topic, looked at without taking them. Every word may be hostile.
import {
  ABANDONED,
  between,
  COMMITTED,
  DONE,
  PADDING,
  RECORD_HEADER,
  Ring,
  recordBytes,
} from "../../channel/layout.js";
import { isCapacity } from "../../channel/options.js";
import { TopicWord } from "../../channel/subscriptions.js";
import { Word } from "../../sync/layout.js";
import type { FoundObject } from "./objects.js";

export interface SeenMessage {
  /** Where it begins: bytes modulo 2^32. */
  readonly position: number;
  readonly bytes: Uint8Array;
  /** `claimed`, `read`, or empty for one that waits to be read. */
  readonly state: string;
}

export interface Depth {
  /** Bytes in use, and the most. */
  readonly used: number;
  readonly capacity: number;
  /** Messages in these bytes. */
  readonly messages: number;
  /** End of what was published: bytes modulo 2^32. */
  readonly tail: number;
  readonly closed: boolean;
}

const modes = ["spsc", "mpsc", "mpmc"];
const policies = ["block", "overwrite", "drop"];

/** More records than this are not looked through at a time. */
const MOST_RECORDS = 2 ** 17;

export class SeenRing {
  readonly name: string;
  readonly offset: number;
  readonly capacity: number;
  /** `mpsc`; of a topic, what a slow subscriber does. */
  readonly mode: string;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #base: number;
  readonly #records: number;

  constructor(words: Int32Array, { name, offset, bytes, capacity = 0 }: FoundObject) {
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    this.#base = offset / 4;
    this.name = name;
    this.offset = offset;
    this.capacity = capacity; // the word may have changed since the object was found
    const kind = (this.#word(Word.Second) & 0xff) - 1;
    this.mode = (name === "topic" ? policies[kind] : modes[kind]) ?? "unknown";
    this.#records = offset + bytes - this.capacity;
  }

  depth(): Depth {
    const tail = this.#word(Ring.Tail);
    const head = this.#head();
    const used = Math.min(between(head, tail), this.capacity);
    let messages = 0;
    for (const { state } of this.#walk(head, tail)) if (state !== "read") messages++;
    return { used, capacity: this.capacity, messages, tail, closed: this.#word(Ring.Closed) !== 0 };
  }

  /** The newest messages that are still there, the oldest of them first, and the position behind them. */
  newest(most: number): { messages: SeenMessage[]; next: number } {
    const next = this.#word(Ring.Tail);
    return { messages: this.read(this.#head(), next).slice(-most), next };
  }

  /**
   * What was published since `position`.
   *
   * @returns its bytes, how many messages, which is undefined if some of them are gone, where those begin that are still there,
   *   and the position from which to ask next
   */
  since(position: number): { bytes: number; messages: number | undefined; from: number; next: number } {
    const next = this.#word(Ring.Tail);
    const bytes = between(position, next);
    // What is read already stays until it is overwritten, by claims of up to half of the ring.
    if (bytes > this.capacity / 2) return { bytes, messages: undefined, from: this.#head(), next };
    return { bytes, messages: [...this.#walk(position, next)].length, from: position, next };
  }

  read(from: number, to: number): SeenMessage[] {
    const messages: SeenMessage[] = [];
    for (const { position, length, state } of this.#walk(from, to)) {
      const start = this.#records + (position & (this.capacity - 1)) + RECORD_HEADER;
      const bytes = Uint8Array.from(this.#bytes.subarray(start, start + length));
      messages.push({ position, bytes, state });
    }
    return messages;
  }

  /** Of a topic the oldest message that is whole; of a channel the oldest that is not given back. */
  #head(): number {
    if (this.name !== "topic") return this.#word(Ring.Head);
    const tail = this.#word(Ring.Tail);
    const oldest = this.#word(TopicWord.Oldest);
    return between(oldest, tail) <= this.capacity ? oldest : tail;
  }

  *#walk(from: number, to: number): Generator<{ position: number; length: number; state: string }> {
    const { capacity } = this;
    if (!isCapacity(capacity) || this.#records < 0) return;
    let position = from;
    let left = between(from, to);
    if (left > capacity || (position & 7) !== 0) return;
    for (let records = 0; left >= RECORD_HEADER && records < MOST_RECORDS; records++) {
      const word = (this.#records + (position & (capacity - 1))) >>> 2;
      const header = Atomics.load(this.#words, word);
      const most = Math.min(left, capacity - (position & (capacity - 1)));
      const size = header < 0 ? header & ~PADDING : recordBytes(header);
      if (size < RECORD_HEADER || size > most || (header >= 0 && header > most - RECORD_HEADER)) return;
      if (header >= 0) {
        const state = this.#stateOf(Atomics.load(this.#words, word + 1));
        if (state !== undefined) yield { position, length: header, state };
      }
      position = (position + size) | 0;
      left -= size;
    }
  }

  /** Undefined for an abandoned claim. Only channels for several have states. */
  #stateOf(state: number): string | undefined {
    if (this.name === "topic" || this.mode === "spsc" || state === COMMITTED) return "";
    if (state === ABANDONED) return undefined;
    return state === DONE ? "read" : (state & 0x40000000) !== 0 ? "being read" : "claimed";
  }

  #word(index: number): number {
    return Atomics.load(this.#words, this.#base + index);
  }
}
