// Messages from some participants to others, each delivered once.
import { checkBoolean, checkChoice, checkOptions } from "../common/arguments.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { ObjectKind } from "../sync/layout.js";
import { MAKE, SharedObject } from "../sync/object.js";
import type { Participant } from "../sync/participant.js";
import { type Codec, type CodecOption, checkCodec, type MessageParts } from "./codec.js";
import { type Consumer, SingleConsumer } from "./consumers.js";
import { type End, SharedEnd, SingleEnd, taking } from "./ends.js";
import { between, mostMessage, Ring, ringBytes } from "./layout.js";
import {
  argumentsAt,
  checkCapacity,
  checkFound,
  checkReader,
  checkWriter,
  closeRing,
  DEFAULT_CAPACITY,
  isCapacity,
  type Place,
  type ReaderOptions,
  type WriterOptions,
} from "./options.js";
import { SingleProducer } from "./producers.js";
import { Reader } from "./reader.js";
import { SharedConsumer } from "./sharedconsumer.js";
import { SharedProducer } from "./sharedproducer.js";
import { Writer } from "./writer.js";

/** How many may write and read at a time: single or multiple producers, single or multiple consumers. */
export type ChannelMode = "spsc" | "mpsc" | "mpmc";
const modes: readonly ChannelMode[] = ["spsc", "mpsc", "mpmc"];

export interface ChannelOptions<T = Uint8Array> {
  /** Bytes for messages: a power of two, 64 to 2^30. Default: what it was made with; a new one gets 65536. */
  capacity?: number;
  /** Default: what it was made with; a new one is `"spsc"`. */
  mode?: ChannelMode;
  /**
   * With several readers, what happens with the messages of a reader that was killed: `true`, another gets them (default);
   * `false`, they are dropped, and {@link Channel.dropped} counts them. Default: what it was made with.
   */
  redeliver?: boolean;
  /** What values the messages are made of (default `"bytes"`). It is not stored in the segment: all must say the same. */
  codec?: CodecOption<T>;
}

/** In the second argument of the object: the mode, and whether messages of a dead reader are dropped. */
const MODE_BITS = 0xff;
const DROPS = 0x100;

/** A queue of messages of different lengths. From `domain.channel(offset)`. */
export class Channel<T = Uint8Array> extends SharedObject {
  /** Bytes for messages. */
  readonly capacity: number;
  readonly mode: ChannelMode;
  /** Whether messages of a reader that was killed are delivered again. */
  readonly redeliver: boolean;
  readonly #codec: Codec | undefined;
  readonly #parts: MessageParts | undefined;
  /** @internal */
  readonly records = Ring.Records;
  /** @internal */
  readonly writers: End;
  /** @internal */
  readonly readers: End;

  /** @internal */
  constructor(make: symbol, participant: Participant, place: Place, codec?: Codec, parts?: MessageParts) {
    super(make, participant, "channel", place);
    const { first: capacity, second: flags } = place;
    this.capacity = capacity;
    this.mode = modes[(flags & MODE_BITS) - 1] as ChannelMode;
    this.redeliver = (flags & DROPS) === 0;
    this.#codec = codec;
    this.#parts = parts;
    const { base } = this;
    this.writers =
      this.mode === "spsc"
        ? new SingleEnd(this, base + Ring.Writer, "writer")
        : new SharedEnd(this, base + Ring.WriterTable);
    this.readers =
      this.mode === "mpmc"
        ? new SharedEnd(this, base + Ring.ReaderTable)
        : new SingleEnd(this, base + Ring.Reader, "reader");
  }

  /** @internal */
  get readersMask(): number {
    return this.base + Ring.Readers;
  }

  /** @internal */
  get writersMask(): number {
    return this.base + Ring.Writers;
  }

  /** Bytes of the largest message: half of the capacity, less 8. */
  get largest(): number {
    return mostMessage(this.capacity);
  }

  /** Bytes in use: messages that are not read, or not given back yet, and 8 or more for each. */
  get used(): number {
    return Math.min(between(this.#word(Ring.Head), this.#word(Ring.Tail)), this.capacity);
  }

  /** Whether it was closed: nothing more is accepted. */
  get closed(): boolean {
    return this.#word(Ring.Closed) !== 0;
  }

  /** With several writers, how many claims were abandoned, modulo 2^32: by their writer, or because it was killed. */
  get abandoned(): number {
    return this.#word(Ring.Abandoned) >>> 0;
  }

  /** How many messages were delivered again because their reader was killed, modulo 2^32. */
  get redelivered(): number {
    return this.#word(Ring.Redelivered) >>> 0;
  }

  /** How many messages were dropped because their reader was killed, modulo 2^32. */
  get dropped(): number {
    return this.#word(Ring.Dropped) >>> 0;
  }

  /**
   * The writing end.
   *
   * @throws {ShmError} `ERR_SHM_NOT_OWNER` its mode is `"spsc"`, and there is a living writer;
   *   `ERR_SHM_LAYOUT`; `ERR_SHM_DETACHED`
   */
  writer(options?: WriterOptions): Writer<T> {
    const { isManual, waits } = checkWriter(options, ["publish", "peerDeath"]);
    const Producer = this.mode === "spsc" ? SingleProducer : SharedProducer;
    const producer = taking(this.writers, () => new Producer(this, isManual, waits));
    return new Writer<T>({ object: this, producer, codec: this.#codec, parts: this.#parts });
  }

  /**
   * The reading end: it begins where the last reader was.
   *
   * @throws {ShmError} `ERR_SHM_NOT_OWNER` its mode is not `"mpmc"`, and there is a living reader; `ERR_SHM_LAYOUT`;
   *   `ERR_SHM_DETACHED`
   */
  reader(options?: ReaderOptions): Reader<T> {
    const { zeroCopy, signal, waits, endsAtDeath } = checkReader(options);
    const make = (): Consumer =>
      this.mode === "mpmc"
        ? new SharedConsumer(this, waits, this.redeliver)
        : new SingleConsumer(this, waits, this.mode === "mpsc");
    const consumer = taking(this.readers, make);
    const codec = this.#codec;
    return new Reader<T>({ object: this, consumer, codec, zeroCopy, signal, endsAtDeath });
  }

  /**
   * Ends it for all writers: each claim and write is `ERR_SHM_CLOSED` from here on. Readers get what is there, and then the
   * end. A message that is being written at this moment by an `"spsc"` writer elsewhere may not be read.
   */
  close(): void {
    closeRing(this);
  }

  /** @internal */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    return inspected("Channel", "capacity" in this ? this.#shown() : {}, options, inspect);
  }

  #shown(): object {
    const { offset, mode, capacity, participant } = this;
    const fields = { offset, mode, capacity };
    return participant.left ? { ...fields, state: "left" } : { ...fields, used: this.used, closed: this.closed };
  }

  #word(word: number): number {
    return Atomics.load(this.participant.words, this.base + word);
  }
}

export const channelOptions = ["capacity", "mode", "redeliver", "codec"] as const;

/** The checked options of a channel. */
export function checkChannel<T>(
  options: ChannelOptions<T> | undefined,
  parts: MessageParts | undefined,
): Omit<ChannelOptions, "codec"> & { codec: Codec | undefined } {
  const checked = checkOptions(options, channelOptions);
  if (checked.capacity !== undefined) checkCapacity("options.capacity", checked.capacity);
  if (checked.mode !== undefined) checkChoice("options.mode", checked.mode, modes);
  if (checked.redeliver !== undefined) checkBoolean("options.redeliver", checked.redeliver);
  return { ...checked, codec: checkCodec(checked.codec, parts) };
}

export function openChannel<T>(
  participant: Participant,
  offset: number,
  options: ChannelOptions<T> | undefined,
  parts: MessageParts | undefined,
): Channel<T> {
  const { codec, ...checked } = checkChannel(options, parts);
  const found = argumentsAt(participant, ObjectKind.channel, offset);
  const foundMode = found && modes[(found.second & MODE_BITS) - 1];
  if (found && (!isCapacity(found.first) || !foundMode || (found.second & ~(MODE_BITS | DROPS)) !== 0))
    throw participant.damaged(
      `channel at ${offset}: it has the capacity ${found.first}, and the flags ${found.second}`,
    );
  const capacity = checked.capacity ?? found?.first ?? DEFAULT_CAPACITY;
  const mode = checked.mode ?? foundMode ?? "spsc";
  const redeliver = checked.redeliver ?? (found ? (found.second & DROPS) === 0 : true);
  const flags = (modes.indexOf(mode) + 1) | (redeliver ? 0 : DROPS);
  if (found && (capacity !== found.first || flags !== found.second))
    throw participant.damaged(
      `channel at ${offset}: it was made with other options: capacity ${found.first}, mode ${foundMode}, redeliver ` +
        `${(found.second & DROPS) === 0}`,
    );
  const bytes = ringBytes(capacity);
  if (checked.capacity === undefined && found) checkFound(participant, "channel", offset, bytes);
  const place = { offset, bytes, first: capacity, second: flags };
  return new Channel<T>(MAKE, participant, place, codec, parts);
}
