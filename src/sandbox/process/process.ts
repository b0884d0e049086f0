import type { Buffer } from "node:buffer";
import { guestError, unsupported } from "../../common/errors.js";
import { hints } from "../../common/hints.js";
import type { Carrier, CarrierEvents } from "../carrier.js";
import { sandboxClosed } from "../failure.js";
import type { ProcessJob } from "../job.js";
import type { FromGuest, ToGuest } from "../protocol.js";
import { frameOf, type ProcessEnd, type RunnerProcess } from "./child.js";
import { decodeFromGuest, encodeToGuest } from "./messages.js";
import type { HostRing } from "./ring.js";

/** How often to look whether the process is still there, while a blocking call waits for it. */
const LOOK_MS = 50;

export interface ProcessRequest {
  readonly job: ProcessJob;
  readonly module: Uint8Array;
  /** Bytes, for the message of a guest that exceeds it. */
  readonly processMemoryLimit: number;
}

/** The process of a guest, and the messages to and from it. */
export class GuestProcess implements Carrier {
  readonly isolation = "process";
  readonly #runner: RunnerProcess;
  readonly #request: ProcessRequest;
  readonly #ring: HostRing;
  #events: CarrierEvents | undefined;
  #isReady = false;

  constructor(runner: RunnerProcess, request: ProcessRequest, events: CarrierEvents) {
    const job = frameOf(JSON.stringify(request.job)); // first: it may be longer than a string can be
    this.#ring = runner.ring;
    this.#runner = runner;
    this.#request = request;
    this.#events = events;
    runner.listen({ frame: (bytes) => this.#receive(bytes), exit: (end) => events.exit(this.#why(end)) });
    runner.write(job);
    runner.write(request.module);
  }

  get pid(): number | undefined {
    return this.#runner.pid;
  }

  post(message: ToGuest): void {
    this.#ring.send(encodeToGuest(message));
  }

  keepProcess(alive: boolean): void {
    this.#runner.keepProcess(alive);
  }

  disconnect(): void {
    this.#events = undefined;
  }

  violates(what: string): void {
    this.#runner.violates(what);
  }

  terminate(): Promise<void> {
    return this.#runner.terminate();
  }

  hear(milliseconds: number): FromGuest | undefined {
    let looked = performance.now();
    const end = looked + milliseconds;
    for (let rest = milliseconds; rest > 0; rest = end - performance.now()) {
      const bytes = this.#ring.answer(Math.min(rest, LOOK_MS));
      if (bytes) return this.#decoded(bytes);
      if (performance.now() - looked < LOOK_MS) continue;
      looked = performance.now();
      const ended = this.#runner.look();
      if (ended) throw this.#why(ended);
    }
    return undefined;
  }

  #receive(bytes: Buffer): void {
    try {
      const message = this.#decoded(bytes);
      if ("ready" in message) this.#isReady = true;
      this.#events?.message(message);
    } catch (error) {
      this.violates((error as Error).message);
    }
  }

  #decoded(bytes: Buffer): FromGuest {
    return decodeFromGuest(bytes, this.#request.job.windows);
  }

  #why({ how, said, failure }: ProcessEnd): Error {
    if (failure) return failure;
    const cause = said === "" ? undefined : new Error(said);
    if (/out of memory|allocation failed|bad_alloc/i.test(said))
      return guestError(
        "ERR_SHM_MEMORY_LIMIT",
        `the guest's process ${how}: beside the guest's memory it needed more than processMemoryLimit, ${this.#request.processMemoryLimit} bytes`,
        cause,
      );
    if (!this.#isReady && how.startsWith("ended"))
      return unsupported("a sandbox in a process of its own", `its process ${how}; ${hints.nameNode}`, {
        hint: hints.nameNode,
        cause,
      });
    return sandboxClosed(`its process ${how}`, cause);
  }
}
