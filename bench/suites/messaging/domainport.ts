// Messages by the package's own channels: a channel of a domain in each direction, from one writer to one reader.
import type { Attachment, Channel, Domain, Message, Reader, Writer } from "wasm-shm";
import { KiB, MiB } from "../../harness/size.js";
import type { Payload } from "./message.js";
import type { Port, SpinningPort } from "./port.js";

/** Messages for each store of the tail. */
export const BATCH = 16;

/** Polls, some 100 µs, until this side naps: if the other one has no core, it may have this one. */
const LOOKS = 1 << 12;
const NAP_MS = 0.01;

/** Nothing ever changes this word. A wait for it ends by its time limit. */
const nap = new Int32Array(new SharedArrayBuffer(4));

const SLOTS = 4;

/** Bytes for messages in one direction, by the size of a message; and what the words before them take at most. */
const capacities: readonly (readonly [bytes: number, capacity: number])[] = [
  [64, 64 * KiB],
  [4 * KiB, 512 * KiB],
  [MiB, 8 * MiB],
];
const STATE = 4 * KiB;

/** The domain, and for each size two channels and two C rings. */
export const channelBytes = 2 * KiB + capacities.reduce((sum, [, capacity]) => sum + 4 * (STATE + capacity), 0);

/** Bytes from the window's start. */
export interface Places {
  readonly domain: number;
  readonly capacity: number;
  readonly out: number;
  readonly in: number;
  readonly ringOut: number;
  readonly ringIn: number;
}

/** @param start of the domain, a multiple of 64 */
export function channelPlaces(start: number, bytes: number, sends: boolean): Places {
  let at = start + 2 * KiB;
  for (const [most, capacity] of capacities) {
    const step = STATE + capacity;
    const [first, second] = sends ? [at, at + step] : [at + step, at];
    if (bytes <= most)
      return { domain: start, capacity, out: first, in: second, ringOut: first + 2 * step, ringIn: second + 2 * step };
    at += 4 * step;
  }
  throw new Error(`no channel has room for messages of ${bytes} bytes`);
}

const domains = new WeakMap<Attachment, Domain>();

function channelAt(attachment: Attachment, { domain: offset, capacity }: Places, place: number): Channel {
  const domain = domains.get(attachment) ?? attachment.join({ offset, slots: SLOTS });
  domains.set(attachment, domain);
  return domain.channel(place, { capacity });
}

const wordsOf = ({ memory, byteOffset, byteLength }: Attachment): Int32Array =>
  new Int32Array(memory.buffer, byteOffset, byteLength / 4);

/** Messages that are copied into the channel, and read in place. */
abstract class Ends {
  protected readonly payload: Payload;
  protected readonly reader: Reader;
  protected readonly writer: Writer;
  protected readonly words: Int32Array;
  protected readonly own: Int32Array;
  protected readonly bytes: Uint8Array;
  protected sent = 0;
  #received = 0;

  constructor(payload: Payload, attachment: Attachment, places: Places, isManual: boolean) {
    this.payload = payload;
    this.words = wordsOf(attachment);
    this.own = new Int32Array(payload.words);
    this.bytes = new Uint8Array(this.own.buffer);
    this.writer = channelAt(attachment, places, places.out).writer({ publish: isManual ? "manual" : "commit" });
    this.reader = channelAt(attachment, places, places.in).reader({ zeroCopy: true });
  }

  close(): void {
    this.writer.release();
    this.reader.release();
  }

  protected check({ offset, length }: Message): void {
    if (length !== this.payload.bytes) throw new Error(`a message of ${length} bytes came`);
    this.payload.check(this.words, offset / 4, this.#received++);
  }
}

/** Polls for messages and for room, as fast as it can. */
export class EndPort extends Ends implements SpinningPort {
  readonly #kind: "channel" | "batches" | "claims";
  readonly #watch: () => void;

  constructor(
    payload: Payload,
    attachment: Attachment,
    places: Places,
    kind: "channel" | "batches" | "claims",
    watch: () => void,
  ) {
    super(payload, attachment, places, kind === "batches");
    this.#kind = kind;
    this.#watch = watch;
  }

  send(): void {
    if (this.#kind === "claims") this.#sendClaim();
    else this.#sendCopy();
  }

  flush(): void {
    if (this.#kind === "batches") this.writer.publish();
  }

  receive(): void {
    let message = this.reader.tryRead();
    for (let looks = 1; message === undefined; looks++) {
      this.#idle(looks);
      message = this.reader.tryRead();
    }
    this.check(message);
  }

  #sendCopy(): void {
    this.payload.put(this.own, 0, this.sent++);
    for (let looks = 1; !this.writer.tryWrite(this.bytes); looks++) this.#idle(looks);
    if (this.#kind === "batches" && this.sent % BATCH === 0) this.writer.publish();
  }

  #sendClaim(): void {
    let claim = this.writer.tryClaim(this.payload.bytes);
    for (let looks = 1; claim === undefined; looks++) {
      this.#idle(looks);
      claim = this.writer.tryClaim(this.payload.bytes);
    }
    this.payload.put(this.words, claim.offset / 4, this.sent++);
    claim.commit();
  }

  #idle(looks: number): void {
    if (looks % LOOKS !== 0) return;
    this.#watch();
    Atomics.wait(nap, 0, 0, NAP_MS);
  }
}

/** Awaits each message, so that the event loop runs, or sleeps, until it comes. */
export class AwaitedPort extends Ends implements Port {
  readonly #channel: Channel;
  readonly #stop = new AbortController();
  #isReading = false;
  #heard: (() => void) | undefined;
  #failed: (error: unknown) => void = () => {};

  constructor(payload: Payload, attachment: Attachment, places: Places) {
    super(payload, attachment, places, false);
    this.#channel = channelAt(attachment, places, places.out);
  }

  send(): boolean {
    this.payload.put(this.own, 0, this.sent++);
    if (!this.writer.tryWrite(this.bytes)) throw new Error("there is no room for a message");
    return this.#channel.capacity - this.#channel.used >= 2 * (this.payload.bytes + 8); // perhaps behind a padding
  }

  flush(): void {} // each message is shown at once

  async room(): Promise<void> {
    (await this.writer.claim(this.payload.bytes)).abandon();
  }

  listen(heard: () => void, failed: (error: unknown) => void): void {
    this.#heard = heard;
    this.#failed = failed;
    if (!this.#isReading) void this.#read();
    this.#isReading = true;
  }

  /** The read of the next message keeps waiting, as in a program. */
  rest(): void {
    this.#heard = undefined;
  }

  override close(): void {
    this.#stop.abort();
    super.close();
  }

  async #read(): Promise<void> {
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) {
        const message = await this.reader.read({ signal });
        if (message === undefined) throw new Error("the channel was closed");
        this.check(message);
        this.#heard?.();
      }
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }
}
