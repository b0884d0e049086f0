import { guestError, illegalConstructor } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import { revive, sandboxClosed, staysInThread } from "./failure.js";
import { checkCall, type GuestResult, type GuestValue, type GuestWindow, type Imports } from "./guest.js";
import type { Job } from "./job.js";
import type { FromWorker, ImportCall } from "./protocol.js";
import { GuestThread } from "./thread.js";

interface Call {
  readonly name: string;
  readonly values: readonly GuestValue[];
  resolve(result: GuestResult): void;
  reject(error: unknown): void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** The guest's start is not a call; it has this number. Calls begin at 1. */
const START = 0;

/** setTimeout takes no more than this, in milliseconds; a longer limit counts as none. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

const MAKER = Symbol("createSandbox");

/** @internal Starts a guest in a thread of its own; resolves once it is ready for calls. */
export let startSandbox: (job: Job, imports: Imports, timeLimitMs: number) => Promise<Sandbox>;

/**
 * A guest in a thread of its own, with a memory of its own. From `createSandbox`. It can reach its own pages and the
 * windows, and nothing else. If it takes too long, its thread is ended.
 */
export class Sandbox extends Uncloneable {
  readonly #thread: GuestThread;
  readonly #imports: Imports;
  readonly #timeLimitMs: number;
  readonly #running = new Map<number, Call>();
  readonly #waiting: Call[] = [];
  /** What imported functions threw during the present call; the guest's thread knows each by its index. */
  readonly #thrown: unknown[] = [];
  #lastCall = START;
  /** Imported functions that are running. */
  #importing = 0;
  /** Why calls are refused from now on. */
  #closed: Error | undefined;
  /** Why the running calls fail, while the thread is being ended over its time limit. */
  #timedOut: Error | undefined;
  #windows: Readonly<Record<string, GuestWindow>> = {};

  static {
    startSandbox = async (job, imports, timeLimitMs) => {
      const sandbox = new Sandbox(MAKER, job, imports, timeLimitMs);
      await sandbox.#start();
      return sandbox;
    };
  }

  private constructor(maker: unknown, job: Job, imports: Imports, timeLimitMs: number) {
    if (maker !== MAKER) throw illegalConstructor("Sandbox", "createSandbox");
    super();
    this.#imports = imports;
    this.#timeLimitMs = timeLimitMs;
    this.#thread = new GuestThread(job, {
      message: (message) => this.#receive(message),
      failed: (cause) => this.#end(sandboxClosed("its thread failed", cause)),
      exit: () => this.#end(this.#timedOut ?? sandboxClosed("its thread ended")),
    });
  }

  /** Where the guest sees each window, by name: bytes of its memory, to be passed to its exports. */
  get windows(): Readonly<Record<string, GuestWindow>> {
    return this.#windows;
  }

  /**
   * Calls an export of the guest. Calls wait for one another, except those that an imported function makes: they run
   * inside the call from which the function was called.
   *
   * @param values numbers, and bigints for i64
   * @returns a number; a bigint for i64; an array if there are several results
   * @throws {ShmError} `ERR_SHM_TIME_LIMIT` it took longer than allowed, and the sandbox is closed now.
   *   `ERR_SHM_GUEST_TRAP` it trapped; `cause` has the engine's message and the wasm stack. `ERR_SHM_READ_ONLY` it stored
   *   into a read-only window; the segment is unchanged. `ERR_SHM_GUEST_EXPORT` it exports no such function.
   *   `ERR_SHM_SANDBOX_CLOSED` the sandbox was closed. What an imported function threw is thrown here unchanged.
   */
  async call(name: string, ...values: GuestValue[]): Promise<GuestResult> {
    checkCall(name, values);
    if (this.#closed) throw this.#closed;
    return new Promise((resolve, reject) => {
      const call: Call = { name, values, resolve, reject, timer: undefined };
      if (this.#running.size === 0 || this.#importing > 0) this.#run(call);
      else this.#waiting.push(call);
    });
  }

  /**
   * Ends the guest's thread, which detaches the windows. Calls that are running or waiting fail with
   * `ERR_SHM_SANDBOX_CLOSED`. May be called twice.
   */
  async close(): Promise<void> {
    this.#end(sandboxClosed("it was closed"));
    await this.#thread.terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(): Promise<void> {
    try {
      await new Promise<GuestResult>((resolve, reject) => {
        const start: Call = { name: "starting the guest", values: [], resolve, reject, timer: undefined };
        this.#running.set(START, start);
        this.#limit(start);
      });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #run(call: Call): void {
    const number = ++this.#lastCall;
    this.#running.set(number, call);
    this.#limit(call);
    this.#thread.keepProcess(true);
    this.#thread.post({ call: number, name: call.name, values: call.values });
  }

  #limit(call: Call): void {
    if (this.#timeLimitMs > LONGEST_TIMEOUT) return;
    call.timer = setTimeout(() => {
      const message = `${call.name} took longer than ${this.#timeLimitMs} ms; the sandbox was closed`;
      this.#timedOut ??= guestError("ERR_SHM_TIME_LIMIT", message);
      this.#closed ??= sandboxClosed(message);
      void this.#thread.terminate(); // its exit, by which the windows are detached, fails the calls
    }, this.#timeLimitMs);
  }

  #receive(message: FromWorker): void {
    if ("imported" in message) {
      void this.#callImport(message);
      return;
    }
    if ("ready" in message) this.#windows = Object.freeze(Object.fromEntries(message.ready));
    const number = "call" in message ? message.call : START;
    const call = this.#running.get(number);
    if (!call) return; // it has failed on this side already
    this.#running.delete(number);
    clearTimeout(call.timer);
    if (this.#running.size === 0) this.#thread.keepProcess(false);
    const failure = "failed" in message ? message.failed : "unready" in message ? message.unready : undefined;
    if (failure) call.reject("thrownByImport" in failure ? this.#thrown[failure.thrownByImport] : revive(failure));
    else call.resolve("result" in message ? message.result : undefined);
    if (this.#running.size > 0) return;
    this.#thrown.length = 0;
    const next = this.#waiting.shift();
    if (next) this.#run(next);
  }

  /** Calls the function that the guest waits for, and tells the guest how it ended. */
  async #callImport({ imported: [module, name], values }: ImportCall): Promise<void> {
    this.#importing++;
    try {
      const call = this.#imports[module]?.[name] as (...values: unknown[]) => unknown;
      this.#return(await call(...values), `the result of ${module}.${name}`);
    } catch (error) {
      this.#thread.post({ threw: this.#thrown.push(error) - 1 });
    } finally {
      this.#importing--;
    }
  }

  #return(returned: unknown, what: string): void {
    try {
      this.#thread.post({ returned });
    } catch (cause) {
      throw staysInThread(what, cause);
    }
  }

  /** Fails every call that is running or waiting with `error`, and refuses later ones. */
  #end(error: Error): void {
    this.#closed ??= error;
    for (const call of [...this.#running.values(), ...this.#waiting]) {
      clearTimeout(call.timer);
      call.reject(error);
    }
    this.#running.clear();
    this.#waiting.length = 0;
    this.#thread.disconnect();
  }

  /** @internal */
  [INSPECT](_depth: number, options: unknown, inspect?: Inspect): string {
    // The prototype has no fields.
    const fields = !(#thread in this)
      ? {}
      : {
          isolation: "thread",
          state: this.#closed ? "closed" : this.#running.size > 0 ? "running" : "idle",
          ...(this.#closed && { reason: this.#closed.message }),
          running: [...this.#running.values()].map(({ name }) => name),
          waiting: this.#waiting.map(({ name }) => name),
          timeLimitMs: this.#timeLimitMs,
          windows: this.#windows,
        };
    return inspected("Sandbox", fields, options, inspect);
  }
}
