// The transports from one process to another, or to a thread: their names, and how to open an end of each.
import type { Socket } from "node:net";
import { KiB, MiB } from "../../harness/size.js";
import { type Channel, JsonPort, PostPort, SendPort } from "./channelport.js";
import type { Payload } from "./message.js";
import type { Port, SpinningPort } from "./port.js";
import { clearRing, ringBytes } from "./ring.js";
import { RingPort, type Rings, SpinningRingPort } from "./ringport.js";
import { SocketPort } from "./socketport.js";

/** The receiver: a process with that serialization of process.send, or a thread. */
export type End = "json" | "advanced" | "worker";

/** What connects the two ends, for as long as both live. */
export interface Wires {
  readonly channel: Channel;
  readonly socket?: Socket | undefined;
  readonly bell?: Socket | undefined;
  /** The segment's window in this process. */
  readonly bytes?: Uint8Array | undefined;
  /** Throws if it makes no sense to wait for the other side any longer. */
  readonly watch: () => void;
}

interface Transport {
  readonly name: string;
  readonly end: End;
  /** While a side waits, nothing else runs in its thread. */
  readonly blocks?: true;
  /** Both sides keep a core busy: not for a machine with one core. */
  readonly spins?: true;
}

/** The others are compared to the first. */
export const transports = {
  json: { name: "process.send, JSON", end: "json" },
  advanced: { name: "process.send, advanced", end: "advanced" },
  socket: { name: "Unix socket", end: "advanced" },
  copied: { name: "postMessage, copied", end: "worker" },
  transferred: { name: "postMessage, transferred", end: "worker" },
  woken: { name: "segment, woken", end: "advanced" },
  patient: { name: "segment, spins 50 µs, then woken", end: "advanced", spins: true },
  napping: { name: "segment, spins 10 µs, then naps", end: "advanced", blocks: true },
  spinning: { name: "segment, spinning", end: "advanced", blocks: true, spins: true },
} as const satisfies Record<string, Transport>;

export type TransportName = keyof typeof transports;
export type BlockingTransport = "napping" | "spinning";
export type AsyncTransport = Exclude<TransportName, BlockingTransport>;

export const isBlocking = (name: TransportName): name is BlockingTransport => "blocks" in transports[name];

/** Long enough for the answer of a receiver that is awake, and far shorter than a person notices. */
const SPIN_NS = 50_000;

/** Most messages on their way, if the transport itself has no limit: 256 KiB of them, and from 4 to 1,024. */
const slotsOf = (bytes: number): number => Math.min(1024, Math.max(4, (256 * KiB) / bytes));

/** Bytes of two rings for the largest message. */
export const segmentBytes = 2 * ringBytes(MiB, slotsOf(MiB));

/** @param sends whether this side is the sender, which writes to the first ring */
function rings(wires: Wires, { bytes }: Payload, sends: boolean): Rings {
  if (wires.bytes === undefined) throw new Error("this end has no segment");
  const slots = slotsOf(bytes);
  const length = ringBytes(bytes, slots);
  const both = [wires.bytes.subarray(0, length), wires.bytes.subarray(length, 2 * length)] as const;
  if (sends) for (const ring of both) clearRing(ring); // the receiver does not look at them before it gets an order
  return sends ? { out: both[0], in: both[1], slots } : { out: both[1], in: both[0], slots };
}

function wire(socket: Socket | undefined): Socket {
  if (socket === undefined) throw new Error("this end has no socket");
  return socket;
}

export function openBlocking(name: BlockingTransport, wires: Wires, payload: Payload, sends: boolean): SpinningPort {
  return new SpinningRingPort(payload, rings(wires, payload, sends), name === "napping", wires.watch);
}

export function openPort(name: AsyncTransport, wires: Wires, payload: Payload, sends: boolean): Port {
  switch (name) {
    case "json":
      return new JsonPort(payload, wires.channel);
    case "advanced":
      return new SendPort(payload, wires.channel);
    case "socket":
      return new SocketPort(payload, wire(wires.socket));
    case "copied":
    case "transferred":
      return new PostPort(payload, wires.channel, slotsOf(payload.bytes), name === "transferred");
    case "woken":
    case "patient":
      return new RingPort(payload, rings(wires, payload, sends), wire(wires.bell), name === "patient" ? SPIN_NS : 0);
  }
}
