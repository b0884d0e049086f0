// The asking side of a service: requests that wait for their answers.
import { byteLengthOf } from "../common/bytes.js";
import { coordinationError, outOfRange } from "../common/errors.js";
import { doAll } from "../common/steps.js";
import { inNextTurn } from "../common/turn.js";
import { checkWait, type WaitOptions } from "../sync/options.js";
import { ANSWER_HEADER, REQUEST_HEADER, readAnswer, readFailure, requestBytes, Status } from "./calls.js";
import type { Channel } from "./channel.js";
import { decoded, encoded } from "./codec.js";
import { Ring } from "./layout.js";
import type { Reader } from "./reader.js";
import type { ServiceGround } from "./service.js";
import type { Writer } from "./writer.js";

interface Pending {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  /** Ends what waits for this request: the timer, the signal, the write. */
  end(): void;
}

/** A hostile peer could let answers stay for good. */
const MOST_TURNS = 1024;

/** Of the last request of this thread: an answer that comes late names none that a later client of this participant made. */
let last = 0;

/** One client of a service. It listens while requests are pending, and keeps the process alive only then. */
export class Client {
  readonly #ground: ServiceGround;
  readonly #writer: Writer;
  readonly #answers: Channel;
  readonly #reader: Reader;
  readonly #client: number;
  readonly #pending = new Map<number, Pending>();
  #writing = 0;
  #listening: AbortController | undefined;

  /** @throws {ShmError} `ERR_SHM_TOO_MANY_PEERS` the service has as many clients as possible */
  constructor(ground: ServiceGround) {
    this.#ground = ground;
    const { client, answers, reader } = place(ground);
    this.#client = client;
    this.#answers = answers;
    this.#reader = reader;
    this.#writer = ground.requests.writer({ peerDeath: "wait" });
  }

  request(value: unknown, options: WaitOptions | undefined): Promise<unknown> {
    const { signal, timeoutMs } = checkWait(options);
    const { codec, requests, participant, describe } = this.#ground;
    const body = encoded(codec, value);
    const most = requests.largest - REQUEST_HEADER;
    const length = byteLengthOf(body);
    if (length > most) throw outOfRange("value.length", `<= ${most}, what a request can have`, length);
    last = (last + 1) >>> 0;
    const number = last;
    const deadline = timeoutMs === Number.POSITIVE_INFINITY ? 0 : Date.now() + timeoutMs;
    const bytes = requestBytes({ client: this.#client, id: participant.id, number, deadline, body });
    return new Promise((resolve, reject) => {
      const late = (): void =>
        this.#settle(
          number,
          coordinationError("ERR_SHM_TIMEOUT", `${describe("request")} took longer than ${timeoutMs} ms`),
        );
      const endTimer = deadline === 0 ? undefined : participant.waits.timers.start(late, timeoutMs);
      const aborted = (): void => this.#settle(number, signal?.reason);
      signal?.addEventListener("abort", aborted);
      const written = new AbortController();
      const end = (): void => {
        endTimer?.();
        signal?.removeEventListener("abort", aborted);
        written.abort();
      };
      this.#pending.set(number, { resolve, reject, end });
      this.#listen();
      this.#write(bytes, written.signal).catch((error) => this.#settle(number, error));
    });
  }

  /** Rejects what is pending, and gives up its place. */
  close(error: unknown): void {
    this.#failAll(error);
    this.#stop();
    if (this.#ground.participant.left) return;
    doAll([() => this.#reader.release(), () => this.#writer.release()]);
  }

  async #write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    // Most requests find room at once. None overtakes another.
    if (this.#writing === 0 && this.#writer.tryWrite(bytes)) return;
    this.#writing++;
    try {
      await this.#writer.write(bytes, { signal });
    } finally {
      this.#writing--;
    }
  }

  #settle(number: number, error: unknown): void {
    const pending = this.#pending.get(number);
    if (!pending) return;
    this.#finish(number, pending);
    pending.reject(error);
  }

  #failAll(error: unknown): void {
    for (const number of [...this.#pending.keys()]) this.#settle(number, error);
  }

  #finish(number: number, pending: Pending): void {
    this.#pending.delete(number);
    pending.end();
    if (this.#pending.size > 0) return;
    // The next request is often made in this turn.
    inNextTurn(() => {
      if (this.#pending.size === 0) this.#stop();
    });
  }

  /** Listens to answers, and to the deaths of servers. */
  #listen(): void {
    if (this.#listening) return;
    const listening = new AbortController();
    this.#listening = listening;
    this.#say(1);
    const failed = (error: unknown): void => {
      if (listening.signal.aborted) return;
      this.#stop(); // the next request listens again
      this.#failAll(error);
    };
    this.#receive(listening.signal).catch(failed);
    this.#watch(listening.signal).catch(failed);
  }

  #stop(): void {
    if (!this.#listening) return;
    this.#listening.abort();
    this.#listening = undefined;
    const { participant } = this.#ground;
    if (!participant.hasWords) return;
    this.#say(0);
    participant.waits.ring(this.#answers.writersMask); // servers that wait for room wait for nothing now
  }

  /** Whether answers are wanted. */
  #say(listens: number): void {
    Atomics.store(this.#ground.participant.words, this.#answers.base + Ring.Listens, listens);
  }

  async #receive(signal: AbortSignal): Promise<void> {
    for (;;) {
      const message = await this.#reader.read({ signal });
      if (!message) throw coordinationError("ERR_SHM_CLOSED", `${this.#ground.describe("request")}: it was closed`);
      this.#take(message.bytes);
    }
  }

  /**
   * The death of the last server ends what is pending. A server that has stopped may be followed by another, unless the
   * service was closed.
   */
  async #watch(signal: AbortSignal): Promise<void> {
    const { participant, sleepers, describe, requests, isPatient } = this.#ground;
    const ended = (): "dead" | "closed" | undefined => {
      const there = requests.readers.look();
      return there === "dead"
        ? isPatient
          ? undefined
          : there
        : there === "nobody" && requests.closed
          ? "closed"
          : undefined;
    };
    const how = await participant.waits.wait(sleepers, () => describe("request"), ended, { signal });
    // The last server may have answered before it went: these answers are read in the turns between.
    for (let turn = 0; turn < MOST_TURNS && !participant.left && this.#answers.used > 0; turn++)
      await new Promise<void>(inNextTurn);
    if (how === "closed") throw coordinationError("ERR_SHM_CLOSED", `${describe("request")}: it was closed`);
    throw this.#died(`its servers were killed: ${requests.readers.who}`);
  }

  #died(what: string): Error {
    return coordinationError("ERR_SHM_PEER_DIED", `${this.#ground.describe("request")}: ${what}`);
  }

  /** Answers to an earlier client in this place, and to requests that nobody waits for, are dropped. */
  #take(bytes: Uint8Array): void {
    const { participant, codec, describe } = this.#ground;
    const answer = readAnswer(bytes);
    const pending = answer && answer.id === participant.id >>> 0 ? this.#pending.get(answer.number) : undefined;
    if (!answer || !pending) return;
    const { status, number, body } = answer;
    if (status === Status.Done)
      try {
        const value = decoded(codec, body, () => describe("request"));
        this.#finish(number, pending);
        pending.resolve(value);
      } catch (error) {
        this.#settle(number, error);
      }
    else if (status === Status.Died) this.#settle(number, this.#died("the server that worked on it was killed"));
    else {
      const cause = readFailure(body);
      const what = `${describe("request")}: its handler failed: ${cause.name}: ${cause.message}`;
      this.#settle(number, coordinationError("ERR_SHM_HANDLER", what, undefined, cause));
    }
  }
}

/** The first place for a client that nobody has. */
function place({ sizes, answersOf, describe }: ServiceGround): { client: number; answers: Channel; reader: Reader } {
  for (let client = 0; client < sizes.clients; client++) {
    const answers = answersOf(client);
    try {
      return { client, answers, reader: answers.reader({ peerDeath: "wait" }) };
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ERR_SHM_NOT_OWNER") throw error;
    }
  }
  throw coordinationError(
    "ERR_SHM_TOO_MANY_PEERS",
    `${describe("request")}: it has room for ${sizes.clients} clients, and all places are in use`,
  );
}

/** Bytes of the largest answer. */
export const mostAnswer = (answers: Channel): number => answers.largest - ANSWER_HEADER;
