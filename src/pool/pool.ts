import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import type { Service } from "../channel/service.js";
import { coordinationError } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import type { Own } from "../segment/own.js";
import type { WaitOptions } from "../sync/options.js";
import { POOL, type PoolPlace } from "./create.js";

export { availableParallelism };

interface PoolParts {
  readonly file: string;
  readonly place: PoolPlace;
  readonly size: number;
}

/**
 * After so many processes in a row that ended before they served, no other is started; nor, with `retry`, after so many for each
 * process while not one request was answered: that which kills them is given to each.
 */
const MOST_FAILURES = 3;

/** Processes that work on requests. From `createPool`. One that ends is replaced. */
export class Pool<Q = unknown, A = unknown> extends Uncloneable {
  readonly #service: Service<Q, A> & Own;
  readonly #parts: PoolParts;
  readonly #workers = new Set<ChildProcess>();
  readonly #starting = new Set<Promise<void>>();
  #state: "starting" | "open" | "closed" | "failed" = "starting";
  #failures = 0;
  #running = 0;
  /** Processes that ended since a request was answered. */
  #deaths = 0;

  /** @internal */
  constructor(service: Service<Q, A> & Own, parts: PoolParts) {
    super();
    this.#service = service;
    this.#parts = parts;
    if (parts.place.retry) service.outlivesServers();
    for (let index = 0; index < parts.size; index++) this.#start();
  }

  /** How many processes it has. */
  get size(): number {
    return this.#parts.size;
  }

  /** The pids of the processes that it has now. */
  get pids(): number[] {
    return [...this.#workers].flatMap(({ pid }) => pid ?? []);
  }

  /**
   * The answer of one of the processes. Requests are taken in their order. An idle pool does not keep this process alive.
   *
   * @throws {ShmError} `ERR_SHM_HANDLER` the handler failed: `error.cause` says how; `ERR_SHM_PEER_DIED` the process that worked on
   *   it ended, or with `retry` all processes did, again and again; `ERR_SHM_TIMEOUT`; `ERR_SHM_CLOSED` the pool was closed
   */
  async run(value: Q, options?: WaitOptions): Promise<A> {
    if (this.#state !== "open") throw this.#ended("run");
    this.#running++;
    try {
      const answer = await this.#service.request(value, options);
      this.#deaths = 0;
      return answer;
    } catch (error) {
      if (this.#hasFailed()) throw this.#ended("run");
      if ((error as { code?: unknown }).code === "ERR_SHM_HANDLER") this.#deaths = 0;
      throw error;
    } finally {
      this.#running--;
    }
  }

  /** Takes no more requests; resolves when all were answered, and the processes have ended. */
  async close(): Promise<void> {
    if (this.#state === "open") this.#service.close();
    if (this.#state !== "failed") this.#state = "closed";
    await Promise.all([...this.#workers].map(gone));
    this.#service[Symbol.dispose]();
  }

  /** Kills the processes. What they work on is rejected. */
  terminate(): void {
    if (this.#state !== "failed") this.#state = "closed";
    for (const worker of this.#workers) worker.kill("SIGKILL");
    this.#service[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    const fields = #state in this ? { size: this.size, pids: this.pids, state: this.#state } : {};
    return inspected("Pool", fields, options, inspect);
  }

  /** @internal Once all processes serve. */
  async started(): Promise<this> {
    try {
      await Promise.all(this.#starting);
      this.#state = "open";
    } catch (error) {
      this.terminate();
      throw error;
    }
    return this;
  }

  #start(): void {
    const { file, place } = this.#parts;
    const worker = fork(file, [], { env: { ...process.env, [POOL]: JSON.stringify(place) } });
    this.#workers.add(worker);
    const starting = new Promise<void>((resolve, reject) => {
      worker.once("message", () => {
        this.#failures = 0;
        resolve();
        if (this.#state === "closed") return; // it is awaited
        worker.unref(); // pending requests keep this process alive, an idle pool does not
        worker.channel?.unref?.(); // Bun's has none, and keeps no process alive
      });
      worker.once("error", reject);
      worker.once("exit", (code, signal) => {
        this.#workers.delete(worker);
        const how = signal ?? `exit code ${code}`;
        reject(
          coordinationError("ERR_SHM_PEER_DIED", `createPool: a process of ${file} ended before it served: ${how}`),
        );
        if (this.#state === "open") this.#replace();
      });
    });
    this.#starting.add(starting);
    starting.catch(() => {}).finally(() => this.#starting.delete(starting));
  }

  #replace(): void {
    const { place, size } = this.#parts;
    this.#failures++;
    if (place.retry && this.#running > 0) this.#deaths++;
    const isHopeless = this.#deaths > MOST_FAILURES * size;
    if (!isHopeless && this.#failures <= MOST_FAILURES) this.#start();
    else if (isHopeless || this.#workers.size === 0) {
      this.#state = "failed";
      this.terminate();
    }
  }

  #hasFailed(): boolean {
    return this.#state === "failed";
  }

  #ended(operation: string): Error {
    const { file } = this.#parts;
    return this.#hasFailed()
      ? coordinationError(
          "ERR_SHM_PEER_DIED",
          `${operation} of the pool: the processes of ${file} end before they serve, or answer anything`,
        )
      : coordinationError("ERR_SHM_CLOSED", `${operation} of the pool: it was closed`);
  }
}

/** Resolves when a process has ended; it is awaited, so it keeps this one alive. */
function gone(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return Promise.resolve();
  worker.ref();
  return new Promise((resolve) => worker.once("exit", () => resolve()));
}
