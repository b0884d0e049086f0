// The transports from one process to another, or to a thread: their names, and how to open an end of each.
import type { Socket } from "node:net";
import type { Attachment } from "wasm-shm";
import { KiB, MiB } from "../../harness/size.js";
import { type Channel, JsonPort, PostPort, SendPort } from "./channelport.js";
import { DisruptorPort } from "./disruptorport.js";
import { AwaitedPort, channelBytes, channelPlaces, EndPort } from "./domainport.js";
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
  /** The segment in this process. */
  readonly attachment?: Attachment | undefined;
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

/** All are measured with messages of each size. The others are compared to the first. */
export const compared = {
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

/** These are measured only for the goals of the package's channels. */
const judged = {
  ring: { name: "C ring of the same layout", end: "advanced", blocks: true, spins: true },
  ringBatches: { name: "C ring, in batches", end: "advanced", blocks: true, spins: true },
  channel: { name: "channel", end: "advanced", blocks: true, spins: true },
  batches: { name: "channel, in batches", end: "advanced", blocks: true, spins: true },
  claims: { name: "channel, claim and commit", end: "advanced", blocks: true, spins: true },
  awaited: { name: "channel, awaited", end: "advanced" },
  written: { name: "Unix socket, a write each", end: "advanced" },
  disruptor: { name: "shared-memory-disruptor", end: "advanced", blocks: true, spins: true },
} as const satisfies Record<string, Transport>;

export const transports = { ...compared, ...judged };

export type TransportName = keyof typeof transports;
/** Their loops are not JavaScript. */
export type NativeTransport = "ring" | "ringBatches";
type Blocking = "napping" | "spinning" | "channel" | "batches" | "claims" | "disruptor";
export type AsyncTransport = Exclude<TransportName, Blocking | NativeTransport>;

export const isNative = (name: TransportName): name is NativeTransport => name === "ring" || name === "ringBatches";

export const isBlocking = (name: TransportName): name is Blocking => "blocks" in transports[name];

/** Long enough for the answer of a receiver that is awake, and far shorter than a person notices. */
const SPIN_NS = 50_000;

/** Most messages on their way, if the transport itself has no limit: 256 KiB of them, and from 4 to 1,024. */
const slotsOf = (bytes: number): number => Math.min(1024, Math.max(4, (256 * KiB) / bytes));

/** Each has two rings of its own, as the ports of all transports of a group are open at the same time. */
const ringed = ["woken", "patient", "napping", "spinning"] as const;

/** Two rings for the largest message. */
const ringsBytes = 2 * ringBytes(MiB, slotsOf(MiB));
/** Behind all rings: the domain with the channels. */
const domainAt = ringed.length * ringsBytes;
export const segmentBytes = domainAt + channelBytes;

export function attached({ attachment }: Wires): Attachment {
  if (attachment === undefined) throw new Error("this end has no segment");
  return attachment;
}

/** @param sends whether this side is the sender, which writes to the first ring */
function rings(name: (typeof ringed)[number], wires: Wires, { bytes }: Payload, sends: boolean): Rings {
  const window = attached(wires).bytes.subarray(ringed.indexOf(name) * ringsBytes);
  const slots = slotsOf(bytes);
  const length = ringBytes(bytes, slots);
  const both = [window.subarray(0, length), window.subarray(length, 2 * length)] as const;
  if (sends) for (const ring of both) clearRing(ring); // the receiver opens its ends after this
  return sends ? { out: both[0], in: both[1], slots } : { out: both[1], in: both[0], slots };
}

function wire(socket: Socket | undefined): Socket {
  if (socket === undefined) throw new Error("this end has no socket");
  return socket;
}

/** Where the C ring, and the channels of that size are, from this side's point of view. */
export const channelsOf = ({ bytes }: Payload, sends: boolean) => channelPlaces(domainAt, bytes, sends);

export function openBlocking(name: Blocking, wires: Wires, payload: Payload, sends: boolean): SpinningPort {
  switch (name) {
    case "napping":
    case "spinning":
      return new SpinningRingPort(payload, rings(name, wires, payload, sends), name === "napping", wires.watch);
    case "channel":
    case "batches":
    case "claims":
      return new EndPort(payload, attached(wires), channelsOf(payload, sends), name, wires.watch);
    case "disruptor":
      return new DisruptorPort(payload, sends, wires.watch);
  }
}

export function openPort(name: AsyncTransport, wires: Wires, payload: Payload, sends: boolean): Port {
  switch (name) {
    case "json":
      return new JsonPort(payload, wires.channel);
    case "advanced":
      return new SendPort(payload, wires.channel);
    case "socket":
    case "written":
      return new SocketPort(payload, wire(wires.socket), name === "socket");
    case "copied":
    case "transferred":
      return new PostPort(payload, wires.channel, slotsOf(payload.bytes), name === "transferred");
    case "woken":
    case "patient":
      return new RingPort(
        payload,
        rings(name, wires, payload, sends),
        wire(wires.bell),
        name === "patient" ? SPIN_NS : 0,
      );
    case "awaited":
      return new AwaitedPort(payload, attached(wires), channelsOf(payload, sends));
  }
}
