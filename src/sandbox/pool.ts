import { guestError, illegalConstructor } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import { sandboxClosed } from "./failure.js";
import { type AnyExports, type CallResult, type CallValues, checkCall, type GuestExports } from "./guest.js";
import type { SandboxOptions } from "./options.js";
import { type CheckedPoolOptions, checkUse } from "./pooloptions.js";
import { type RunnerOptions, type RunnerProcess, startRunner } from "./process/child.js";
import type { Sandbox } from "./sandbox.js";

/** A place for one process: a runner that waits for a job, or a guest. */
interface Place {
  runner: RunnerProcess | undefined;
  /** A runner whose guest is not ready yet. */
  starting: RunnerProcess | undefined;
  sandbox: Sandbox | undefined;
  isBusy: boolean;
}

interface Waiting {
  take(place: Place): void;
  refuse(error: Error): void;
}

/** @internal Starts a guest in a runner. */
export type Starter = (
  runner: RunnerProcess,
  windows: CheckedPoolOptions["windows"],
  ended: () => void,
) => Promise<Sandbox>;

/** A runner that ends sooner than so has a fault that the next one would have, too. */
const SOON_MS = 1000;

const MAKER = Symbol("createSandboxPool");

/** @internal Resolves once the first guest is ready. */
export let startPool: (options: CheckedPoolOptions, runner: RunnerOptions, start: Starter) => Promise<SandboxPool>;

/**
 * A guest in several processes, each started before it is needed. From `createSandboxPool`. A call goes to one that is free; if
 * none is, it waits. A process that ended is replaced.
 */
export class SandboxPool<
  Windows extends string = string,
  Exports extends GuestExports<Exports> = AnyExports,
> extends Uncloneable {
  readonly #options: CheckedPoolOptions;
  readonly #runner: RunnerOptions;
  readonly #start: Starter;
  readonly #places: Place[] = [];
  readonly #waiting: Waiting[] = [];
  #closed: Error | undefined;

  static {
    startPool = async (options, runner, start) => {
      const pool = new SandboxPool(MAKER, options, runner, start);
      await pool.#begin();
      return pool;
    };
  }

  private constructor(maker: unknown, options: CheckedPoolOptions, runner: RunnerOptions, start: Starter) {
    if (maker !== MAKER) throw illegalConstructor("SandboxPool", "createSandboxPool");
    super();
    this.#options = options;
    this.#runner = runner;
    this.#start = start;
    for (let count = 0; count < options.size; count++) this.#places.push(newPlace());
  }

  /** Processes, and so calls at a time. */
  get size(): number {
    return this.#places.length;
  }

  /** Calls that wait for a free process. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Calls an export of a guest that is free, as {@link Sandbox.call} does; with `fresh: true`, of a new one.
   *
   * @throws {ShmError} as {@link Sandbox.call}; `ERR_SHM_POOL_FULL` more than `mostWaiting` calls wait already
   */
  async call<Name extends keyof Exports & string>(
    name: Name,
    ...values: CallValues<Exports, Name>
  ): Promise<CallResult<Exports, Name>> {
    checkCall(name, values);
    const place = await this.#free();
    try {
      place.sandbox ??= await this.#started(place, this.#options.windows);
      const { fuel } = this.#options;
      if (fuel !== undefined) place.sandbox.fuel = fuel;
      return (await place.sandbox.call(name, ...values)) as CallResult<Exports, Name>;
    } finally {
      this.#leave(place, this.#options.fresh);
    }
  }

  /**
   * Lends a guest of its own for as long as `use` runs, and ends it then: for several calls, or for other windows.
   *
   * @param options.windows what this guest sees (default: the pool's windows)
   * @throws what `use` throws; {@link ShmError} as {@link call}
   */
  async use<T, Names extends string = Windows>(
    use: (sandbox: Sandbox<Names, Exports>) => T | Promise<T>,
    options?: Pick<SandboxOptions<Names>, "windows">,
  ): Promise<T> {
    const windows = checkUse(use, options) ?? this.#options.windows;
    const place = await this.#free();
    try {
      this.#empty(place);
      place.sandbox = await this.#started(place, windows);
      return await use(place.sandbox as Sandbox<never> as Sandbox<Names, Exports>);
    } finally {
      this.#leave(place, true);
    }
  }

  /** Ends all processes. Calls that run or wait fail with `ERR_SHM_SANDBOX_CLOSED`. May be called twice. */
  async close(): Promise<void> {
    this.#closed ??= sandboxClosed("its pool was closed");
    for (const { refuse } of this.#waiting.splice(0)) refuse(this.#closed);
    await Promise.all(
      this.#places.flatMap(({ sandbox, runner, starting }) => [
        sandbox?.close(),
        runner?.terminate(),
        starting?.terminate(),
      ]),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** So that a module that cannot run is an error of createSandboxPool. */
  async #begin(): Promise<void> {
    const [place] = this.#places as [Place];
    place.isBusy = true;
    try {
      for (const each of this.#places) this.#prepare(each);
      place.sandbox = await this.#started(place, this.#options.windows);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#leave(place, false);
  }

  /** A free place, with a guest if there is one. */
  #free(): Promise<Place> {
    if (this.#closed) return Promise.reject(this.#closed);
    const free = this.#places.filter(({ isBusy }) => !isBusy);
    const place = free.find(({ sandbox }) => sandbox) ?? free.find(({ runner }) => runner) ?? free[0];
    if (place) {
      place.isBusy = true;
      return Promise.resolve(place);
    }
    const { mostWaiting } = this.#options;
    if (this.#waiting.length >= mostWaiting)
      return Promise.reject(
        guestError(
          "ERR_SHM_POOL_FULL",
          `${mostWaiting} calls wait for one of ${this.size} processes; mostWaiting allows no more`,
        ),
      );
    return new Promise((take, refuse) => {
      this.#waiting.push({ take, refuse });
    });
  }

  #leave(place: Place, isUsedUp: boolean): void {
    if (isUsedUp) this.#empty(place);
    if (!place.sandbox && !place.runner) this.#warm(place);
    const next = this.#waiting.shift();
    if (next) next.take(place);
    else place.isBusy = false;
  }

  #empty(place: Place): void {
    void place.sandbox?.close();
    place.sandbox = undefined;
  }

  async #started(place: Place, windows: CheckedPoolOptions["windows"]): Promise<Sandbox> {
    if (this.#closed) throw this.#closed;
    const runner = place.runner ?? startRunner(this.#runner);
    place.runner = undefined;
    place.starting = runner;
    try {
      const sandbox = await this.#start(runner, windows, () => {
        place.sandbox = undefined;
        if (!place.isBusy && !place.runner) this.#warm(place);
      });
      if (!this.#closed) return sandbox;
      await sandbox.close();
    } catch (error) {
      throw this.#closed ?? error;
    } finally {
      place.starting = undefined;
    }
    throw this.#closed;
  }

  /** As {@link SandboxPool.#prepare}. If it fails, the place's next call starts a runner itself, and is told. */
  #warm(place: Place): void {
    try {
      if (!this.#closed) this.#prepare(place);
    } catch {}
  }

  /** Starts a runner that waits for a job. */
  #prepare(place: Place): void {
    const began = performance.now();
    const runner = startRunner(this.#runner);
    place.runner = runner;
    runner.listen({
      frame: () => runner.violates("it spoke before it had a job"),
      exit: () => {
        if (place.runner !== runner) return;
        place.runner = undefined;
        if (performance.now() - began > SOON_MS) this.#warm(place);
      },
    });
  }

  /** @internal */
  [INSPECT](_depth: number, options: unknown, inspect?: Inspect): string {
    // The prototype has no fields.
    const fields = !(#places in this)
      ? {}
      : {
          state: this.#closed ? "closed" : "open",
          size: this.size,
          busy: this.#places.filter(({ isBusy }) => isBusy).length,
          waiting: this.waiting,
        };
    return inspected("SandboxPool", fields, options, inspect);
  }
}

const newPlace = (): Place => ({ runner: undefined, starting: undefined, sandbox: undefined, isBusy: false });
