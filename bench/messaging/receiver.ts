// The other ends of a hand-over: two processes, one for each serialization of process.send, and a thread. Each sleeps
// until it is asked to serve, so that none takes a core from the one that is being timed.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Channel } from "./channelport.js";
import type { Touch } from "./message.js";
import type { Kind, Served } from "./port.js";
import type { End, RouteName, Wires } from "./transports.js";

/** What the other end is asked. */
export interface Order {
  readonly route: RouteName;
  readonly kind: Kind;
  readonly bytes: number;
  readonly touch: Touch;
  /** Messages that it gets. */
  readonly count: number;
}

/** What it says: when it is attached, when it is about to serve, and how that ended. */
export type Answer = "attached" | "ready" | Served | { readonly failed: string };

/** File descriptors of the process at the other end: both are ends of socket pairs, which have no name to leave behind. */
export const Descriptor = { socket: 4, bell: 5 } as const;

const PATIENCE_MS = 30_000;
const FAREWELL_MS = 1000;

/** Throws where the other side has not moved for long; to be called while spinning for it. */
export function patience(isThere: () => boolean): () => void {
  const limit = Date.now() + PATIENCE_MS;
  return () => {
    if (!isThere()) throw new Error("the other process is gone");
    if (Date.now() > limit) throw new Error("the other process does not answer");
  };
}

/** Orders and answers go by the same channel as messages do; they are wrapped. */
interface Wrapped {
  readonly control: unknown;
}

const isWrapped = (message: unknown): message is Wrapped =>
  typeof message === "object" && message !== null && "control" in message;

/** An end of process.send or postMessage. */
export class Line implements Channel {
  readonly post: Channel["post"];
  readonly #control: (message: unknown) => void;
  #listener: ((message: unknown) => void) | undefined;

  constructor(post: Channel["post"], control: (message: unknown) => void) {
    this.post = post;
    this.#control = control;
  }

  say(control: unknown, done?: () => void): void {
    this.post({ control } satisfies Wrapped, done);
  }

  hear(listener: ((message: unknown) => void) | undefined): void {
    this.#listener = listener;
  }

  readonly arrived = (message: unknown): void => {
    if (isWrapped(message)) this.#control(message.control);
    else this.#listener?.(message);
  };
}

export class Receiver {
  readonly wires: Wires;
  readonly #line: Line;
  readonly #name: string;
  #answered: (answer: Answer) => void = () => {};
  #lost: (error: Error) => void = () => {};

  /** @param bytes of the segment */
  constructor(name: string, post: Channel["post"], more: Omit<Wires, "channel" | "watch">) {
    this.#name = name;
    this.#line = new Line(post, (message) => this.#answered(message as Answer));
    this.wires = { channel: this.#line, ...more, watch: () => this.#watch() };
  }

  #watch: () => void = () => {};

  get arrived(): (message: unknown) => void {
    return this.#line.arrived;
  }

  gone(how: string): void {
    this.#lost(new Error(`the ${this.#name} at the other end ended: ${how}`));
  }

  /** Resolves once it has attached. */
  attached(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#lost = reject;
      this.#answered = () => resolve();
    });
  }

  /** Both reject where it fails or ends. */
  serve(order: Order): { ready: Promise<void>; served: Promise<Served> } {
    let isReady = (): void => {};
    const served = new Promise<Served>((resolve, reject) => {
      this.#lost = reject;
      this.#answered = (answer) => {
        if (answer === "ready") isReady();
        else if (typeof answer === "object" && "failed" in answer) reject(new Error(answer.failed));
        else resolve(answer as Served);
      };
    });
    const limit = setTimeout(() => this.#lost(new Error(`${order.route}: no answer`)), PATIENCE_MS);
    const ready = new Promise<void>((resolve, reject) => {
      isReady = resolve;
      served.catch(reject).finally(() => clearTimeout(limit));
    });
    this.#watch = patience(() => true); // that it ended no event tells while this side spins
    this.#line.say(order);
    return { ready, served };
  }
}

export type Receivers = Readonly<Record<End, Receiver>>;

const script = fileURLToPath(new URL("./receiving.js", import.meta.url));

const socketOf = (child: ChildProcess, descriptor: number): Socket => {
  const socket = child.stdio[descriptor];
  if (!(socket instanceof Socket)) throw new Error(`descriptor ${descriptor} is no socket`);
  socket.on("error", () => {}); // the process at its other end is gone, which is told elsewhere
  return socket;
};

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  if (child.connected) child.disconnect();
  const limit = setTimeout(() => child.kill("SIGKILL"), FAREWELL_MS); // it may be spinning, deaf to all
  await ended;
  clearTimeout(limit);
}

/** @param id of a segment, alive by an attachment of this process; `bytes` is its window here */
async function withProcess<T>(
  serialization: "json" | "advanced",
  id: number,
  bytes: Uint8Array,
  work: (receiver: Receiver) => Promise<T>,
): Promise<T> {
  const stdio = ["ignore", "inherit", "inherit", "ipc", "pipe", "pipe"] as const;
  const child = fork(script, [String(id)], { serialization, execArgv: [], stdio: [...stdio] });
  try {
    const receiver = new Receiver("process", (message, done) => child.send(message as object, done), {
      socket: socketOf(child, Descriptor.socket),
      bell: socketOf(child, Descriptor.bell),
      bytes,
    });
    child.on("message", receiver.arrived);
    child.on("error", (error) => receiver.gone(error.message));
    child.on("exit", (code, signal) => receiver.gone(signal ?? `code ${code}`));
    await receiver.attached();
    return await work(receiver);
  } finally {
    await endChild(child);
  }
}

async function withThread<T>(work: (receiver: Receiver) => Promise<T>): Promise<T> {
  const worker = new Worker(script, { execArgv: [] });
  try {
    const post: Channel["post"] = (message, _done, transfer) => {
      worker.postMessage(message, transfer);
      return true;
    };
    const receiver = new Receiver("thread", post, {});
    worker.on("message", receiver.arrived);
    worker.on("error", (error) => receiver.gone(error.message));
    worker.on("exit", (code) => receiver.gone(`code ${code}`));
    await receiver.attached();
    return await work(receiver);
  } finally {
    await worker.terminate();
  }
}

/** Calls `work` with all of them; they are gone once it is done, however it ends. */
export function withReceivers<T>(
  id: number,
  bytes: Uint8Array,
  work: (receivers: Receivers) => Promise<T>,
): Promise<T> {
  return withProcess("json", id, bytes, (json) =>
    withProcess("advanced", id, bytes, (advanced) => withThread((worker) => work({ json, advanced, worker }))),
  );
}
