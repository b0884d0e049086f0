// The writing end of a channel, as its user sees it.
import { checkInteger } from "../common/arguments.js";
import { invalidType, outOfRange, unsupported } from "../common/errors.js";
import { doAll } from "../common/steps.js";
import { Uncloneable } from "../common/uncloneable.js";
import type { SyncWaitOptions, WaitOptions } from "../sync/options.js";
import type { Claim } from "./claim.js";
import {
  type ChannelWritable,
  type Codec,
  checkEncoded,
  type MessageParts,
  type MessageSink,
  type NodeWritableOptions,
  type WebWritable,
} from "./codec.js";
import { mostMessage } from "./layout.js";
import { Pace } from "./pace.js";
import { closedError, type Producer, type RingObject } from "./producers.js";

/** What a writer is made of. */
export interface WriterParts {
  readonly object: RingObject & { close(): void };
  readonly producer: Producer;
  readonly codec: Codec | undefined;
  readonly parts: MessageParts | undefined;
}

/** Writes messages. From `channel.writer()` and `topic.writer()`. At the end of a `using` block it is released. */
export class Writer<T = Uint8Array> extends Uncloneable implements MessageSink {
  readonly #object: RingObject & { close(): void };
  readonly #producer: Producer;
  readonly #codec: Codec | undefined;
  readonly #parts: MessageParts | undefined;
  readonly #pace = new Pace();
  readonly #most: number;
  #isOpen = true;

  /** @internal */
  constructor({ object, producer, codec, parts }: WriterParts) {
    super();
    this.#object = object;
    this.#most = mostMessage(object.capacity);
    this.#producer = producer;
    this.#codec = codec;
    this.#parts = parts;
  }

  /**
   * Room for a message of `length` bytes, to be filled in place; undefined if there is none now.
   *
   * @param length bytes, at most `channel.largest`
   * @throws {ShmError} `ERR_SHM_CLOSED` the channel or this writer was closed; `ERR_SHM_PEER_DIED` it is full, and its
   *   reader was killed; `ERR_SHM_DEADLOCK` a channel with one writer has one claim at a time, and it is open;
   *   `ERR_SHM_LAYOUT`, `ERR_SHM_DETACHED`
   */
  tryClaim(length: number): Claim | undefined {
    return this.#claim(this.#checkLength(length), false);
  }

  /** As {@link tryClaim}, but waits for room. Waits of one participant are served in their order. */
  async claim(length: number, options?: WaitOptions): Promise<Claim> {
    this.#checkLength(length);
    if (this.#pace.mustYield) await this.#pace.nextTurn();
    this.#pace.count(length);
    return this.#wait(() => this.#claim(length, true), options);
  }

  /**
   * As {@link claim}, but blocks the thread. It does not stand behind pending calls of {@link claim}.
   *
   * @throws {ShmError} `ERR_SHM_DEADLOCK` a claim before is open, which only this thread can end
   */
  claimSync(length: number, options?: SyncWaitOptions): Claim {
    this.#checkLength(length);
    return this.#waitSync(() => this.#claim(length, true), options);
  }

  /**
   * Writes a message; false if there is no room now.
   *
   * @param value what the codec takes; without one a Uint8Array
   * @throws {ShmError} as {@link tryClaim}
   * @throws {RangeError} `ERR_OUT_OF_RANGE` it is longer than `channel.largest`
   */
  tryWrite(value: T): boolean {
    const bytes = this.#encode(value);
    const length = this.#lengthOf(bytes);
    this.#checkOpen("write");
    if (this.#producer.write(bytes, length, false)) return true;
    this.#producer.drop();
    return false;
  }

  /** As {@link tryWrite}, but waits for room. Until then the bytes must not be changed. */
  async write(value: T, options?: WaitOptions): Promise<void> {
    const bytes = this.#encode(value);
    const length = this.#lengthOf(bytes);
    if (this.#pace.mustYield) await this.#pace.nextTurn();
    this.#pace.count(length);
    await this.#wait(() => this.#write(bytes), options);
  }

  /** As {@link write}, but blocks the thread. @throws {ShmError} `ERR_SHM_DEADLOCK` as {@link claimSync} */
  writeSync(value: T, options?: SyncWaitOptions): void {
    const bytes = this.#encode(value);
    this.#lengthOf(bytes);
    this.#waitSync(() => this.#write(bytes), options);
  }

  /**
   * Writes several messages, and shows them to readers together, or in groups if there is not room for all. If it fails,
   * `error.written` says how many are in the channel.
   */
  async writeBatch(values: Iterable<T>, options?: WaitOptions): Promise<void> {
    if (typeof values?.[Symbol.iterator] !== "function") throw invalidType("values", "iterable", values);
    let written = 0;
    let list: Uint8Array[] = [];
    const attempt = (): true | undefined => {
      for (; written < list.length; written++) {
        const bytes = list[written] as Uint8Array;
        if (!this.#write(bytes)) return undefined;
        this.#pace.count(this.#lengthOf(bytes));
      }
      return true;
    };
    try {
      list = Array.from(values, (value) => this.#encode(value));
      for (const bytes of list) this.#lengthOf(bytes);
      if (this.#pace.mustYield) await this.#pace.nextTurn();
      await this.#wait(() => this.#producer.together(attempt), options);
    } catch (error) {
      if (typeof error === "object" && error !== null) Object.assign(error, { written });
      throw error;
    }
  }

  /** Shows readers what was committed; only `writer({ publish: "manual" })` needs it. */
  publish(): void {
    this.#checkOpen("publish");
    this.#producer.publish();
  }

  /** Ends the channel for all writers: readers get what is there, and then the end. Open claims are abandoned. */
  close(): void {
    if (!this.#isOpen) return;
    doAll([() => this.release(), () => this.#object.close()]);
  }

  /**
   * Gives the end up, without closing the channel: another writer may continue. Open claims are abandoned, and pending calls are
   * `ERR_SHM_CLOSED`.
   */
  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { participant, writersMask } = this.#object;
    doAll([() => this.#producer.release(), () => participant.waits.lookAgain(writersMask)]);
  }

  /** Releases, if {@link close} or {@link release} has not, and if the participant has not left. */
  [Symbol.dispose](): void {
    if (!this.#object.participant.left) this.release();
  }

  /** A WritableStream of values. Its close closes the channel; its abort releases this writer. */
  toWeb(): WebWritable {
    return new WritableStream<T>({
      write: (value, { signal }) => this.write(value, { signal }),
      close: () => this.close(),
      abort: () => this.release(),
    });
  }

  /**
   * A Writable of Node's. Its end closes the channel; its destroy releases this writer.
   *
   * @throws {ShmError} `ERR_SHM_UNSUPPORTED` in the portable entry point
   */
  toNodeStream(options?: NodeWritableOptions): ChannelWritable {
    this.#checkOpen("toNodeStream");
    if (!this.#parts)
      throw unsupported("toNodeStream", 'it is in the package\'s Node entry point: import "wasm-shm" in Node');
    return this.#parts.toNodeWritable(this as MessageSink, options, this.#codec !== undefined);
  }

  #claim(length: number, sleeps: boolean): Claim | undefined {
    this.#checkOpen("claim");
    return this.#producer.claim(length, sleeps);
  }

  #write(bytes: Uint8Array): true | undefined {
    this.#checkOpen("write");
    const length = this.#lengthOf(bytes); // again: its buffer may have been transferred, or resized, while this waited
    return this.#producer.write(bytes, length, true) || this.#producer.drop() || undefined;
  }

  #encode(value: T): Uint8Array {
    return this.#codec ? this.#codec.encode(value) : (value as Uint8Array);
  }

  #lengthOf(bytes: Uint8Array): number {
    const length = checkEncoded(this.#codec, bytes);
    if (length > this.#most)
      throw outOfRange("value.length", `<= ${this.#most}, half of the channel's capacity`, length);
    return length;
  }

  #checkLength(length: number): number {
    return checkInteger("length", length, 0, this.#most);
  }

  #checkOpen(operation: string): void {
    if (!this.#isOpen) throw closedError(this.#object, operation);
  }

  #wait<V>(attempt: () => V | undefined, options: WaitOptions | undefined): Promise<V> {
    const { participant, writersMask } = this.#object;
    return participant.waits.wait(writersMask, this.#what, attempt, options);
  }

  #waitSync<V>(attempt: () => V | undefined, options: SyncWaitOptions | undefined): V {
    const { participant, writersMask } = this.#object;
    this.#producer.checkBlocking();
    return participant.waits.waitSync(writersMask, this.#what, attempt, options);
  }

  readonly #what = (): string => this.#object.describe("write");
}
