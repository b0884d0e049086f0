import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { guestError } from "../common/errors.js";
import { checkCall } from "./call.js";
import type { GuestResult, GuestValue, GuestWindow, Imports } from "./guest.js";
import { type FromWorker, revive, type ToWorker, type WorkerJob } from "./protocol.js";

/** @internal What a worker is told, but for the ways to talk to it. */
export type Job = Omit<WorkerJob, "port" | "signal">;

interface Call {
  readonly name: string;
  readonly values: readonly GuestValue[];
  resolve(result: GuestResult): void;
  reject(error: unknown): void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** The longest that setTimeout knows; more is no limit. Milliseconds. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * A guest in a thread of its own, with a memory of its own. From `createSandbox`. It reaches its own pages and the
 * windows, and nothing more; when it takes too long, its thread is ended.
 */
export class Sandbox {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));
  readonly #imports: Imports;
  readonly #timeLimitMs: number;
  readonly #running = new Map<number, Call>();
  readonly #waiting: Call[] = [];
  /** What imported functions threw, for the call that they were made in. */
  readonly #thrown: unknown[] = [];
  #calls = 0;
  #importing = 0;
  /** Why calls fail from now on. */
  #ended: Error | undefined;
  /** Why those fail that are under way while the thread is being ended. */
  #verdict: Error | undefined;
  #windows: Readonly<Record<string, GuestWindow>> = {};

  /** @internal Sandboxes come from `createSandbox`. */
  constructor(job: Job, imports: Imports, timeLimitMs: number) {
    const { port1, port2 } = new MessageChannel();
    this.#imports = imports;
    this.#timeLimitMs = timeLimitMs;
    this.#port = port1;
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: { ...job, port: port2, signal: this.#signal } satisfies WorkerJob,
      transferList: [port2],
      name: "wasm-shm sandbox",
      execArgv: [],
    });
  }

  /** Where the guest sees each window, by name: bytes of its memory, to be handed to its exports. */
  get windows(): Readonly<Record<string, GuestWindow>> {
    return this.#windows;
  }

  /** @internal Once the guest has begun. */
  async start(): Promise<this> {
    const begun = new Promise<GuestResult>((resolve, reject) => {
      const start: Call = { name: "starting the guest", values: [], resolve, reject, timer: undefined };
      this.#running.set(START, start);
      this.#limit(start);
    });
    this.#port.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (cause) => this.#end(closed("its thread failed", cause)));
    this.#worker.on("exit", () => {
      this.#drain(); // its last words may still be on the way
      this.#end(this.#verdict ?? closed("its thread ended"));
    });
    try {
      await begun;
    } catch (error) {
      await this.close();
      throw error;
    }
    return this;
  }

  /**
   * Calls an export of the guest. Calls wait for one another, but for those that an imported function makes: they run
   * inside the call that it was called by.
   *
   * @param values numbers, and bigints for i64
   * @returns a number; a bigint for i64; an array where there are several results
   * @throws {ShmError} `ERR_SHM_TIME_LIMIT` it took longer than allowed; the sandbox is closed then.
   *   `ERR_SHM_GUEST_TRAP` it trapped; `cause` has the engine's message and the wasm stack. `ERR_SHM_READ_ONLY` it stored
   *   into a read-only window, whose segment is as it was. `ERR_SHM_GUEST_EXPORT` there is no such function.
   *   `ERR_SHM_SANDBOX_CLOSED` the sandbox was closed. What an imported function threw comes out as it is.
   */
  async call(name: string, ...values: GuestValue[]): Promise<GuestResult> {
    checkCall(name, values);
    if (this.#ended) throw this.#ended;
    return new Promise((resolve, reject) => {
      const call: Call = { name, values, resolve, reject, timer: undefined };
      if (this.#running.size === 0 || this.#importing > 0) this.#run(call);
      else this.#waiting.push(call);
    });
  }

  /** Ends the guest's thread, and with it its windows' attachments. Calls that are not done are ERR_SHM_SANDBOX_CLOSED. */
  async close(): Promise<void> {
    this.#end(closed("it was closed"));
    await this.#worker.terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run(call: Call): void {
    const number = ++this.#calls;
    this.#running.set(number, call);
    this.#limit(call);
    this.#worker.ref();
    this.#port.ref();
    this.#post({ call: number, name: call.name, values: call.values });
  }

  #limit(call: Call): void {
    if (this.#timeLimitMs > LONGEST_TIMEOUT) return;
    call.timer = setTimeout(() => {
      const message = `${call.name} took longer than ${this.#timeLimitMs} ms; the sandbox was closed`;
      this.#verdict ??= guestError("ERR_SHM_TIME_LIMIT", message);
      this.#ended ??= closed(message);
      void this.#worker.terminate(); // "exit" follows, and by then the windows are detached
    }, this.#timeLimitMs);
  }

  #post(message: ToWorker): void {
    this.#port.postMessage(message);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }

  #receive(message: FromWorker): void {
    if ("imported" in message) {
      void this.#import(message);
      return;
    }
    if ("ready" in message) this.#windows = Object.freeze(Object.fromEntries(message.ready));
    const number = "call" in message ? message.call : START;
    const call = this.#running.get(number);
    if (!call) return; // it has failed on this side
    this.#running.delete(number);
    clearTimeout(call.timer);
    if (this.#running.size === 0) {
      this.#worker.unref(); // idle, it keeps no process alive
      this.#port.unref();
    }
    const failure = "failed" in message ? message.failed : "unready" in message ? message.unready : undefined;
    if (failure) call.reject("threw" in failure ? this.#thrown[failure.threw] : revive(failure));
    else call.resolve("result" in message ? message.result : undefined);
    if (this.#running.size > 0) return;
    this.#thrown.length = 0;
    const next = this.#waiting.shift();
    if (next) this.#run(next);
  }

  #drain(): void {
    for (let last = receiveMessageOnPort(this.#port); last; last = receiveMessageOnPort(this.#port))
      this.#receive(last.message as FromWorker);
  }

  /** Calls the function that the guest waits for, and tells what it came to. */
  async #import({ imported: [module, name], values }: Extract<FromWorker, { imported: unknown }>): Promise<void> {
    this.#importing++;
    try {
      const call = this.#imports[module]?.[name] as (...values: unknown[]) => unknown;
      const returned = await call(...values);
      this.#post({ returned });
    } catch (error) {
      this.#post({ threw: this.#thrown.push(error) - 1 });
    } finally {
      this.#importing--;
    }
  }

  /** Every call that is not done fails with `error`, and later ones as closed. */
  #end(error: Error): void {
    this.#ended ??= error;
    for (const call of [...this.#running.values(), ...this.#waiting]) {
      clearTimeout(call.timer);
      call.reject(error);
    }
    this.#running.clear();
    this.#waiting.length = 0;
    this.#port.close();
  }
}

/** The number of no call: of the guest's start. */
const START = 0;

function closed(why: string, cause?: unknown): Error {
  return guestError("ERR_SHM_SANDBOX_CLOSED", `the sandbox is closed: ${why}`, cause);
}
