// Messages by a ring in C, whose loops run in C as well: bench/native/ring.c.
import { bareCalls } from "../../rivals/addon.js";
import { BATCH } from "./domainport.js";
import type { Payload } from "./message.js";
import { cpuSince, type Kind, type RoundTrips, type Served } from "./port.js";
import { attached, channelsOf, type NativeTransport, type Wires } from "./transports.js";

/** What both sides know of a trial. */
export interface RingTrial {
  readonly transport: NativeTransport;
  readonly wires: Wires;
  readonly kind: Kind;
  readonly payload: Payload;
  /** Messages, without the one before the clock starts. */
  readonly messages: number;
}

function play({ transport, wires, kind, payload, messages }: RingTrial, sends: boolean): readonly [number, number] {
  const { ringOut, ringIn, capacity } = channelsOf(payload, sends);
  const isOneWay = kind === "one-way throughput" ? 1 : 0;
  const { bytes } = attached(wires);
  const batch = transport === "ringBatches" ? BATCH : 1;
  const call = [bytes, ringOut, ringIn, capacity, payload.bytes, isOneWay, messages, batch, sends ? 1 : 0] as const;
  const times = bareCalls().ring(...call);
  if (times === undefined) throw new Error("the other side of the ring did not answer, or a wrong message came");
  return times;
}

/** The sender's part. Single round trips are not timed. */
export function playRing(trial: RingTrial): RoundTrips {
  const cpu = process.cpuUsage();
  const [start, end] = play(trial, true);
  return { start, end, each: new Float64Array(0), cpu };
}

/** The receiver's part. */
export function serveRing(trial: RingTrial): Served {
  const before = process.cpuUsage();
  const [, end] = play(trial, false);
  return { end, cpu: cpuSince(before) };
}
