import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Service } from "../channel/service.js";
import { coordinationError } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import type { Own } from "../segment/own.js";
import { checkWait, type WaitOptions } from "../sync/options.js";
import type { PoolPlace } from "./create.js";
import { PoolWorker } from "./worker.js";

export { availableParallelism };

interface PoolParts {
  readonly file: string;
  readonly place: PoolPlace;
  readonly size: number;
}

/**
 * After so many processes in a row that ended before they served a pool fails, if no other is left; and, with `retry`, after so many
 * for each process while requests without a time limit wait, and none is answered: that which kills them is given to each.
 */
const MOST_FAILURES = 3;

/** After a process that ended before it served, the next is started so much later, twice as much each time. */
const FIRST_PAUSE_MS = 50;
const MOST_DOUBLINGS = 5;

/** Processes that work on requests. From `createPool`. One that ends is replaced. */
export class Pool<Q = unknown, A = unknown> extends Uncloneable {
  readonly #service: Service<Q, A> & Own;
  readonly #parts: PoolParts;
  readonly #workers = new Set<PoolWorker>();
  #state: "starting" | "open" | "closing" | "closed" | "failed" = "starting";
  /** Processes in a row that ended before they served. */
  #failures = 0;
  #pause: Promise<void> | undefined;
  readonly #noPause = new AbortController();
  /** Requests, and those of them without a time limit. */
  #running = 0;
  #unlimited = 0;
  /** Processes that ended since a request was answered, or given up. */
  #deaths = 0;

  /** @internal */
  constructor(service: Service<Q, A> & Own, parts: PoolParts) {
    super();
    this.#service = service;
    this.#parts = parts;
    service.outlivesServers(); // others come, and tell the client of a request whose server was killed
    this.#fill();
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
    const checked = checkWait(options);
    if (this.#state !== "open") throw this.#ended("run");
    const unlimited = checked.timeoutMs === Number.POSITIVE_INFINITY ? 1 : 0;
    this.#running++;
    this.#unlimited += unlimited;
    try {
      const answer = await this.#service.request(value, options);
      this.#deaths = 0;
      return answer;
    } catch (error) {
      if (this.#hasFailed()) throw this.#ended("run");
      this.#deaths = 0; // its handler failed, or it was given up
      throw error;
    } finally {
      this.#running--;
      this.#unlimited -= unlimited;
    }
  }

  /** Takes no more requests; resolves when all were answered, and the processes have ended. */
  async close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing";
      this.#service.close();
    }
    for (const worker of this.#workers) worker.ref(true);
    while (this.#workers.size > 0 || (this.#pause && this.#wanted > 0))
      await Promise.all([this.#pause, ...[...this.#workers].map(({ ended }) => ended)]);
    this.#end("closed");
    this.#service[Symbol.dispose]();
  }

  /** Kills the processes. What they work on is rejected. */
  terminate(): void {
    this.#end("closed");
    for (const worker of this.#workers) worker.kill();
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
      await Promise.all([...this.#workers].map(({ started }) => started));
    } catch (error) {
      this.terminate();
      throw error;
    }
    this.#state = "open";
    this.#fill(); // one may have ended while another started
    return this;
  }

  /** How many processes there should be. One does for what was asked before the close, if it ends before that is answered. */
  get #wanted(): number {
    if (this.#state === "closing") return Math.min(1, this.#running);
    return this.#state === "closed" || this.#state === "failed" ? 0 : this.size;
  }

  #fill(): void {
    while (this.#workers.size < this.#wanted) this.#start();
  }

  #start(): void {
    const worker = new PoolWorker(this.#parts.file, this.#parts.place);
    this.#workers.add(worker);
    void worker.started.then(
      () => {
        this.#failures = 0;
        if (this.#state !== "starting" && this.#state !== "open") return; // it is awaited
        worker.ref(false); // pending requests keep this process alive, an idle pool does not
      },
      () => {},
    );
    void worker.ended.then(() => {
      this.#workers.delete(worker);
      if (this.#state === "open" || (this.#state === "closing" && !worker.isDone)) this.#replace(worker);
    });
  }

  #replace(worker: PoolWorker): void {
    if (this.#parts.place.retry && this.#unlimited > 0) this.#deaths++;
    if (!worker.hasServed) this.#failures++;
    if (this.#deaths > MOST_FAILURES * this.size || (this.#failures > MOST_FAILURES && this.#workers.size === 0)) {
      this.#end("failed");
      this.terminate();
    } else if (worker.hasServed && !this.#pause) this.#fill();
    else this.#pause ??= this.#later();
  }

  /** Starts what is missing after a pause. It keeps no process alive: pending requests do. */
  async #later(): Promise<void> {
    const pause = FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, MOST_DOUBLINGS);
    await sleep(pause, undefined, { ref: false, signal: this.#noPause.signal }).catch(() => {}); // the pool has ended
    this.#pause = undefined;
    this.#fill();
  }

  #end(state: "closed" | "failed"): void {
    if (this.#state !== "failed") this.#state = state;
    this.#noPause.abort();
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
