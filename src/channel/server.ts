// The answering side of a service.
import { checkBoolean, checkInteger, checkOptions } from "../common/arguments.js";
import { byteLengthOf } from "../common/bytes.js";
import { invalidType, outOfRange } from "../common/errors.js";
import { Uncloneable } from "../common/uncloneable.js";
import { type Answer, answerBytes, failureBytes, type Request, readRequest, Status } from "./calls.js";
import type { Channel } from "./channel.js";
import { mostAnswer } from "./client.js";
import { decoded, encoded } from "./codec.js";
import { taking } from "./ends.js";
import { Ring } from "./layout.js";
import type { Message } from "./message.js";
import type { Reader } from "./reader.js";
import type { ServiceGround } from "./service.js";
import { SharedProducer } from "./sharedproducer.js";

export interface ServeOptions {
  /** How many requests it works on at a time: 1 to 1024 (default 1). */
  concurrency?: number;
  /**
   * What happens with a request whose server was killed while it worked on it. `false`: its client is told
   * `ERR_SHM_PEER_DIED` (default). `true`: this server works on it again, so the handler must be fit for that.
   */
  retry?: boolean;
}

/** What a handler knows of a request beside its value. */
export interface RequestContext {
  /** A server before was killed while it worked on it; only with `retry`. */
  readonly redelivered: boolean;
}

export type Handler<Q, A> = (value: Q, context: RequestContext) => A | Promise<A>;

const MOST_CONCURRENCY = 1024;
const STOPPED = new Error("the server was stopped");

/** A client that damages its own answers gets none, and ends no server. @throws every other error */
function checkDamage(error: unknown): void {
  if ((error as { code?: unknown }).code !== "ERR_SHM_LAYOUT") throw error;
}

/** Answers requests until {@link stop}. From `service.serve(handler)`. */
export class Server extends Uncloneable {
  readonly #ground: ServiceGround;
  readonly #handler: Handler<never, unknown>;
  readonly #retries: boolean;
  readonly #producers = new Map<number, SharedProducer>();
  readonly #stop = new AbortController();
  /**
   * Fulfilled once it has stopped, by {@link stop} or because the participant has left. Rejected if it cannot continue:
   * `ERR_SHM_LAYOUT`. What a handler throws does not end it: its client is told.
   */
  readonly stopped: Promise<void>;

  /** @internal */
  constructor(ground: ServiceGround, handler: Handler<never, unknown>, options: ServeOptions | undefined) {
    super();
    const { concurrency = 1, retry = false } = checkOptions(options, ["concurrency", "retry"]);
    checkInteger("options.concurrency", concurrency, 1, MOST_CONCURRENCY);
    this.#retries = checkBoolean("options.retry", retry);
    if (typeof handler !== "function") throw invalidType("handler", "of type function", handler);
    this.#ground = ground;
    this.#handler = handler;
    const readers = Array.from({ length: concurrency }, () =>
      ground.requests.reader({ peerDeath: "wait", signal: this.#stop.signal }),
    );
    const work = readers.map((reader) => this.#serve(reader));
    const released = Promise.allSettled(work).then(() => this.#release());
    released.catch(() => {}); // `stopped` tells of it, or of what came before
    this.stopped = Promise.all(work).then(() => released);
    this.stopped.catch(() => {}); // callers may ask; a peer that damages the segment must not end this process
  }

  /** Takes no more requests, and resolves when those that it works on are answered. */
  async stop(): Promise<void> {
    this.#stop.abort(STOPPED);
    await this.stopped;
  }

  /** The same, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** One loop. If it fails, the others stop, too. */
  async #serve(reader: Reader<Uint8Array>): Promise<void> {
    try {
      for await (const message of reader) await this.#answer(message);
    } catch (error) {
      if (error === STOPPED || this.#ground.participant.left) return;
      this.#stop.abort(STOPPED);
      throw error;
    }
  }

  /** Gives its ends up, once all loops have ended. Clients of a closed service learn that nobody takes their requests now. */
  #release(): void {
    const { participant, sleepers } = this.#ground;
    if (participant.left) return;
    for (const producer of this.#producers.values())
      try {
        producer.release();
      } catch (error) {
        checkDamage(error);
      }
    participant.waits.ring(sleepers);
  }

  async #answer(message: Message): Promise<void> {
    try {
      await this.#answerTo(message);
    } catch (error) {
      checkDamage(error);
    }
  }

  async #answerTo(message: Message): Promise<void> {
    const request = readRequest(message.bytes);
    // Nobody waits for it: its client was killed, has given up, or is hostile.
    if (!request || !this.#isWanted(request)) return;
    if (request.deadline !== 0 && request.deadline < Date.now()) return;
    const { id, number } = request;
    const answer =
      message.redelivered && !this.#retries
        ? { id, number, status: Status.Died, body: new Uint8Array(0) }
        : { id, number, ...(await this.#handle(request, message.redelivered)) };
    await this.#send(request, answer);
  }

  async #handle(request: Request, redelivered: boolean): Promise<Pick<Answer, "status" | "body">> {
    const { codec, describe, answersOf } = this.#ground;
    try {
      const value = decoded(codec, request.body, () => describe("serve"));
      const body = encoded(codec, await this.#handler(value as never, { redelivered }));
      const most = mostAnswer(answersOf(request.client));
      const length = byteLengthOf(body);
      if (length > most) throw outOfRange("answer.length", `<= ${most}, what an answer can have`, length);
      return { status: Status.Done, body };
    } catch (error) {
      const body = failureBytes(error);
      const most = mostAnswer(answersOf(request.client));
      return { status: Status.Failed, body: body.length > most ? new Uint8Array(0) : body };
    }
  }

  /** Sends the answer once there is room, unless nobody waits for it any more. */
  async #send(request: Request, answer: Answer): Promise<void> {
    const { participant, answersOf, describe } = this.#ground;
    const channel = answersOf(request.client);
    const producer = this.#producerOf(request.client, channel);
    const bytes = answerBytes(answer);
    await participant.waits.wait(
      channel.writersMask,
      () => describe("serve"),
      () => {
        if (!this.#isWanted(request)) return true;
        const claim = producer.claim(bytes.length, true);
        claim?.fill(bytes);
        claim?.commit();
        return claim && true;
      },
    );
  }

  #producerOf(client: number, channel: Channel): SharedProducer {
    const make = (): SharedProducer => new SharedProducer(channel, false, true);
    const producer = this.#producers.get(client) ?? taking(channel.writers, make);
    this.#producers.set(client, producer);
    return producer;
  }

  #isWanted({ client, id }: Request): boolean {
    const { participant, answersOf, sizes } = this.#ground;
    if (client >= sizes.clients) return false;
    const { base, readers } = answersOf(client);
    const word = (index: number): number => Atomics.load(participant.words, base + index);
    return word(Ring.Reader) >>> 0 === id && word(Ring.Listens) !== 0 && readers.look() === "living";
  }
}
