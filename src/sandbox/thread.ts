import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Job } from "./job.js";
import type { FromWorker, ToWorker, WorkerData } from "./protocol.js";
import { source } from "./source.js";

export interface ThreadEvents {
  message(message: FromWorker): void;
  /** The thread ended by an error of its own; `exit` follows. */
  failed(cause: unknown): void;
  /** The thread has ended, and its windows are detached. All of its messages have been delivered. */
  exit(): void;
}

/** The worker thread of a guest, and the messages to and from it. */
export class GuestThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));

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
    this.#worker.on("exit", () => {
      // Its last messages may still be on the way.
      for (let last = receiveMessageOnPort(port1); last; last = receiveMessageOnPort(port1))
        events.message(last.message as FromWorker);
      events.exit();
    });
  }

  post(message: ToWorker): void {
    this.#port.postMessage(message);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
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

  /** Resolves once the thread has ended. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
