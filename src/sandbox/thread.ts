import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { unsupported } from "../common/errors.js";
import { CANNOT_END, endsThreads, threadExists } from "./engine.js";
import type { Job } from "./job.js";
import { type FromWorker, Signal, type ToWorker, type WorkerData } from "./protocol.js";
import { source } from "./source.js";

export interface ThreadEvents {
  message(message: FromWorker): void;
  /** The thread ended by an error of its own; `exit` follows. */
  failed(cause: unknown): void;
  /** The thread has ended, and its windows are detached. All of its messages have been delivered. */
  exit(): void;
}

/** How often to look whether a thread has ended, and for how long. */
const POLL_MS = 5;
const LONGEST_END_MS = 3000;

/** The worker thread of a guest, and the messages to and from it. */
export class GuestThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signal = new Int32Array(new SharedArrayBuffer(12));

  constructor(job: Job, events: ThreadEvents) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    // Its code is a text, not a file: a bundle has no file of this package.
    this.#worker = new Worker(source, {
      eval: true,
      workerData: { ...job, port: port2, signal: this.#signal } satisfies WorkerData,
      transferList: [port2],
      name: "wasm-shm sandbox",
      execArgv: [],
    });
    port1.on("message", events.message);
    this.#worker.on("error", events.failed);
    this.#worker.on("exit", async () => {
      if (!endsThreads) await this.#gone();
      // Its last messages may still be on the way.
      for (let last = receiveMessageOnPort(port1); last; last = receiveMessageOnPort(port1))
        events.message(last.message as FromWorker);
      events.exit();
    });
  }

  post(message: ToWorker): void {
    this.#port.postMessage(message);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#signal, Signal.Messages, 1);
    Atomics.notify(this.#signal, Signal.Messages);
  }

  /** A thread that has something to do keeps the process alive; an idle one does not. */
  keepProcess(alive: boolean): void {
    const change = alive ? "ref" : "unref";
    this.#worker[change]();
    this.#port[change]();
  }

  /** Delivers no more messages. */
  disconnect(): void {
    this.#port.close();
  }

  /** Resolves once the thread has ended, by which its windows are detached. */
  async terminate(): Promise<void> {
    Atomics.store(this.#signal, Signal.Closing, 1);
    this.#wake(); // a thread that waits ends by itself
    if (!endsThreads) await this.#gone(); // after terminate() it would stay
    if (!endsThreads && this.#isThere()) throw unsupported("to end a guest that runs", CANNOT_END);
    await this.#worker.terminate();
  }

  /** Whether the kernel still has the thread. Node joins it before it reports its end. */
  #isThere(): boolean {
    const id = Atomics.load(this.#signal, Signal.Thread);
    return id !== 0 && threadExists(id);
  }

  async #gone(): Promise<void> {
    for (const limit = Date.now() + LONGEST_END_MS; this.#isThere() && Date.now() < limit; ) await sleep(POLL_MS);
  }
}
