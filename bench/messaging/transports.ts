// The ways from one process to another, or to a thread: each by name, and how an end of it is opened.
import type { Socket } from "node:net";
import { KiB, MiB } from "../harness/window.js";
import { type Channel, JsonPort, PostPort, SendPort } from "./channelport.js";
import type { Payload } from "./message.js";
import type { Port, SpinningPort } from "./port.js";
import { clearRing, ringBytes } from "./ring.js";
import { RingPort, type Rings, SpinningRingPort } from "./ringport.js";
import { SocketPort } from "./socketport.js";

/** Who is at the other end: a process, by the serialization of its process.send, or a thread. */
export type End = "json" | "advanced" | "worker";

/** What connects the two; all of it is there for as long as they are. */
export interface Wires {
  readonly channel: Channel;
  readonly socket?: Socket | undefined;
  readonly bell?: Socket | undefined;
  /** Of the segment, in its own process each. */
  readonly bytes?: Uint8Array | undefined;
  /** Throws where it is no use to wait for the other any longer. */
  readonly watch: () => void;
}

interface Route {
  readonly name: string;
  readonly end: End;
  /** While a side waits nothing else happens in its thread. */
  readonly blocks?: true;
  /** Both sides keep a core busy: not for a machine that has but one. */
  readonly spins?: true;
}

/** The first is what the others are compared to. */
export const routes = {
  json: { name: "process.send, JSON", end: "json" },
  advanced: { name: "process.send, advanced", end: "advanced" },
  socket: { name: "Unix socket", end: "advanced" },
  copied: { name: "postMessage, copied", end: "worker" },
  transferred: { name: "postMessage, transferred", end: "worker" },
  woken: { name: "segment, woken", end: "advanced" },
  patient: { name: "segment, spins 50 µs, then woken", end: "advanced", spins: true },
  napping: { name: "segment, spins 10 µs, then naps", end: "advanced", blocks: true },
  spinning: { name: "segment, spinning", end: "advanced", blocks: true, spins: true },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;
export type BlockingRoute = "napping" | "spinning";
export type OpenRoute = Exclude<RouteName, BlockingRoute>;

export const isBlocking = (route: RouteName): route is BlockingRoute => "blocks" in routes[route];

/** Long enough for the answer of a peer that is awake, far shorter than a person notices. */
const SPIN_NS = 50_000;

/** Messages underway, where the route does not say itself when it is full: 256 KiB of them, between 4 and 1,024. */
const slotsOf = (bytes: number): number => Math.min(1024, Math.max(4, (256 * KiB) / bytes));

/** Bytes that two rings need, for the largest message. */
export const segmentBytes = 2 * ringBytes(MiB, slotsOf(MiB));

/** Who begins writes to the first ring. */
function rings(wires: Wires, { bytes }: Payload, begins: boolean): Rings {
  if (wires.bytes === undefined) throw new Error("this end has no segment");
  const slots = slotsOf(bytes);
  const length = ringBytes(bytes, slots);
  const both = [wires.bytes.subarray(0, length), wires.bytes.subarray(length, 2 * length)] as const;
  if (begins) for (const ring of both) clearRing(ring); // the other looks at them only when it is asked to serve
  return begins ? { out: both[0], in: both[1], slots } : { out: both[1], in: both[0], slots };
}

function wire(socket: Socket | undefined): Socket {
  if (socket === undefined) throw new Error("this end has no socket");
  return socket;
}

export function openBlocking(route: BlockingRoute, wires: Wires, payload: Payload, begins: boolean): SpinningPort {
  return new SpinningRingPort(payload, rings(wires, payload, begins), route === "napping", wires.watch);
}

export function openPort(route: OpenRoute, wires: Wires, payload: Payload, begins: boolean): Port {
  switch (route) {
    case "json":
      return new JsonPort(payload, wires.channel);
    case "advanced":
      return new SendPort(payload, wires.channel);
    case "socket":
      return new SocketPort(payload, wire(wires.socket));
    case "copied":
    case "transferred":
      return new PostPort(payload, wires.channel, slotsOf(payload.bytes), route === "transferred");
    case "woken":
    case "patient":
      return new RingPort(payload, rings(wires, payload, begins), wire(wires.bell), route === "patient" ? SPIN_NS : 0);
  }
}
