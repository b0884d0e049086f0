// Starts the receivers: two processes, one for each serialization of process.send, and a thread. Each sleeps until it
// gets an order, so that it takes no core from the receiver that is being timed.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Attachment } from "wasm-shm";
import type { Channel } from "./channelport.js";
import { type Answer, Descriptor, Line, type Order, PATIENCE_MS, Patience } from "./control.js";
import type { Served } from "./port.js";
import type { End, Wires } from "./transports.js";

/** Time that a receiver's process has to end before it is killed. */
const FAREWELL_MS = 1000;

/** This side's view of a receiver. */
export class Receiver {
  readonly wires: Wires;
  readonly #line: Line;
  readonly #name: string;
  readonly #patience = new Patience(); // while this side spins, no event can tell that the receiver has ended
  #answered: (answer: Answer) => void = () => {};
  #lost: (error: Error) => void = () => {};
  #gone: Error | undefined;
  #opened = 0;

  /** @param name of what it is, "process" or "thread", for errors */
  constructor(name: string, post: Channel["post"], more: Omit<Wires, "channel" | "watch">) {
    this.#name = name;
    this.#line = new Line(post, (message) => this.#answered(message as Answer));
    this.wires = { channel: this.#line, ...more, watch: this.#patience.check };
  }

  get arrived(): (message: unknown) => void {
    return this.#line.arrived;
  }

  /** Rejects what is being waited for. */
  gone(how: string): void {
    this.#gone = new Error(`the ${this.#name} at the other end ended: ${how}`);
    this.#lost(this.#gone);
  }

  /** A number for a transport that is to be opened. */
  number(): number {
    return this.#opened++;
  }

  /** Resolves once it has attached. */
  attached(): Promise<void> {
    return this.#answer().then(() => {});
  }

  /** Asks it to open or to close a transport. */
  async ask(order: Order): Promise<void> {
    const done = this.#answer();
    this.#line.say(order);
    await done;
  }

  /** Asks it to receive. Both promises reject if it fails or ends. */
  serve(order: Order): { ready: Promise<void>; served: Promise<Served> } {
    let isReady = (): void => {};
    const served = this.#answer(() => isReady()) as Promise<Served>;
    const ready = new Promise<void>((resolve, reject) => {
      isReady = resolve;
      served.catch(reject);
    });
    this.#patience.begin();
    this.#line.say(order);
    return { ready, served };
  }

  /** The next answer but "ready". Rejects if the receiver fails, ends or is silent for too long. */
  #answer(ready = () => {}): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (this.#gone !== undefined) return reject(this.#gone);
      const limit = setTimeout(() => reject(new Error("no answer")), PATIENCE_MS);
      this.#lost = (error) => {
        clearTimeout(limit);
        reject(error);
      };
      this.#answered = (answer) => {
        if (answer === "ready") return ready();
        clearTimeout(limit);
        if (typeof answer === "object" && "failed" in answer) reject(new Error(answer.failed));
        else resolve(answer);
      };
    });
  }
}

export type Receivers = Readonly<Record<End, Receiver>>;

const script = fileURLToPath(new URL("./receiver.child.js", import.meta.url));

const socketOf = (child: ChildProcess, descriptor: number): Socket => {
  const socket = child.stdio[descriptor];
  if (!(socket instanceof Socket)) throw new Error(`descriptor ${descriptor} is not a socket`);
  socket.on("error", () => {}); // its process is gone; the process's exit event reports that
  return socket;
};

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  if (child.connected) child.disconnect();
  const limit = setTimeout(() => child.kill("SIGKILL"), FAREWELL_MS); // if it spins, it does not see the disconnect
  await ended;
  clearTimeout(limit);
}

/**
 * @param id of a segment that lives by an attachment of this process
 * @param attachment that one
 */
async function withProcess<T>(
  serialization: "json" | "advanced",
  id: number,
  attachment: Attachment,
  work: (receiver: Receiver) => Promise<T>,
): Promise<T> {
  const stdio = ["ignore", "inherit", "inherit", "ipc", "pipe", "pipe"] as const;
  const child = fork(script, [String(id)], { serialization, execArgv: [], stdio: [...stdio] });
  try {
    const receiver = new Receiver("process", (message, done) => child.send(message as object, done), {
      socket: socketOf(child, Descriptor.socket),
      bell: socketOf(child, Descriptor.bell),
      attachment,
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

/** Calls `work` with all receivers. They have ended when the result is there, however `work` ends. */
export function withReceivers<T>(
  id: number,
  attachment: Attachment,
  work: (receivers: Receivers) => Promise<T>,
): Promise<T> {
  return withProcess("json", id, attachment, (json) =>
    withProcess("advanced", id, attachment, (advanced) => withThread((worker) => work({ json, advanced, worker }))),
  );
}
