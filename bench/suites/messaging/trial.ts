// One trial: messages between this process and a receiver, for round trips or for throughput, by one transport.
import { playRing } from "./cring.js";
import type { Payload } from "./message.js";
import {
  cpuSince,
  type Kind,
  makeRoundTrips,
  type RoundTrips,
  type Start,
  sendOneWay,
  spinOneWay,
  spinRoundTrips,
} from "./port.js";
import type { Receiver } from "./receiver.js";
import { isBlocking, isNative, openBlocking, openPort, type TransportName } from "./transports.js";

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

interface Sender {
  begin(): Promise<Start | RoundTrips>;
  close(): void;
}

function openSender(
  transport: TransportName,
  kind: Kind,
  payload: Payload,
  count: Count,
  { wires }: Receiver,
  restMs: number,
): Sender {
  if (isNative(transport)) {
    const { messages } = count;
    return { begin: async () => playRing({ transport, wires, kind, payload, messages }), close() {} };
  }
  if (isBlocking(transport)) {
    const port = openBlocking(transport, wires, payload, true);
    const begin = () =>
      kind === "round trip" ? spinRoundTrips(port, count.messages, count.clocked) : spinOneWay(port, count.messages);
    return { begin: async () => begin(), close: () => port.close() };
  }
  const port = openPort(transport, wires, payload, true);
  const { messages } = count;
  const begin = () => (kind === "round trip" ? makeRoundTrips(port, messages, restMs) : sendOneWay(port, messages));
  return { begin, close: () => port.close() };
}

interface Count {
  readonly messages: number;
  /** Further round trips that are timed one by one. */
  readonly clocked: number;
}

/**
 * @param restMs milliseconds between two round trips
 * @throws {Error} a message came out of order, torn or not at all
 */
export async function runTrial(
  receiver: Receiver,
  transport: TransportName,
  kind: Kind,
  payload: Payload,
  messages: number,
  restMs = 0,
): Promise<Trial> {
  const clocked =
    isBlocking(transport) && !isNative(transport) && kind === "round trip" ? Math.min(CLOCKED, messages) : 0;
  const sender = openSender(transport, kind, payload, { messages, clocked }, receiver, restMs);
  try {
    const { bytes, touch } = payload;
    const { ready, served } = receiver.serve({ transport, kind, bytes, touch, count: 1 + messages + clocked });
    await ready;
    const [sent, { end, cpu }] = await Promise.all([sender.begin(), served]);
    return {
      nanoseconds: (kind === "round trip" && "end" in sent ? sent.end : end) - sent.start,
      each: "each" in sent ? sent.each : new Float64Array(0),
      cpu: 1000 * (cpuSince(sent.cpu) + cpu),
      wall: end - sent.start,
    };
  } finally {
    sender.close();
  }
}
