// A segment of 768 KiB between a sandbox and its guest's process, which no other process can find: it is removed as soon as
// the sandbox has attached it. It has one message to the guest at a time, and one answer to a blocking call.
//
//   word 0  messages to the guest, counted: the guest's process sleeps at it
//   word 1  answers, counted: a thread that waits for a blocking call sleeps at it
//   word 2  messages that the guest's process has taken: the next may take the place of the last
//   64      length of the message to the guest, then its bytes
//   393216  length of the answer, then its bytes
//
// Either side counts for itself, and copies a message before it looks at it: the other may change all of these bytes.
import { Buffer } from "node:buffer";
import { systemError } from "../../common/errors.js";
import type { Host, Mapping } from "../../host/host.js";
import type { ProcessCalls } from "../../host/process.js";
import { processCallsOf } from "../../node.js";
import { MOST_BYTES } from "./wire.js";

const RING_BYTES = 768 * 1024; // a page of it that is never used takes no memory

const Word = { Messages: 0, Answers: 1, Taken: 2 } as const;
const Area = { Message: 64, Answer: 393_216 } as const;

/** The kernel's longest sleep is bounded, too: the sleeper looks, and sleeps again. */
const LONG_MS = 60_000;
/** How often to look whether the guest has taken a message. */
const TURN_MS = 1;

/** @throws {ShmError} as {@link Segment.attach} does */
export function mapRing(host: Host, id: number): Mapping {
  const nothing = { into: undefined, reserve: undefined };
  const request = { id, offset: 0, length: RING_BYTES, access: "read-write", memory: "shared", ...nothing } as const;
  const mapping = host.map(request);
  if (typeof mapping !== "number") return mapping;
  throw systemError(-mapping, host.explain(-mapping, { operation: "map", size: RING_BYTES, ...request }));
}

class Ring {
  readonly #host: Host;
  readonly #mapping: Mapping;
  readonly #calls: ProcessCalls;
  protected readonly words: Int32Array;
  readonly #bytes: Buffer;
  /** Of {@link Word.Messages} and {@link Word.Answers}. */
  protected readonly counts: [number, number] = [0, 0];

  constructor(host: Host, mapping: Mapping) {
    const { memory, byteOffset } = mapping;
    this.#host = host;
    this.#mapping = mapping;
    this.#calls = processCallsOf(host) as ProcessCalls;
    this.words = new Int32Array(memory.buffer, byteOffset, 3);
    this.#bytes = Buffer.from(memory.buffer as ArrayBuffer, byteOffset, RING_BYTES);
  }

  protected put(word: 0 | 1, area: number, message: Buffer): void {
    this.#bytes.writeUInt32LE(message.length, area);
    message.copy(this.#bytes, area + 4);
    this.counts[word] = (this.counts[word] + 1) | 0;
    Atomics.store(this.words, word, this.counts[word]);
    this.#calls.wakeWord(this.words, word);
  }

  /** A copy of the next message; undefined if there is none within the time. */
  protected take(word: 0 | 1, area: number, milliseconds: number): Buffer | undefined {
    const seen = this.counts[word];
    if (Atomics.load(this.words, word) === seen) this.#calls.waitWord(this.words, word, seen, milliseconds);
    if (Atomics.load(this.words, word) === seen) return undefined;
    this.counts[word] = (seen + 1) | 0;
    const length = this.#bytes.readUInt32LE(area);
    if (length > MOST_BYTES) throw new RangeError(`a message has ${length} bytes`);
    return Buffer.from(this.#bytes.subarray(area + 4, area + 4 + length));
  }

  protected unmap(): void {
    this.#host.unmap(this.#mapping);
  }
}

/** The sandbox's side. */
export class HostRing extends Ring {
  /** A ring in a segment that is removed already: it ends with its last attachment, also if this process is killed. */
  static make(host: Host): { ring: HostRing; id: number } {
    const flags = 0o600;
    const id = host.get(0, RING_BYTES, flags);
    if (id < 0) throw systemError(-id, host.explain(-id, { operation: "get", key: 0, size: RING_BYTES, flags }));
    try {
      return { ring: new HostRing(host, mapRing(host, id)), id };
    } finally {
      host.remove(id);
    }
  }

  readonly #waiting: Buffer[] = [];
  #closed = false;

  /** Sends the message once the last one has been taken, for which {@link flush} looks. */
  send(message: Buffer): void {
    if (this.#waiting.length === 0 && this.#isFree) this.put(Word.Messages, Area.Message, message);
    else this.#waiting.push(Buffer.from(message));
  }

  /**
   * Sends what waits. To be called whenever the guest has said something: it does between any two messages that it takes, as
   * it takes one to answer it or to continue a call.
   */
  flush(): void {
    while (this.#isFree) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.put(Word.Messages, Area.Message, next);
    }
  }

  /** An answer to a blocking call. @throws {RangeError} it is too long */
  answer(milliseconds: number): Buffer | undefined {
    this.flush();
    return this.take(Word.Answers, Area.Answer, this.#waiting.length > 0 ? TURN_MS : milliseconds);
  }

  /** Detaches it. May be called twice; nothing else may be called after it. */
  close(): void {
    if (!this.#closed) this.unmap();
    this.#closed = true;
  }

  get #isFree(): boolean {
    return !this.#closed && Atomics.load(this.words, Word.Taken) === this.counts[Word.Messages];
  }
}

/** The guest's side. */
export class GuestRing extends Ring {
  receive(): Buffer {
    for (;;) {
      const message = this.take(Word.Messages, Area.Message, LONG_MS);
      if (!message) continue;
      Atomics.store(this.words, Word.Taken, this.counts[Word.Messages]);
      return message;
    }
  }

  answer(message: Buffer): void {
    this.put(Word.Answers, Area.Answer, message);
  }
}
