import { setTimeout as sleep } from "node:timers/promises";
import type { MessagePort, Worker } from "node:worker_threads";
import { guestError, unsupported } from "../../common/errors.js";
import { nodeThreads } from "../../host/builtin.js";
import type { Carrier, CarrierEvents } from "../carrier.js";
import { sandboxClosed } from "../failure.js";
import type { ThreadJob } from "../job.js";
import type { FromGuest, ToGuest } from "../protocol.js";
import { source } from "../source.js";
import { CANNOT_END, endsThreads, HEAP_MIB, threadExists } from "./engine.js";
import { Signal, type WorkerData } from "./signal.js";

/** How often to look whether a thread has ended, and for how long. */
const POLL_MS = 5;
const LONGEST_END_MS = 3000;

/** The worker thread of a guest, and the messages to and from it. */
export class GuestThread implements Carrier {
  readonly isolation = "thread";
  readonly pid = undefined;
  readonly hear = undefined;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signal = new Int32Array(new SharedArrayBuffer(12));

  constructor(job: ThreadJob, events: CarrierEvents) {
    const threads = nodeThreads();
    const { port1, port2 } = new threads.MessageChannel();
    this.#port = port1;
    // Its code is a text, not a file: a bundle has no file of this package.
    this.#worker = new threads.Worker(`${source};module.exports.runThread()`, {
      eval: true,
      workerData: { ...job, port: port2, signal: this.#signal } satisfies WorkerData,
      transferList: [port2],
      name: "wasm-shm sandbox",
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    port1.on("message", events.message);
    let why = sandboxClosed("its thread ended");
    this.#worker.on("error", (cause) => {
      const isFull = (cause as { code?: unknown }).code === "ERR_WORKER_OUT_OF_MEMORY";
      why = isFull
        ? guestError("ERR_SHM_MEMORY_LIMIT", `the guest filled the heap of its thread, ${HEAP_MIB} MiB`, cause)
        : sandboxClosed("its thread failed", cause);
    });
    this.#worker.on("exit", async () => {
      if (!endsThreads) await this.#gone();
      // Its last messages may still be on the way.
      const next = (): { message: unknown } | undefined => threads.receiveMessageOnPort(port1);
      for (let last = next(); last; last = next()) events.message(last.message as FromGuest);
      events.exit(why);
    });
  }

  post(message: ToGuest): void {
    this.#port.postMessage(message);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#signal, Signal.Messages, 1);
    Atomics.notify(this.#signal, Signal.Messages);
  }

  keepProcess(alive: boolean): void {
    const change = alive ? "ref" : "unref";
    this.#worker[change]();
    this.#port[change]();
  }

  disconnect(): void {
    this.#port.close();
  }

  violates(): void {
    void this.terminate();
  }

  async terminate(): Promise<void> {
    Atomics.store(this.#signal, Signal.Closing, 1);
    this.#wake(); // a thread that waits ends by itself
    if (!endsThreads) await this.#gone(); // after terminate() it would stay
    if (!endsThreads && this.#isThere()) throw unsupported("to end a guest that runs", CANNOT_END);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LONGEST_END_MS);
    });
    await Promise.race([this.#worker.terminate(), late]); // the engine may be in a part that it does not interrupt
    clearTimeout(timer);
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
