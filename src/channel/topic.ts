// Messages from one participant to all that subscribe.
import { checkChoice, checkInteger, checkOptions } from "../common/arguments.js";
import { invalidValue } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { ObjectKind } from "../sync/layout.js";
import { MAKE, SharedObject } from "../sync/object.js";
import type { Participant } from "../sync/participant.js";
import { type Codec, type CodecOption, checkCodec, type MessageParts } from "./codec.js";
import { type End, SingleEnd, taking } from "./ends.js";
import { mostMessage, Ring } from "./layout.js";
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
import { Reader } from "./reader.js";
import {
  countSubscribers,
  MOST_SUBSCRIBERS,
  Subscription,
  TopicProducer,
  TopicWord,
  topicBytes,
} from "./subscriptions.js";
import { Writer } from "./writer.js";

/**
 * What happens if a subscriber is so slow that there is no room for the next message. `"block"`: the writer waits for it.
 * `"overwrite"`: the subscriber loses its oldest messages. `"drop"`: the new message is lost, for all.
 */
export type Overrun = "block" | "overwrite" | "drop";
const policies: readonly Overrun[] = ["block", "overwrite", "drop"];

export interface TopicOptions<T = Uint8Array> {
  /** Bytes for messages: a power of two, 64 to 2^30. Default: what it was made with; a new one gets 65536. */
  capacity?: number;
  /** Default: what it was made with; a new one is `"block"`. */
  overrun?: Overrun;
  /** How many subscriptions there may be at a time: 1 to 1024. Default: what it was made with; a new one gets 16. */
  subscribers?: number;
  /** What values the messages are made of (default `"bytes"`). It is not stored in the segment: all must say the same. */
  codec?: CodecOption<T>;
}

export type TopicWriterOptions = Pick<WriterOptions, "publish">;

const DEFAULT_SUBSCRIBERS = 16;

/** In the second argument of the object: the policy + 1, and from bit 8 the number of subscriptions. */
const POLICY_BITS = 0xff;

/** Messages that every subscriber gets. From `domain.topic(offset)`. */
export class Topic<T = Uint8Array> extends SharedObject {
  /** Bytes for messages. */
  readonly capacity: number;
  readonly overrun: Overrun;
  /** How many subscriptions there may be at a time. */
  readonly mostSubscribers: number;
  readonly #codec: Codec | undefined;
  readonly #parts: MessageParts | undefined;
  /** @internal */
  readonly writers: End;
  /** @internal */
  readonly records: number;

  /** @internal */
  constructor(make: symbol, participant: Participant, place: Place, codec?: Codec, parts?: MessageParts) {
    super(make, participant, "topic", place);
    this.capacity = place.first;
    this.overrun = policies[(place.second & POLICY_BITS) - 1] as Overrun;
    this.mostSubscribers = place.second >>> 8;
    this.#codec = codec;
    this.#parts = parts;
    this.writers = new SingleEnd(this, this.base + Ring.Writer, "writer");
    this.records = (place.bytes - place.first) / 4;
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

  /** How many subscriptions there are now. */
  get subscribers(): number {
    return countSubscribers(this);
  }

  /** Whether it was closed: nothing more is accepted. */
  get closed(): boolean {
    return this.#word(Ring.Closed) !== 0;
  }

  /** With `"drop"`: how many messages were dropped, modulo 2^32. */
  get dropped(): number {
    return this.#word(TopicWord.Dropped) >>> 0;
  }

  /**
   * The writing end. With `"drop"`, a write without room is counted and done: `tryWrite` returns false then, and only a claim
   * waits.
   *
   * @throws {ShmError} `ERR_SHM_NOT_OWNER` there is a living writer; `ERR_SHM_LAYOUT`; `ERR_SHM_DETACHED`
   */
  writer(options?: TopicWriterOptions): Writer<T> {
    const { isManual } = checkWriter(options, ["publish"]);
    const producer = taking(this.writers, () => new TopicProducer(this, isManual));
    return new Writer<T>({ object: this, producer, codec: this.#codec, parts: this.#parts });
  }

  /**
   * Subscribes: the reader gets what is published from here on. `message.missed` says how many messages it did not get.
   *
   * @throws {ShmError} `ERR_SHM_TOO_MANY_PEERS` there are as many subscriptions as possible; `ERR_SHM_DETACHED`
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` `zeroCopy` with `"overwrite"`: the bytes could change at any moment
   */
  subscribe(options?: ReaderOptions): Reader<T> {
    const { zeroCopy, signal, waits, endsAtDeath } = checkReader(options);
    if (zeroCopy && this.overrun === "overwrite")
      throw invalidValue("options.zeroCopy", "The topic overwrites messages that are not read yet.", zeroCopy);
    const consumer = new Subscription(this, waits);
    return new Reader<T>({ object: this, consumer, codec: this.#codec, zeroCopy, signal, endsAtDeath });
  }

  /** Ends it: each claim and write is `ERR_SHM_CLOSED` from here on. Subscribers get what is there, and then the end. */
  close(): void {
    closeRing(this);
  }

  /** @internal */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    return inspected("Topic", #codec in this ? this.#shown() : {}, options, inspect);
  }

  #shown(): object {
    const { offset, overrun, capacity, participant } = this;
    const fields = { offset, overrun, capacity };
    return participant.left
      ? { ...fields, state: "left" }
      : { ...fields, subscribers: this.subscribers, closed: this.closed };
  }

  #word(word: number): number {
    return Atomics.load(this.participant.words, this.base + word);
  }
}

export const topicOptions = ["capacity", "overrun", "subscribers", "codec"] as const;

/** The checked options of a topic. */
export function checkTopic<T>(
  options: TopicOptions<T> | undefined,
  parts: MessageParts | undefined,
): Omit<TopicOptions, "codec"> & { codec: Codec | undefined } {
  const checked = checkOptions(options, topicOptions);
  if (checked.capacity !== undefined) checkCapacity("options.capacity", checked.capacity);
  if (checked.overrun !== undefined) checkChoice("options.overrun", checked.overrun, policies);
  if (checked.subscribers !== undefined) checkInteger("options.subscribers", checked.subscribers, 1, MOST_SUBSCRIBERS);
  return { ...checked, codec: checkCodec(checked.codec, parts) };
}

/** Bytes of a topic with these options that is made. */
export const newTopicBytes = ({ capacity, subscribers }: Omit<TopicOptions, "codec">): number =>
  topicBytes(capacity ?? DEFAULT_CAPACITY, subscribers ?? DEFAULT_SUBSCRIBERS);

export function openTopic<T>(
  participant: Participant,
  offset: number,
  options: TopicOptions<T> | undefined,
  parts: MessageParts | undefined,
): Topic<T> {
  const { codec, ...checked } = checkTopic(options, parts);
  const found = argumentsAt(participant, ObjectKind.topic, offset);
  const policy = found && policies[(found.second & POLICY_BITS) - 1];
  const there = found && found.second >>> 8;
  if (found && (!isCapacity(found.first) || !policy || !there || there > MOST_SUBSCRIBERS))
    throw participant.damaged(`topic at ${offset}: it has the capacity ${found.first}, and the flags ${found.second}`);
  const first = checked.capacity ?? found?.first ?? DEFAULT_CAPACITY;
  const overrun = checked.overrun ?? policy ?? "block";
  const subscribers = checked.subscribers ?? there ?? DEFAULT_SUBSCRIBERS;
  const second = (policies.indexOf(overrun) + 1) | (subscribers << 8);
  if (found && (first !== found.first || second !== found.second))
    throw participant.damaged(
      `topic at ${offset}: it was made with other options: capacity ${found.first}, overrun ${policy}, subscribers ${there}`,
    );
  const bytes = topicBytes(first, subscribers);
  const isAsked = checked.capacity !== undefined && checked.subscribers !== undefined;
  if (!isAsked && found) checkFound(participant, "topic", offset, bytes);
  const place = { offset, bytes, first, second };
  return new Topic<T>(MAKE, participant, place, codec, parts);
}
