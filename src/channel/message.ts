// What a reader gives.
import type { SharedObject } from "../sync/object.js";
import { type Codec, decoded } from "./codec.js";
import type { Consumer } from "./consumers.js";

/** How messages of one reader are made. */
export interface Making {
  readonly object: SharedObject;
  readonly codec: Codec | undefined;
  readonly zeroCopy: boolean;
}

/** A message that was read. Its room in the channel is in use until the reader's next step, or {@link release}. */
export class Message<T = Uint8Array> {
  readonly #making: Making;
  readonly #consumer: Consumer;
  readonly #token: number;
  /** Bytes from the window's start. Its bytes are there until the reader's next step, or {@link release}. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  /** With several readers: it was given to another before, which was killed, and may have been handled. */
  readonly redelivered: boolean;
  /** Of a topic: how many messages before it were dropped or overwritten before this reader got them. */
  readonly missed: number;
  #bytes: Uint8Array | undefined;
  #value: { readonly value: unknown } | undefined;

  /** @internal */
  constructor(making: Making, consumer: Consumer) {
    this.#making = making;
    this.#consumer = consumer;
    this.#token = consumer.token;
    this.offset = consumer.offset;
    this.length = consumer.length;
    this.redelivered = consumer.redelivered;
    this.missed = consumer.missed;
    if (consumer.copy) this.#bytes = consumer.copy;
    else if (!making.zeroCopy) this.#bytes = making.object.participant.slice(this.offset, this.length);
  }

  /**
   * A copy; with `reader({ zeroCopy: true })` the bytes in the channel themselves. These are valid until the reader's next
   * step, {@link release}, or the end of the participation, and a hostile writer may change them meanwhile.
   */
  get bytes(): Uint8Array {
    this.#bytes ??= this.#making.object.participant.part(this.offset, this.length);
    return this.#bytes;
  }

  /**
   * What the codec makes of the bytes; without a codec a copy of them.
   *
   * @throws {ShmError} `ERR_SHM_MALFORMED` the codec refuses them
   */
  get value(): T {
    const { codec, object, zeroCopy } = this.#making;
    if (!codec && !zeroCopy) return this.bytes as T;
    this.#value ??= { value: decoded(codec, this.bytes, () => object.describe("value")) };
    return this.#value.value as T;
  }

  /**
   * Gives its room back before the reader's next step: it is handled. With one reader, so are all messages before it. A
   * second call does nothing.
   */
  release(): void {
    this.#consumer.release(this.#token);
  }
}
