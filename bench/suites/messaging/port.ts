// How messages go, the same for all transports. In a round trip the sender sends a message, and the receiver checks it
// and sends one of the same size back. For throughput messages go one way, with as many on their way as the transport
// takes, until the receiver has checked the last one. Before either, one message goes there and back, so that the
// receiver is ready when the clock starts.

/**
 * One end of a transport, for messages of one size. It numbers the messages that it sends, and checks those that
 * arrive.
 */
export interface Port {
  /** Sends the next message. False if there is no room for another one: then flush, and wait for {@link room}. */
  send(): boolean;
  /** Delivers the messages that `send` has gathered. */
  flush(): void;
  /** Resolves once there is room again. */
  room(): Promise<void>;
  /** From now on calls `heard` for each message that arrives and is right, and `failed` for one that is wrong. */
  listen(heard: () => void, failed: (error: unknown) => void): void;
  /** Stops listening until the next `listen`, so that another port may use the same socket or channel meanwhile. */
  rest(): void;
  /** For good. The socket or channel stays open. */
  close(): void;
}

/** A port that waits by polling; nothing else runs in its thread meanwhile. */
export interface SpinningPort {
  send(): void;
  flush(): void;
  receive(): void;
  close(): void;
}

/** Nanoseconds of CLOCK_MONOTONIC, which is the same clock in all processes. */
export const now = (): number => Number(process.hrtime.bigint());

/** When the clock started, and the CPU time that this process had used by then. */
export interface Start {
  readonly start: number;
  readonly cpu: NodeJS.CpuUsage;
}

export interface RoundTrips extends Start {
  readonly end: number;
  /** Nanoseconds of single round trips, each timed by itself. */
  readonly each: Float64Array;
}

/** Microseconds of CPU time that this process has used since. */
export function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Sends a message, and waits for one. */
function roundTrip(port: Port): Promise<void> {
  return new Promise((resolve, reject) => {
    port.listen(resolve, reject);
    port.send();
    port.flush();
  });
}

/** The sender's part: `count` round trips, one after the other, or each after a rest that is not timed. */
export async function makeRoundTrips(port: Port, count: number, restMs = 0): Promise<RoundTrips> {
  await roundTrip(port);
  const each = new Float64Array(count);
  const cpu = process.cpuUsage();
  const start = now();
  let last = start;
  let made = 0;
  const send = (): void => {
    port.send();
    port.flush();
  };
  const sendRested = (): void => {
    last = now();
    send();
  };
  await new Promise<void>((resolve, reject) => {
    port.listen(() => {
      const time = now();
      each[made++] = time - last;
      last = time;
      if (made === count) return resolve();
      if (restMs === 0) send();
      else setTimeout(sendRested, restMs);
    }, reject);
    send();
  });
  return { start, end: restMs === 0 ? last : start + each.reduce((sum, time) => sum + time), each, cpu };
}

/** The sender's part: `count` messages, one way. The receiver says when it has checked the last one. */
export async function sendOneWay(port: Port, count: number): Promise<Start> {
  await roundTrip(port);
  const cpu = process.cpuUsage();
  const start = now();
  for (let sent = 0; sent < count; sent++)
    if (!port.send() && sent + 1 < count) {
      port.flush();
      await port.room();
    }
  port.flush();
  return { start, cpu };
}

/**
 * The same at a spinning port, where a look at the clock takes a good part of a round trip. So `count` round trips are
 * timed together, and then `clocked` more are timed one by one.
 */
export function spinRoundTrips(port: SpinningPort, count: number, clocked: number): RoundTrips {
  const roundTrip = (): void => {
    port.send();
    port.flush();
    port.receive();
  };
  roundTrip();
  const cpu = process.cpuUsage();
  const start = now();
  for (let made = 0; made < count; made++) roundTrip();
  const end = now();
  const each = new Float64Array(clocked);
  for (let made = 0, last = now(); made < clocked; made++) {
    roundTrip();
    const time = now();
    each[made] = time - last;
    last = time;
  }
  return { start, end, each, cpu };
}

/** `sendOneWay` at a spinning port. */
export function spinOneWay(port: SpinningPort, count: number): Start {
  port.send();
  port.flush();
  port.receive();
  const cpu = process.cpuUsage();
  const start = now();
  for (let sent = 0; sent < count; sent++) port.send();
  port.flush();
  return { start, cpu };
}

/** What the receiver reports at the end. */
export interface Served {
  /** When it had checked the last message. */
  readonly end: number;
  /** Microseconds of CPU time that its process used from the first message on. */
  readonly cpu: number;
}

/** What a trial measures. */
export type Kind = "round trip" | "one-way throughput";

/** The receiver's part: `count` messages, including the one before the clock starts. */
export function serve(port: Port, kind: Kind, count: number): Promise<Served> {
  return new Promise((resolve, reject) => {
    let heard = 0;
    let before: NodeJS.CpuUsage | undefined;
    port.listen(() => {
      heard++;
      before ??= process.cpuUsage();
      if (kind === "round trip" || heard === 1) {
        port.send();
        port.flush();
      }
      if (heard === count) resolve({ end: now(), cpu: cpuSince(before) });
    }, reject);
  });
}

/** `serve` at a spinning port. */
export function spinServe(port: SpinningPort, kind: Kind, count: number): Served {
  port.receive();
  const before = process.cpuUsage();
  port.send();
  port.flush();
  for (let heard = 1; heard < count; heard++) {
    port.receive();
    if (kind === "round trip") {
      port.send();
      port.flush();
    }
  }
  return { end: now(), cpu: cpuSince(before) };
}
