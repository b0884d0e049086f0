// How messages go, the same for all paths. A trip: this process hands a message over, and its peer one of the same size
// back, once it has looked at it. A flow: messages go one way, as many underway as the path takes, until the peer has
// looked at the last. Before either one message goes to and fro, so that the peer is there when the clock starts.

/** One end of a path, for messages of one size. It numbers and checks what it hands over and what arrives. */
export interface Port {
  /** Takes the next message; false where there is no room for another one: then flush, and wait for {@link room}. */
  send(): boolean;
  /** Hands over what send has gathered. */
  flush(): void;
  /** Resolves once there is room again. */
  room(): Promise<void>;
  /** From now on calls `heard` at each message that arrived and is right, and `failed` where one is not. */
  listen(heard: () => void, failed: (error: unknown) => void): void;
  /** Hears no more. What the path goes by stays. */
  close(): void;
}

/** One that waits by looking again and again; nothing else happens in its thread meanwhile. */
export interface SpinningPort {
  send(): void;
  flush(): void;
  receive(): void;
}

/** Monotonic nanoseconds: the same clock in all processes, CLOCK_MONOTONIC. */
export const now = (): number => Number(process.hrtime.bigint());

/** What was used before the clock started, and when that was. */
export interface Start {
  readonly start: number;
  readonly cpu: NodeJS.CpuUsage;
}

export interface Trips extends Start {
  readonly end: number;
  /** Of single trips, each by its own clock: nanoseconds. */
  readonly each: Float64Array;
}

/** Microseconds that this process used since. */
export function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Sends a message, and waits for one. */
function trip(port: Port): Promise<void> {
  return new Promise((resolve, reject) => {
    port.listen(resolve, reject);
    port.send();
    port.flush();
  });
}

/** So many trips, one after the other. */
export async function makeTrips(port: Port, count: number): Promise<Trips> {
  await trip(port);
  const each = new Float64Array(count);
  const cpu = process.cpuUsage();
  const start = now();
  let last = start;
  let made = 0;
  await new Promise<void>((resolve, reject) => {
    port.listen(() => {
      const time = now();
      each[made++] = time - last;
      last = time;
      if (made === count) return resolve();
      port.send();
      port.flush();
    }, reject);
    port.send();
    port.flush();
  });
  return { start, end: last, each, cpu };
}

/** So many messages, one way. When the last was looked at, the peer says. */
export async function makeFlow(port: Port, count: number): Promise<Start> {
  await trip(port);
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

/** At a spinning port the clock would be a good part of a trip: so many trips by one, and then `clocked` by one each. */
export function spinTrips(port: SpinningPort, count: number, clocked: number): Trips {
  const trip = (): void => {
    port.send();
    port.flush();
    port.receive();
  };
  trip();
  const cpu = process.cpuUsage();
  const start = now();
  for (let made = 0; made < count; made++) trip();
  const end = now();
  const each = new Float64Array(clocked);
  for (let made = 0, last = now(); made < clocked; made++) {
    trip();
    const time = now();
    each[made] = time - last;
    last = time;
  }
  return { start, end, each, cpu };
}

export function spinFlow(port: SpinningPort, count: number): Start {
  port.send();
  port.flush();
  port.receive();
  const cpu = process.cpuUsage();
  const start = now();
  for (let sent = 0; sent < count; sent++) port.send();
  port.flush();
  return { start, cpu };
}

/** What the peer says in the end. */
export interface Served {
  /** When it had looked at the last message. */
  readonly end: number;
  /** That its process used, from the first message on: microseconds. */
  readonly cpu: number;
}

export type Kind = "trips" | "flow";

/** The peer's part: so many messages, the one before the clock starts among them. */
export function serve(port: Port, kind: Kind, count: number): Promise<Served> {
  return new Promise((resolve, reject) => {
    let heard = 0;
    let before: NodeJS.CpuUsage | undefined;
    port.listen(() => {
      heard++;
      before ??= process.cpuUsage();
      if (kind === "trips" || heard === 1) {
        port.send();
        port.flush();
      }
      if (heard === count) resolve({ end: now(), cpu: cpuSince(before) });
    }, reject);
  });
}

export function spinServe(port: SpinningPort, kind: Kind, count: number): Served {
  port.receive();
  const before = process.cpuUsage();
  port.send();
  port.flush();
  for (let heard = 1; heard < count; heard++) {
    port.receive();
    if (kind === "trips") {
      port.send();
      port.flush();
    }
  }
  return { end: now(), cpu: cpuSince(before) };
}
