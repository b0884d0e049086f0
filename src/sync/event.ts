// An event that is set or not, and that all who wait see. It keeps nothing of those that wait, so a dead one costs nothing.
import { LINE } from "../host/membership.js";
import { Word } from "./layout.js";
import { MAKE, MOST_TRIES, SharedObject } from "./object.js";
import type { SyncWaitOptions, WaitOptions } from "./options.js";
import type { Participant } from "./participant.js";

export const EVENT_BYTES = LINE;

/** Stays set until it is reset. From `domain.event(offset)`; it takes 64 bytes. */
export class SharedEvent extends SharedObject {
  readonly #word: number;

  /** @internal */
  constructor(make: symbol, participant: Participant, offset: number) {
    super(make, participant, "event", { offset, bytes: EVENT_BYTES });
    this.#word = this.base + Word.State;
  }

  /** Whether it is set. The word is a sequence: odd means set, and it grows with each change. */
  get isSet(): boolean {
    return (this.#load() & 1) === 1;
  }

  /** Sets it, and wakes all who wait. Does nothing if it is set. */
  set(): void {
    this.#change("set", 1);
    this.participant.waits.ring(this.sleepers);
  }

  /** Those that wait from here on wait for the next {@link set}. */
  reset(): void {
    this.#change("reset", 0);
  }

  /**
   * Waits until it is set. A `set` with a `reset` right after it is not missed.
   *
   * @throws {ShmError} `ERR_SHM_TIMEOUT`, `ERR_SHM_DETACHED`
   */
  async wait(options?: WaitOptions): Promise<void> {
    await this.participant.waits.wait(this.sleepers, this.#what, this.#isPast(), options);
  }

  /**
   * The same, but blocks the thread.
   *
   * @throws {ShmError} as {@link wait}; `ERR_SHM_UNSUPPORTED` it would have to wait on the local host
   */
  waitSync(options?: SyncWaitOptions): void {
    this.participant.waits.waitSync(this.sleepers, this.#what, this.#isPast(), options);
  }

  #isPast(): () => true | undefined {
    const first = this.#load();
    return () => {
      const now = this.#load();
      return now & 1 || now !== first ? true : undefined;
    };
  }

  #change(operation: string, wanted: 0 | 1): void {
    const { words } = this.participant;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = Atomics.load(words, this.#word);
      if ((found & 1) === wanted) return;
      if (Atomics.compareExchange(words, this.#word, found, (found + 1) | 0) === found) return;
    }
    throw this.tooBusy(operation);
  }

  #load(): number {
    return Atomics.load(this.participant.words, this.#word);
  }

  readonly #what = (): string => this.describe("wait");
}

export const openEvent = (participant: Participant, offset: number): SharedEvent =>
  new SharedEvent(MAKE, participant, offset);
