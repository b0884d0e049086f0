// A transport that is open in both processes, and trials through it: messages between this process and a receiver, for
// round trips or for throughput. The ports are opened once and kept, as a program keeps its channel. With ports of its
// own for each trial, V8 throws its code away with the objects that it was compiled for: a message then took 0.3 to 1.2
// µs that takes 0.1 to 0.3.
import { playRing } from "./cring.js";
import { Payload, type Touch } from "./message.js";
import {
  cpuSince,
  type Kind,
  makeRoundTrips,
  now,
  type RoundTrips,
  type Start,
  sendOneWay,
  spinOneWay,
  spinRoundTrips,
} from "./port.js";
import type { Receiver } from "./receiver.js";
import { isBlocking, isNative, openBlocking, openPort, type TransportName, transports } from "./transports.js";

/** Round trips that a spinning transport times one by one, as a look at the clock takes a good part of each. */
const CLOCKED = 64;

export interface Trial {
  readonly nanoseconds: number;
  /** Nanoseconds of single round trips. */
  readonly each: Float64Array;
  /** Nanoseconds of CPU time that both processes used together, and of the wall clock meanwhile. */
  readonly cpu: number;
  readonly wall: number;
}

interface Count {
  readonly messages: number;
  /** Further round trips that are timed one by one. */
  readonly clocked: number;
  /** Milliseconds between two round trips. */
  readonly restMs: number;
}

/** This process's end of a transport. */
interface Sender {
  begin(count: Count): Promise<Start | RoundTrips>;
  /** After each trial. */
  rest(): void;
  close(): void;
}

function openSender(transport: TransportName, kind: Kind, payload: Payload, { wires }: Receiver): Sender {
  if (isNative(transport)) {
    const begin = async ({ messages }: Count) => playRing({ transport, wires, kind, payload, messages });
    return { begin, rest() {}, close() {} };
  }
  if (isBlocking(transport)) {
    const port = openBlocking(transport, wires, payload, true);
    const begin = async ({ messages, clocked }: Count) =>
      kind === "round trip" ? spinRoundTrips(port, messages, clocked) : spinOneWay(port, messages);
    return { begin, rest() {}, close: () => port.close() };
  }
  const port = openPort(transport, wires, payload, true);
  const begin = ({ messages, restMs }: Count) =>
    kind === "round trip" ? makeRoundTrips(port, messages, restMs) : sendOneWay(port, messages);
  return { begin, rest: () => port.rest(), close: () => port.close() };
}

/** A transport for messages of one size. To be closed. */
export class OpenTransport {
  readonly #receiver: Receiver;
  readonly #number: number;
  readonly #kind: Kind;
  readonly #payload: Payload;
  readonly #touch: Touch;
  readonly #sender: Sender;
  readonly #clocked: number;
  #hasFailed = false;

  private constructor(receiver: Receiver, number: number, transport: TransportName, kind: Kind, payload: Payload) {
    this.#receiver = receiver;
    this.#number = number;
    this.#kind = kind;
    this.#payload = payload;
    this.#touch = payload.touch;
    this.#sender = openSender(transport, kind, payload, receiver);
    this.#clocked = isBlocking(transport) && !isNative(transport) && kind === "round trip" ? CLOCKED : 0;
  }

  /** Opens it in this process, and then in the receiver's. */
  static async open(
    receiver: Receiver,
    transport: TransportName,
    kind: Kind,
    { bytes, touch }: { readonly bytes: number; readonly touch: Touch },
  ): Promise<OpenTransport> {
    const number = receiver.number();
    const opened = new OpenTransport(receiver, number, transport, kind, new Payload(bytes, touch));
    try {
      await receiver.ask({ number, open: { transport, kind, bytes, touch } });
    } catch (error) {
      opened.#sender.close();
      throw new Error(`${transports[transport].name}: ${(error as Error).message}`);
    }
    return opened;
  }

  /**
   * @param proves whether each word of each message is compared
   * @param restMs milliseconds between two round trips
   * @throws {Error} a message came out of order, torn or not at all
   */
  async trial(messages: number, { proves = false, restMs = 0 } = {}): Promise<Trial> {
    const touch = proves ? "proved" : this.#touch;
    const clocked = Math.min(this.#clocked, messages);
    this.#payload.touch = touch;
    try {
      const order = { number: this.#number, serve: { touch, count: 1 + messages + clocked } };
      const { ready, served } = this.#receiver.serve(order);
      await ready;
      const [sent, { end, cpu }] = await Promise.all([this.#sender.begin({ messages, clocked, restMs }), served]);
      const own = cpuSince(sent.cpu);
      const wall = now() - sent.start; // not up to `end`: the CPU time is that until here
      return {
        nanoseconds: (this.#kind === "round trip" && "end" in sent ? sent.end : end) - sent.start,
        each: "each" in sent ? sent.each : new Float64Array(0),
        cpu: 1000 * (own + cpu),
        wall,
      };
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    } finally {
      this.#sender.rest();
    }
  }

  /** After a failure only in this process: the receiver may still wait for messages, and ends with the suite. */
  async close(): Promise<void> {
    this.#sender.close();
    if (!this.#hasFailed) await this.#receiver.ask({ number: this.#number, close: true });
  }
}
