import { setTimeout as sleep } from "node:timers/promises";
import type { OwnUint8Array } from "../common/bytes.js";
import { guestError, illegalConstructor, unsupported } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import type { Confinement } from "../host/confinement.js";
import { shownName } from "../module/names.js";
import type { Carrier, CarrierEvents } from "./carrier.js";
import type { MemoryOperation, MemoryValue } from "./exchange.js";
import { cannotCross, type Failure, revive, sandboxClosed } from "./failure.js";
import {
  type AnyExports,
  type CallResult,
  type CallValues,
  checkCall,
  type GuestExports,
  type GuestResult,
  type GuestValue,
  type GuestWindow,
  type Imports,
} from "./guest.js";
import { ImportCalls } from "./importcalls.js";
import type { FromGuest, GuestCall, Usage } from "./protocol.js";
import {
  checkFuel,
  freeing,
  type GuestBytes,
  type GuestMemory,
  reading,
  type Steps,
  type WriteOptions,
  writing,
} from "./transfer.js";

interface Call {
  readonly name: string;
  readonly values: readonly (GuestValue | MemoryValue)[];
  readonly operation?: MemoryOperation | undefined;
  resolve(result: unknown): void;
  reject(error: unknown): void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** @internal How a guest is started that has no thread or process yet. */
export interface SandboxRequest {
  readonly imports: Imports;
  readonly timeLimitMs: number;
  /** Bytes. */
  readonly memoryAllowed: number;
  /** Of its windows, and of {@link Sandbox.write}. */
  readonly allocator: string | undefined;
  /** By performance.now(): when the start began, which its time limit counts from. */
  readonly began: number;
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

const MAKER = Symbol("createSandbox");

/** @internal Starts a guest in a thread or process of its own; resolves once it is ready for calls. */
export let startSandbox: (request: SandboxRequest) => Promise<Sandbox>;

/**
 * A guest in a process of its own, or in a thread (`isolation: "thread"`), with a memory of its own. From `createSandbox`. It
 * can reach its own pages and the windows, and nothing else. If it takes too long, its process or thread is ended.
 */
export class Sandbox<
  Windows extends string = string,
  Exports extends GuestExports<Exports> = AnyExports,
> extends Uncloneable {
  readonly #carrier: Carrier;
  readonly #imports: ImportCalls;
  readonly #timeLimitMs: number;
  readonly #allocator: string | undefined;
  readonly #memoryAllowed: number;
  #usage: Usage = { memory: 0, fuel: undefined };
  /** What the guest is to have before its next call. */
  #fuel: number | undefined;
  readonly #running = new Map<number, Call>();
  readonly #waiting: Call[] = [];
  #lastCall = START;
  /** Blocking calls that are running. */
  #blocking = 0;
  /** Why calls are refused from now on. */
  #closed: Error | undefined;
  /** Why the running calls fail, while the guest is being ended over its time limit. */
  #timedOut: Error | undefined;
  #windows: Readonly<Record<string, GuestWindow>> = {};
  #confinement: Confinement | undefined;
  #ended: (() => void) | undefined;

  static {
    startSandbox = async (request) => {
      const sandbox = new Sandbox(MAKER, request);
      await sandbox.#start(request.began);
      return sandbox;
    };
  }

  private constructor(maker: unknown, request: SandboxRequest) {
    if (maker !== MAKER) throw illegalConstructor("Sandbox", "createSandbox");
    super();
    this.#timeLimitMs = request.timeLimitMs;
    this.#allocator = request.allocator;
    this.#memoryAllowed = request.memoryAllowed;
    this.#ended = request.ended;
    this.#carrier = request.carry({
      message: (message) => this.#receive(message),
      exit: (why) => this.#end(this.#timedOut ?? why),
    });
    this.#imports = new ImportCalls(request.imports, {
      post: (message) => this.#carrier.post(message),
      violated: this.#violated,
    });
  }

  /** Where the guest sees each window, by name: bytes of its memory, to be passed to its exports. */
  get windows(): Readonly<Record<Windows, GuestWindow>> {
    return this.#windows;
  }

  /** The guest's memory as its last call left it. */
  get memory(): GuestMemory {
    return { used: this.#usage.memory, allowed: this.#memoryAllowed };
  }

  /**
   * Instructions that the guest may still execute, as its last call left it; undefined without `options.fuel`. It can be set.
   *
   * @throws {ShmError} `ERR_SHM_UNSUPPORTED` its instructions are not counted
   */
  get fuel(): number | undefined {
    return this.#fuel ?? this.#usage.fuel;
  }

  set fuel(fuel: number) {
    this.#fuel = checkFuel(fuel, this.fuel);
  }

  /** What held as the guest's process began to compile it; undefined for a thread. */
  get confinement(): Confinement | undefined {
    return this.#confinement;
  }

  /** The guest's process; undefined for a thread. */
  get pid(): number | undefined {
    return this.#carrier.pid;
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
   *   `ERR_SHM_MEMORY_LIMIT` its process needed more than `processMemoryLimit`, and the sandbox is closed now.
   *   `ERR_SHM_SANDBOX_CLOSED` the sandbox was closed, or its process ended. What an imported function threw is thrown here
   *   unchanged.
   */
  async call<Name extends keyof Exports & string>(
    name: Name,
    ...values: CallValues<Exports, Name>
  ): Promise<CallResult<Exports, Name>> {
    checkCall(name, values);
    return this.#enter(name, values) as Promise<CallResult<Exports, Name>>;
  }

  #enter(name: string, values: Call["values"], operation?: MemoryOperation): Promise<unknown> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const call: Call = { name, values, operation, resolve, reject, timer: undefined };
      if (this.#active === 0 || this.#imports.running > 0) this.#run(call);
      else this.#waiting.push(call);
    });
  }

  /**
   * A copy of bytes of the guest's memory.
   *
   * @param pointer as the guest returns it, signed or not
   * @throws {RangeError} `ERR_OUT_OF_RANGE` they do not lie in its memory
   * @throws {ShmError} `ERR_SHM_TIME_LIMIT`, `ERR_SHM_SANDBOX_CLOSED` as {@link call} does
   */
  bytes(pointer: number, length: number): Promise<OwnUint8Array> {
    return this.#take(reading(pointer, length, this.#violated));
  }

  /**
   * Copies bytes, or a string as UTF-8, into a new block of the guest's own allocator: `malloc`, `__new` (which is pinned),
   * `__wbindgen_malloc`, `alloc`, `allocate`. {@link free} gives it back.
   *
   * @returns where they lie, and how many
   * @throws {ShmError} `ERR_SHM_GUEST_EXPORT` it exports no allocator; `ERR_SHM_GUEST_MEMORY` that gave what is not a block of
   *   its memory outside of the windows; `ERR_SHM_MEMORY_LIMIT` it gave none; and as {@link call} does
   */
  write(bytes: Uint8Array | string, options?: WriteOptions): Promise<GuestBytes> {
    return this.#take(writing(bytes, options, this.#allocator, this.#violated));
  }

  /**
   * Calls the guest's `free`, `__unpin`, `__wbindgen_free`, `dealloc` or `deallocate`.
   *
   * @param length as it was written: some of these take it
   * @throws {ShmError} `ERR_SHM_GUEST_EXPORT` it exports none; and as {@link call} does
   */
  free(pointer: number, length?: number): Promise<void> {
    return this.#take(freeing(pointer, length));
  }

  async #take<T>(steps: Steps<T>): Promise<T> {
    let step = steps.next();
    while (!step.done) {
      const [operation, values] = step.value;
      step = steps.next(await this.#enter(operation, values, operation));
    }
    return step.value;
  }

  /**
   * As {@link call}, but blocks this thread until the result is there, for short calls: it takes a fraction of the time of
   * `call`. Functions that the guest imports must not be async then.
   *
   * @throws {ShmError} as {@link call} does; `ERR_SHM_UNSUPPORTED` the guest is in a thread, other calls are running, or an
   *   imported function returned a promise
   */
  callSync<Name extends keyof Exports & string>(
    name: Name,
    ...values: CallValues<Exports, Name>
  ): CallResult<Exports, Name> {
    checkCall(name, values);
    if (this.#closed) throw this.#closed;
    if (!this.#carrier.hear) throw unsupported("callSync", 'it needs isolation: "process"');
    // A call that waits for an imported function runs this one inside it.
    if (this.#active > this.#imports.running)
      throw unsupported("callSync", "another call is running; await that first, or use call");
    const number = ++this.#lastCall;
    const end = performance.now() + this.#timeLimitMs;
    this.#ask({ call: number, name, values, blocking: true });
    this.#blocking++;
    try {
      for (;;) {
        const message = this.#hear(name, end);
        if ("usage" in message) this.#usage = message.usage;
        if ("imported" in message) this.#imports.callNow(message);
        else if (!("call" in message) || message.call !== number)
          this.#receive(message); // a call that an import made
        else if ("failed" in message) throw this.#errorOf(message.failed);
        else return message.result as CallResult<Exports, Name>;
      }
    } finally {
      this.#blocking--;
      this.#next();
    }
  }

  /**
   * Ends the guest's process or thread, which detaches the windows. Calls that are running or waiting fail with
   * `ERR_SHM_SANDBOX_CLOSED`. May be called twice.
   */
  async close(): Promise<void> {
    this.#end(sandboxClosed("it was closed"));
    await this.#carrier.terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Calls that run, or wait for an imported function. */
  get #active(): number {
    return this.#running.size + this.#blocking;
  }

  async #start(began: number): Promise<void> {
    try {
      await new Promise<GuestResult>((resolve, reject) => {
        const start: Call = { name: "starting the guest", values: [], resolve, reject, timer: undefined };
        this.#running.set(START, start);
        this.#limit(start, began);
        this.#carrier.keepProcess(true);
      });
    } catch (error) {
      const closing = this.close();
      if (error !== this.#timedOut) await closing;
      throw error;
    }
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
    this.#carrier.keepProcess(true);
  }

  #next(): void {
    if (this.#active > 0) return;
    this.#imports.forget();
    const next = this.#waiting.shift();
    if (next) this.#run(next);
    else this.#carrier.keepProcess(false);
  }

  #limit(call: Call, began: number): void {
    if (this.#timeLimitMs > LONGEST_TIMEOUT) return;
    call.timer = setTimeout(
      async () => {
        const error = this.#overran(call.name);
        await sleep(GRACE_MS);
        this.#end(error);
      },
      began + this.#timeLimitMs - performance.now(),
    );
  }

  /** Begins to end the guest. */
  #overran(name: string): Error {
    const message = `${shownName(name)} took longer than ${this.#timeLimitMs} ms; the sandbox was closed`;
    this.#timedOut ??= guestError("ERR_SHM_TIME_LIMIT", message);
    this.#closed ??= sandboxClosed(message);
    void this.#carrier.terminate();
    return this.#timedOut;
  }

  #receive(message: FromGuest): void {
    if ("imported" in message) {
      // A guest waits for each, so no more can run than calls do.
      if (this.#imports.running < this.#running.size) void this.#imports.call(message);
      else this.#violated("it called an imported function outside of a call");
      return;
    }
    const number = "call" in message ? message.call : START;
    const call = this.#running.get(number);
    if (!call) return; // it has failed on this side already
    if ("usage" in message) this.#usage = message.usage;
    if ("ready" in message) {
      this.#windows = Object.freeze(Object.fromEntries(message.ready));
      this.#confinement = message.confinement;
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
      const message = this.#carrier.hear?.(end - performance.now());
      if (message) return message;
      why = this.#overran(name);
    } catch (error) {
      why = this.#closed ?? error;
      void this.#carrier.terminate();
    }
    this.#end(why as Error);
    throw why;
  }

  readonly #violated = (what: string): Error => {
    this.#carrier.violates(what);
    return sandboxClosed(`its process was ended because ${what}`);
  };

  #ask(call: GuestCall): void {
    try {
      this.#carrier.post({ ...call, fuel: this.#fuel });
    } catch (cause) {
      throw cannotCross(`a call of ${shownName(call.name)}`, cause);
    }
    this.#fuel = undefined;
  }

  /** Fails every call that is running or waiting with `error`, and refuses later ones. */
  #end(error: Error): void {
    const isClosed = (error as { code?: unknown }).code === "ERR_SHM_SANDBOX_CLOSED";
    this.#closed ??= isClosed ? error : sandboxClosed(error.message, error);
    for (const call of [...this.#running.values(), ...this.#waiting]) {
      clearTimeout(call.timer);
      call.reject(error);
    }
    this.#running.clear();
    this.#waiting.length = 0;
    this.#carrier.disconnect();
    this.#ended?.();
    this.#ended = undefined;
  }

  /** @internal */
  [INSPECT](_depth: number, options: unknown, inspect?: Inspect): string {
    // The prototype has no fields.
    const fields = !(#carrier in this)
      ? {}
      : {
          isolation: this.#carrier.isolation,
          state: this.#closed ? "closed" : this.#active > 0 ? "running" : "idle",
          ...(this.#closed && { reason: this.#closed.message }),
          running: [...this.#running.values()].map(({ name }) => name),
          waiting: this.#waiting.map(({ name }) => name),
          timeLimitMs: this.#timeLimitMs,
          windows: this.#windows,
        };
    return inspected("Sandbox", fields, options, inspect);
  }
}
