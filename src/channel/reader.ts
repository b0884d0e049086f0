// The reading end of a channel, as its user sees it.
import { checkInteger } from "../common/arguments.js";
import { doAll } from "../common/steps.js";
import { Uncloneable } from "../common/uncloneable.js";
import { checkWait, type SyncWaitOptions, type WaitOptions, type WaitSignal } from "../sync/options.js";
import { withEither } from "../sync/signals.js";
import type { WebReadable } from "./codec.js";
import type { Consumer, Found } from "./consumers.js";
import { type Making, Message } from "./message.js";
import { Pace } from "./pace.js";
import { closedError, type RingObject } from "./producers.js";

/** What a reader is made of. */
export interface ReaderParts extends Making {
  readonly object: RingObject;
  readonly consumer: Consumer;
  readonly signal: WaitSignal | undefined;
  /** A writer's death ends the messages, as a close does. */
  readonly endsAtDeath: boolean;
}

const END = Symbol("end");
const MOST_BATCH = 1 << 20;

/**
 * Reads messages, each once: `for await (const message of reader)`. From `channel.reader()`. Each step gives back the room of
 * the messages before. At the end of a `using` block, or of a loop, it is released.
 */
export class Reader<T = Uint8Array> extends Uncloneable implements AsyncIterable<Message<T>> {
  readonly #parts: ReaderParts;
  readonly #pace = new Pace();
  #isOpen = true;
  #hasEnded = false;

  /** @internal */
  constructor(parts: ReaderParts) {
    super();
    this.#parts = parts;
  }

  /** Whether the channel was closed, and everything was read: nothing comes any more. */
  get ended(): boolean {
    return this.#hasEnded;
  }

  /**
   * The next message; undefined if there is none now, or if the channel has {@link ended}.
   *
   * @throws {ShmError} `ERR_SHM_PEER_DIED` there is none, and its writer was killed; `ERR_SHM_CLOSED` this reader was
   *   released; `ERR_SHM_LAYOUT`, `ERR_SHM_DETACHED`
   */
  tryRead(): Message<T> | undefined {
    this.#begin(true);
    return this.#take(false) === "message" ? this.#message() : undefined;
  }

  /** Waits for the next message; undefined at the end, when the channel was closed and everything was read. */
  async read(options?: WaitOptions): Promise<Message<T> | undefined> {
    this.#checkOpen();
    if (this.#pace.mustYield) await this.#pace.nextTurn();
    this.#begin();
    return ended(await this.#wait(() => this.#next(), options));
  }

  /** As {@link read}, but blocks the thread. It does not stand behind pending calls of {@link read}. */
  readSync(options?: SyncWaitOptions): Message<T> | undefined {
    this.#begin();
    const { participant, readersMask } = this.#parts.object;
    return ended(participant.waits.waitSync(readersMask, this.#what, () => this.#next(), options));
  }

  /**
   * Arrays of messages: what is there, from one to `most` at a time. The room of a whole array is given back at the next
   * step.
   */
  batch(most: number): AsyncGenerator<Message<T>[], undefined> {
    checkInteger("most", most, 1, MOST_BATCH);
    const { capacity } = this.#parts.object;
    let failure: { readonly error: unknown } | undefined;
    return this.#iterator(async () => {
      if (failure) throw failure.error; // after the messages before the one that could not be copied
      const first = await this.read();
      if (!first) return undefined;
      const messages = [first];
      // Honest peers cannot write more than a ring of messages that are not given back.
      for (let bytes = first.length; this.#isOpen && messages.length < most && bytes < capacity; ) {
        if (!this.#takesMore()) break;
        try {
          const message = this.#message();
          bytes += message.length;
          messages.push(message);
        } catch (error) {
          failure = { error };
          break;
        }
      }
      return messages;
    });
  }

  [Symbol.asyncIterator](): AsyncGenerator<Message<T>, undefined> {
    return this.#iterator(() => this.read());
  }

  /** A ReadableStream of messages. Its end, its failure and its cancel release this reader. */
  toWeb(): WebReadable {
    const messages = this[Symbol.asyncIterator]();
    return new ReadableStream<Message<T>>(
      {
        pull: async (controller) => {
          const { value, done } = await messages.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: () => this.release(),
      },
      { highWaterMark: 0 }, // the step after this one would give back what was not handled yet
    );
  }

  /** Gives the end up: another reader may continue. The messages that it has are handled; pending calls are `ERR_SHM_CLOSED`. */
  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { consumer, object } = this.#parts;
    doAll([() => consumer.close(), () => object.participant.waits.lookAgain(object.readersMask)]);
  }

  /** Releases, if {@link release} has not, and if the participant has not left. */
  [Symbol.dispose](): void {
    if (!this.#parts.object.participant.left) this.release();
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw closedError(this.#parts.object, "read by a reader that was released");
  }

  #begin(takes = false): void {
    this.#checkOpen();
    this.#parts.consumer.releaseAll(takes);
  }

  /** Whether another message is there. What else there is to tell, the next step meets, too. */
  #takesMore(): boolean {
    try {
      return this.#take(false) === "message";
    } catch {
      return false;
    }
  }

  #take(sleeps: boolean): Found {
    const { consumer, endsAtDeath } = this.#parts;
    let found: Found;
    try {
      found = consumer.take(sleeps);
    } catch (error) {
      if (!endsAtDeath || (error as { code?: unknown }).code !== "ERR_SHM_PEER_DIED") throw error;
      found = "end";
    }
    if (found === "end") this.#hasEnded = true;
    return found;
  }

  /** One attempt of a wait. */
  #next(): Message<T> | typeof END | undefined {
    this.#checkOpen();
    const found = this.#take(true);
    if (found === "nothing") return undefined;
    return found === "end" ? END : this.#message();
  }

  #message(): Message<T> {
    const { consumer } = this.#parts;
    this.#pace.count(consumer.length);
    return new Message<T>(this.#parts, consumer);
  }

  #wait<V>(attempt: () => V | undefined, options: WaitOptions | undefined): Promise<V> {
    const { object, signal } = this.#parts;
    const { participant, readersMask } = object;
    const wait = (given: WaitOptions | undefined): Promise<V> =>
      participant.waits.wait(readersMask, this.#what, attempt, given);
    if (signal === undefined) return wait(options);
    if (options?.signal === undefined) return wait({ ...options, signal });
    checkWait(options);
    return withEither([signal, options.signal], (either) => wait({ ...options, signal: either }));
  }

  /**
   * As an async generator: its end, its failure, and the end of the loop around it give the reader up. So do its `return` and
   * `throw`, at once: a generator's own wait for the step before, and do nothing if there was none.
   */
  #iterator<V>(step: () => Promise<V | undefined>): AsyncGenerator<V, undefined> {
    let hasReturned = false;
    const steps = this.#steps(step, () => hasReturned);
    const [end, fail] = [steps.return.bind(steps), steps.throw.bind(steps)];
    return Object.assign(steps, {
      return: (value: undefined): ReturnType<typeof end> => {
        hasReturned = true;
        this[Symbol.dispose]();
        return end(value);
      },
      throw: (error: unknown): ReturnType<typeof fail> => {
        this[Symbol.dispose]();
        return fail(error);
      },
    });
  }

  async *#steps<V>(step: () => Promise<V | undefined>, hasReturned: () => boolean): AsyncGenerator<V, undefined> {
    try {
      for (let value = await step(); value !== undefined; value = await step()) yield value;
    } catch (error) {
      if (!hasReturned()) throw error;
    } finally {
      this[Symbol.dispose]();
    }
    return undefined;
  }

  readonly #what = (): string => this.#parts.object.describe("read");
}

const ended = <V>(value: V | typeof END): V | undefined => (value === END ? undefined : value);
