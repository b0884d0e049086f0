// A guest in a thread or process of its own, as this side sees it: its calls, one after another, their time limit, its end.
import { setTimeout as sleep } from "node:timers/promises";
import { guestError, unsupported } from "../common/errors.js";
import type { Confinement } from "../host/confinement.js";
import { shownName } from "../module/names.js";
import type { Carrier, CarrierEvents } from "./carrier.js";
import type { MemoryOperation, MemoryValue } from "./exchange.js";
import { cannotCross, type Failure, revive, sandboxClosed } from "./failure.js";
import type { GuestResult, GuestValue, GuestWindow, Imports } from "./guest.js";
import { ImportCalls } from "./importcalls.js";
import type { FromGuest, GuestCall, Usage } from "./protocol.js";

type Values = readonly (GuestValue | MemoryValue)[];

interface Call {
  readonly name: string;
  readonly values: Values;
  readonly operation?: MemoryOperation | undefined;
  resolve(result: unknown): void;
  reject(error: unknown): void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** How a guest is started that has no thread or process yet. */
export interface GuestRequest {
  readonly imports: Imports;
  readonly timeLimitMs: number;
  carry(events: CarrierEvents): Carrier;
  /** Called once it can be called no more. */
  readonly ended?: (() => void) | undefined;
}

/** The guest's start is not a call; it has this number. Calls begin at 1. */
const START = 0;

/** setTimeout takes no more than this, in milliseconds; a longer limit counts as none. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * Past its time limit the guest is ended at once, and most are gone in a few milliseconds, with their windows. The promise
 * waits for that, but no longer than so.
 */
const GRACE_MS = 25;

export class RemoteGuest {
  readonly carrier: Carrier;
  readonly timeLimitMs: number;
  /** As its last call left it. */
  usage: Usage = { memory: 0, fuel: undefined };
  /** What the guest is to have before its next call. */
  fuel: number | undefined;
  windows: Readonly<Record<string, GuestWindow>> = {};
  confinement: Confinement | undefined;
  /** Why calls are refused from now on. */
  closed: Error | undefined;
  readonly #imports: ImportCalls;
  readonly #running = new Map<number, Call>();
  readonly #waiting: Call[] = [];
  #lastCall = START;
  /** Blocking calls that are running. */
  #blocking = 0;
  /** Why the running calls fail, while the guest is being ended over its time limit. */
  #timedOut: Error | undefined;
  #ended: (() => void) | undefined;

  constructor(request: GuestRequest) {
    this.timeLimitMs = request.timeLimitMs;
    this.#ended = request.ended;
    this.carrier = request.carry({
      message: (message) => this.#receive(message),
      exit: (why) => this.#end(this.#timedOut ?? why),
    });
    this.#imports = new ImportCalls(request.imports, {
      post: (message) => this.carrier.post(message),
      violated: this.violated,
    });
  }

  /** Calls that run, or wait for an imported function. */
  get active(): number {
    return this.#running.size + this.#blocking;
  }

  /** Names of calls. */
  get running(): readonly string[] {
    return [...this.#running.values()].map(({ name }) => name);
  }

  get waiting(): readonly string[] {
    return this.#waiting.map(({ name }) => name);
  }

  /** Resolves once it is ready for calls. */
  async start(began: number): Promise<void> {
    try {
      await new Promise<GuestResult>((resolve, reject) => {
        const start: Call = { name: "starting the guest", values: [], resolve, reject, timer: undefined };
        this.#running.set(START, start);
        this.#limit(start, began);
        this.carrier.keepProcess(true);
      });
    } catch (error) {
      const closing = this.close();
      if (error !== this.#timedOut) await closing;
      throw error;
    }
  }

  call(name: string, values: Values, operation?: MemoryOperation): Promise<unknown> {
    if (this.closed) return Promise.reject(this.closed);
    return new Promise((resolve, reject) => {
      const call: Call = { name, values, operation, resolve, reject, timer: undefined };
      if (this.active === 0 || this.#imports.running > 0) this.#run(call);
      else this.#waiting.push(call);
    });
  }

  callSync(name: string, values: Values): unknown {
    if (this.closed) throw this.closed;
    if (!this.carrier.hear) throw unsupported("callSync", 'it needs isolation: "process"');
    // A call that waits for an imported function runs this one inside it.
    if (this.active > this.#imports.running)
      throw unsupported("callSync", "another call is running; await that first, or use call");
    const number = ++this.#lastCall;
    const end = performance.now() + this.timeLimitMs;
    this.#ask({ call: number, name, values, blocking: true });
    this.#blocking++;
    try {
      for (;;) {
        const message = this.#hear(name, end);
        if ("usage" in message) this.usage = message.usage;
        if ("imported" in message) this.#imports.callNow(message);
        else if (!("call" in message) || message.call !== number)
          this.#receive(message); // a call that an import made
        else if ("failed" in message) throw this.#errorOf(message.failed);
        else return message.result;
      }
    } finally {
      this.#blocking--;
      this.#next();
    }
  }

  async close(): Promise<void> {
    this.#end(sandboxClosed("it was closed"));
    await this.carrier.terminate();
  }

  #run(call: Call): void {
    const number = ++this.#lastCall;
    const { name, values, operation } = call;
    try {
      this.#ask({ call: number, name, values, blocking: this.#blocking > 0, operation });
    } catch (error) {
      call.reject(error);
      this.#next();
      return;
    }
    this.#running.set(number, call);
    this.#limit(call, performance.now());
    this.carrier.keepProcess(true);
  }

  #next(): void {
    if (this.active > 0) return;
    this.#imports.forget();
    const next = this.#waiting.shift();
    if (next) this.#run(next);
    else this.carrier.keepProcess(false);
  }

  #limit(call: Call, began: number): void {
    if (this.timeLimitMs > LONGEST_TIMEOUT) return;
    call.timer = setTimeout(
      async () => {
        const error = this.#overran(call.name);
        await sleep(GRACE_MS);
        this.#end(error);
      },
      began + this.timeLimitMs - performance.now(),
    );
  }

  /** Begins to end the guest. */
  #overran(name: string): Error {
    const message = `${shownName(name)} took longer than ${this.timeLimitMs} ms; the sandbox was closed`;
    this.#timedOut ??= guestError("ERR_SHM_TIME_LIMIT", message);
    this.closed ??= sandboxClosed(message);
    void this.carrier.terminate();
    return this.#timedOut;
  }

  #receive(message: FromGuest): void {
    if ("imported" in message) {
      // A guest waits for each, so no more can run than calls do.
      if (this.#imports.running < this.#running.size) void this.#imports.call(message);
      else this.violated("it called an imported function outside of a call");
      return;
    }
    const number = "call" in message ? message.call : START;
    const call = this.#running.get(number);
    if (!call) {
      if (!this.closed) this.violated("it answered a call that does not run"); // else it has failed on this side already
      return;
    }
    if ("usage" in message) this.usage = message.usage;
    if ("ready" in message) {
      this.windows = Object.freeze(Object.fromEntries(message.ready));
      this.confinement = message.confinement;
    }
    this.#running.delete(number);
    clearTimeout(call.timer);
    const failure = "failed" in message ? message.failed : "unready" in message ? message.unready : undefined;
    if (failure) call.reject(this.#errorOf(failure));
    else call.resolve("result" in message ? message.result : undefined);
    this.#next();
  }

  #errorOf(failure: Failure): unknown {
    return "thrownByImport" in failure ? this.#imports.thrown(failure.thrownByImport) : revive(failure);
  }

  /** What came while this thread waits for a blocking call. */
  #hear(name: string, end: number): FromGuest {
    let why: unknown;
    try {
      const message = this.carrier.hear?.(end - performance.now());
      if (message) return message;
      why = this.#overran(name);
    } catch (error) {
      why = this.closed ?? (error instanceof RangeError ? this.violated(error.message) : error);
      void this.carrier.terminate();
    }
    this.#end(why as Error);
    throw why;
  }

  /** Ends the guest, which did what none of this package does, and makes the error. */
  readonly violated = (what: string): Error => {
    this.carrier.violates(what);
    return sandboxClosed(`its process was ended because ${what}`);
  };

  #ask(call: GuestCall): void {
    try {
      this.carrier.post({ ...call, fuel: this.fuel });
    } catch (cause) {
      throw cannotCross(`a call of ${shownName(call.name)}`, cause);
    }
    this.fuel = undefined;
  }

  /** Fails every call that is running or waiting with `error`, and refuses later ones. */
  #end(error: Error): void {
    const isClosed = (error as { code?: unknown }).code === "ERR_SHM_SANDBOX_CLOSED";
    this.closed ??= isClosed ? error : sandboxClosed(error.message, error);
    for (const call of [...this.#running.values(), ...this.#waiting]) {
      clearTimeout(call.timer);
      call.reject(error);
    }
    this.#running.clear();
    this.#waiting.length = 0;
    this.carrier.disconnect();
    this.#ended?.();
    this.#ended = undefined;
  }
}
