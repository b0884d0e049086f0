import type { OwnUint8Array } from "../common/bytes.js";
import { illegalConstructor } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import type { Confinement } from "../host/confinement.js";
import {
  type AnyExports,
  type CallResult,
  type CallValues,
  checkCall,
  type GuestExports,
  type GuestWindow,
} from "./guest.js";
import { type GuestRequest, RemoteGuest } from "./remoteguest.js";
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

/** @internal How a guest is started that has no thread or process yet. */
export interface SandboxRequest extends GuestRequest {
  /** Bytes. */
  readonly memoryAllowed: number;
  /** Of its windows, and of {@link Sandbox.write}. */
  readonly allocator: string | undefined;
  /** By performance.now(): when the start began, which its time limit counts from. */
  readonly began: number;
}

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
  readonly #guest: RemoteGuest;
  readonly #allocator: string | undefined;
  readonly #memoryAllowed: number;

  static {
    startSandbox = async (request) => {
      const sandbox = new Sandbox(MAKER, request);
      await sandbox.#guest.start(request.began);
      return sandbox;
    };
  }

  private constructor(maker: unknown, request: SandboxRequest) {
    if (maker !== MAKER) throw illegalConstructor("Sandbox", "createSandbox");
    super();
    this.#allocator = request.allocator;
    this.#memoryAllowed = request.memoryAllowed;
    this.#guest = new RemoteGuest(request);
  }

  /** Where the guest sees each window, by name: bytes of its memory, to be passed to its exports. */
  get windows(): Readonly<Record<Windows, GuestWindow>> {
    return this.#guest.windows;
  }

  /** The guest's memory as its last call left it. */
  get memory(): GuestMemory {
    return { used: this.#guest.usage.memory, allowed: this.#memoryAllowed };
  }

  /**
   * Instructions that the guest may still execute, as its last call left it; undefined without `options.fuel`. It can be set.
   *
   * @throws {ShmError} `ERR_SHM_UNSUPPORTED` its instructions are not counted
   */
  get fuel(): number | undefined {
    return this.#guest.fuel ?? this.#guest.usage.fuel;
  }

  set fuel(fuel: number) {
    this.#guest.fuel = checkFuel(fuel, this.fuel);
  }

  /** What held as the guest's process began to compile it; undefined for a thread. */
  get confinement(): Confinement | undefined {
    return this.#guest.confinement;
  }

  /** The guest's process; undefined for a thread. */
  get pid(): number | undefined {
    return this.#guest.carrier.pid;
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
    return this.#guest.call(name, values) as Promise<CallResult<Exports, Name>>;
  }

  /**
   * A copy of bytes of the guest's memory.
   *
   * @param pointer as the guest returns it, signed or not
   * @throws {RangeError} `ERR_OUT_OF_RANGE` they do not lie in its memory
   * @throws {ShmError} `ERR_SHM_TIME_LIMIT`, `ERR_SHM_SANDBOX_CLOSED` as {@link call} does
   */
  bytes(pointer: number, length: number): Promise<OwnUint8Array> {
    return this.#take(reading(pointer, length, this.#guest.violated));
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
    return this.#take(writing(bytes, options, this.#allocator, this.#guest.violated));
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
      step = steps.next(await this.#guest.call(operation, values, operation));
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
    return this.#guest.callSync(name, values) as CallResult<Exports, Name>;
  }

  /**
   * Ends the guest's process or thread, which detaches the windows. Calls that are running or waiting fail with
   * `ERR_SHM_SANDBOX_CLOSED`. May be called twice.
   */
  close(): Promise<void> {
    return this.#guest.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [INSPECT](_depth: number, options: unknown, inspect?: Inspect): string {
    // The prototype has no fields.
    return inspected("Sandbox", #guest in this ? this.#shown() : {}, options, inspect);
  }

  #shown(): object {
    const { carrier, closed, active, running, waiting, timeLimitMs, windows } = this.#guest;
    return {
      isolation: carrier.isolation,
      state: closed ? "closed" : active > 0 ? "running" : "idle",
      ...(closed && { reason: closed.message }),
      running,
      waiting,
      timeLimitMs,
      windows,
    };
  }
}
