// One course of messages between this process and another end, trips or a flow, by one route.
import type { Payload } from "./message.js";
import { cpuSince, type Kind, makeFlow, makeTrips, type Start, spinFlow, spinTrips, type Trips } from "./port.js";
import type { Receiver } from "./receiver.js";
import { isBlocking, openBlocking, openPort, type RouteName } from "./transports.js";

/** Trips that have the clock to themselves, where looking at it would be a good part of each. */
const CLOCKED = 64;

export interface Course {
  readonly nanoseconds: number;
  /** Of single trips: nanoseconds. */
  readonly each: Float64Array;
  /** Nanoseconds that both processes together used, and over which time. */
  readonly cpu: number;
  readonly wall: number;
}

interface Ours {
  begin(): Promise<Start | Trips>;
  close(): void;
}

function open(route: RouteName, kind: Kind, payload: Payload, count: Count, { wires }: Receiver): Ours {
  if (isBlocking(route)) {
    const port = openBlocking(route, wires, payload, true);
    const begin = () =>
      kind === "trips" ? spinTrips(port, count.messages, count.clocked) : spinFlow(port, count.messages);
    return { begin: async () => begin(), close() {} };
  }
  const port = openPort(route, wires, payload, true);
  const begin = kind === "trips" ? makeTrips : makeFlow;
  return { begin: () => begin(port, count.messages), close: () => port.close() };
}

interface Count {
  readonly messages: number;
  /** More of them, each by its own clock. */
  readonly clocked: number;
}

/** @throws {Error} a message came out of its turn, torn or not at all */
export async function runCourse(
  receiver: Receiver,
  route: RouteName,
  kind: Kind,
  payload: Payload,
  messages: number,
): Promise<Course> {
  const clocked = isBlocking(route) && kind === "trips" ? Math.min(CLOCKED, messages) : 0;
  const ours = open(route, kind, payload, { messages, clocked }, receiver);
  try {
    const { bytes, touch } = payload;
    const { ready, served } = receiver.serve({ route, kind, bytes, touch, count: 1 + messages + clocked });
    await ready;
    const [course, { end, cpu }] = await Promise.all([ours.begin(), served]);
    return {
      nanoseconds: ("end" in course ? course.end : end) - course.start,
      each: "each" in course ? course.each : new Float64Array(0),
      cpu: 1000 * (cpuSince(course.cpu) + cpu),
      wall: end - course.start,
    };
  } finally {
    ours.close();
  }
}
