// A segment between a sandbox and its guest's process, which no other process can find: it is removed as soon as the sandbox has
// attached it. Messages to the guest go through a ring in it, answers to blocking calls through a single place.
//
//   word 0  bytes that the sandbox has put into the ring, modulo 2^32; the guest's process sleeps at it
//   word 1  bytes that the guest's process has taken out of it
//   word 2  answers, counted; a thread that waits for a blocking call sleeps at it
//   word 3  answers that were taken: the next may take the place of the last
//   4096    the ring: messages, each behind its length
//   528384  the length of an answer, then its bytes
//
// Either side counts for itself, and copies a message before it looks at it: the other may change all of these bytes.
import { Buffer } from "node:buffer";
import { systemError } from "../../common/errors.js";
import type { Host, Mapping } from "../../host/host.js";
import type { ProcessCalls } from "../../host/process.js";
import { processCallsOf } from "../../node.js";
import { MOST_BYTES } from "./wire.js";

const Word = { Put: 0, Taken: 1, Answers: 2, Heard: 3 } as const;
const RING_START = 4096;
/** A power of two, so that counts modulo 2^32 lead to the right byte. */
const RING_BYTES = 512 * 1024;
const ANSWER = RING_START + RING_BYTES;
/** A page of it that is never used takes no memory. */
const SEGMENT_BYTES = ANSWER + 384 * 1024;

/** The kernel's longest sleep is bounded, too: the sleeper looks, and sleeps again. */
const LONG_MS = 60_000;
/** How often to look for what comes without a wake, as it hardly ever has to be waited for. */
const TURN_MS = 1;

/** @throws {ShmError} as {@link Segment.attach} does */
export function mapRing(host: Host, id: number): Mapping {
  const nothing = { into: undefined, reserve: undefined };
  const request = { id, offset: 0, length: SEGMENT_BYTES, access: "read-write", memory: "shared", ...nothing } as const;
  const mapping = host.map(request);
  if (typeof mapping !== "number") return mapping;
  throw systemError(-mapping, host.explain(-mapping, { operation: "map", size: SEGMENT_BYTES, ...request }));
}

class Ring {
  readonly #calls: ProcessCalls;
  protected readonly words: Int32Array;
  protected readonly bytes: Buffer;

  constructor(host: Host, { memory, byteOffset }: Mapping) {
    this.#calls = processCallsOf(host) as ProcessCalls;
    this.words = new Int32Array(memory.buffer, byteOffset, 4);
    this.bytes = Buffer.from(memory.buffer as ArrayBuffer, byteOffset, SEGMENT_BYTES);
  }

  /** Sleeps while the word has the value. */
  protected wait(word: number, value: number, milliseconds: number): void {
    if (Atomics.load(this.words, word) === value) this.#calls.waitWord(this.words, word, value, milliseconds);
  }

  protected set(word: number, value: number): void {
    Atomics.store(this.words, word, value);
    this.#calls.wakeWord(this.words, word);
  }

  /** Copies between `bytes` and the ring, from its byte `start` on, in two pieces if they pass its end. */
  protected copy(bytes: Buffer, start: number, direction: "in" | "out"): void {
    const place = (start >>> 0) % RING_BYTES;
    const first = Math.min(bytes.length, RING_BYTES - place);
    for (const [from, to, at] of [
      [0, first, RING_START + place],
      [first, bytes.length, RING_START],
    ] as const)
      if (direction === "in") bytes.copy(this.bytes, at, from, to);
      else this.bytes.copy(bytes, from, at, at + to - from);
  }
}

/** The sandbox's side. */
export class HostRing extends Ring {
  /** A ring in a segment that is removed already: it ends with its last attachment, also if this process is killed. */
  static make(host: Host): { ring: HostRing; id: number } {
    const flags = 0o600;
    const id = host.get(0, SEGMENT_BYTES, flags);
    if (id < 0) throw systemError(-id, host.explain(-id, { operation: "get", key: 0, size: SEGMENT_BYTES, flags }));
    try {
      return { ring: new HostRing(host, mapRing(host, id)), id };
    } finally {
      host.remove(id);
    }
  }

  readonly #unmap: () => number;
  readonly #waiting: Buffer[] = [];
  #put = 0;
  #heard = 0;
  #isClosed = false;
  #isUnmapped = false;

  constructor(host: Host, mapping: Mapping) {
    super(host, mapping);
    this.#unmap = () => host.unmap(mapping);
  }

  /** Sends the message; if the ring is full, as soon as there is room. Nothing once it is closed. */
  send(message: Buffer): void {
    if (this.#isClosed) return;
    const frame = Buffer.allocUnsafe(4 + message.length);
    frame.writeUInt32LE(message.length);
    message.copy(frame, 4);
    this.#waiting.push(frame);
    this.#flush();
    if (this.#waiting.length > 0) this.#again();
  }

  /** An answer to a blocking call; undefined if there is none within the time. @throws {RangeError} it is too long */
  answer(milliseconds: number): Buffer | undefined {
    this.#flush();
    this.wait(Word.Answers, this.#heard, this.#waiting.length > 0 ? TURN_MS : milliseconds);
    if (Atomics.load(this.words, Word.Answers) === this.#heard) return undefined;
    const length = this.bytes.readUInt32LE(ANSWER);
    if (length > MOST_BYTES) throw new RangeError(`it sent an answer of ${length} bytes`);
    const answer = Buffer.from(this.bytes.subarray(ANSWER + 4, ANSWER + 4 + length));
    this.#heard = (this.#heard + 1) | 0;
    Atomics.store(this.words, Word.Heard, this.#heard);
    return answer;
  }

  /** Detaches it. May be called twice; if the system refused, the next call tries again. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#isUnmapped ||= this.#unmap() === 0;
  }

  #again(): void {
    setTimeout(() => {
      this.#flush();
      if (this.#waiting.length > 0) this.#again();
    }, TURN_MS).unref();
  }

  #flush(): void {
    for (let next = this.#waiting[0]; next && !this.#isClosed; next = this.#waiting[0]) {
      const used = (this.#put - Atomics.load(this.words, Word.Taken)) >>> 0;
      if (used + next.length > RING_BYTES) return;
      this.copy(next, this.#put, "in");
      this.#put = (this.#put + next.length) | 0;
      this.set(Word.Put, this.#put);
      this.#waiting.shift();
    }
  }
}

/** The guest's side. */
export class GuestRing extends Ring {
  #taken = 0;
  #answers = 0;

  receive(): Buffer {
    while (Atomics.load(this.words, Word.Put) === this.#taken) this.wait(Word.Put, this.#taken, LONG_MS);
    const length = this.#take(4).readUInt32LE();
    const message = this.#take(length);
    Atomics.store(this.words, Word.Taken, this.#taken);
    return message;
  }

  answer(message: Buffer): void {
    for (;;) {
      const heard = Atomics.load(this.words, Word.Heard);
      if (heard === this.#answers) break;
      this.wait(Word.Heard, heard, TURN_MS);
    }
    this.bytes.writeUInt32LE(message.length, ANSWER);
    message.copy(this.bytes, ANSWER + 4);
    this.#answers = (this.#answers + 1) | 0;
    this.set(Word.Answers, this.#answers);
  }

  #take(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    this.copy(bytes, this.#taken, "out");
    this.#taken = (this.#taken + length) | 0;
    return bytes;
  }
}
