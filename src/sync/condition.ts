// A condition variable: gives a mutex back, waits for a notice, and takes the mutex again. One word, a sequence.
import { coordinationError, invalidType } from "../common/errors.js";
import { LINE } from "../host/membership.js";
import { Held, notHeld } from "./held.js";
import { Word } from "./layout.js";
import { Mutex } from "./mutex.js";
import { MAKE, SharedObject } from "./object.js";
import { checkSyncWait, checkWait, type SyncWaitOptions, type WaitOptions } from "./options.js";
import type { Participant } from "./participant.js";

export const CONDITION_BYTES = LINE;

/** For changes of what a mutex guards. From `domain.condition(offset)`; it takes 64 bytes. */
export class Condition extends SharedObject {
  readonly #word: number;

  /** @internal */
  constructor(make: symbol, participant: Participant, offset: number) {
    super(make, participant, "condition", { offset, bytes: CONDITION_BYTES });
    this.#word = this.base + Word.State;
  }

  /** Wakes all who wait. Each must look at what the mutex guards, as with every condition variable. */
  notifyAll(): void {
    const { words, waits } = this.participant;
    Atomics.add(words, this.#word, 1);
    waits.ring(this.sleepers);
  }

  /**
   * Unlocks the mutex, waits for {@link notifyAll}, and locks the mutex again: also before it throws, unless the mutex cannot
   * be locked any more. `held.ownerDied` may be true then.
   *
   * @param held a mutex's lock of the same domain object
   * @throws {ShmError} `ERR_SHM_TIMEOUT`, `ERR_SHM_DETACHED`; `ERR_SHM_NOT_OWNER` it is not held; `ERR_SHM_NOT_RECOVERABLE`
   *   what an owner's death left is not repaired
   */
  async wait(held: Held, options?: WaitOptions): Promise<void> {
    const mutex = this.#mutexOf(held);
    checkWait(options);
    const hasChanged = this.#next();
    held.unlock();
    try {
      await this.participant.waits.wait(this.sleepers, this.#what, hasChanged, options);
    } finally {
      if (!this.participant.left) held.takenAgain((await mutex.lock()).ownerDied);
    }
  }

  /**
   * The same, but blocks the thread.
   *
   * @throws {ShmError} as {@link wait}; `ERR_SHM_UNSUPPORTED` on the local host
   */
  waitSync(held: Held, options?: SyncWaitOptions): void {
    const mutex = this.#mutexOf(held);
    checkSyncWait(options);
    const hasChanged = this.#next();
    held.unlock();
    try {
      this.participant.waits.waitSync(this.sleepers, this.#what, hasChanged, options);
    } finally {
      held.takenAgain(mutex.lockSync().ownerDied);
    }
  }

  #next(): () => true | undefined {
    const { participant } = this;
    const first = Atomics.load(participant.words, this.#word);
    return () => (Atomics.load(participant.words, this.#word) === first ? undefined : true);
  }

  #mutexOf(held: Held): Mutex {
    const mutex = held instanceof Held ? held.lender.of : undefined;
    if (!(mutex instanceof Mutex) || mutex.participant !== this.participant)
      throw invalidType("held", "a lock of a mutex of the same domain object", held);
    if (held.state === "given back") throw notHeld(this.describe("wait"));
    if (held.state === "needs repair")
      throw coordinationError(
        "ERR_SHM_NOT_RECOVERABLE",
        `${this.describe("wait")}: the unlock would be final, as the owner before died`,
        "call repaired() first",
      );
    return mutex;
  }

  readonly #what = (): string => this.describe("wait");
}

export const openCondition = (participant: Participant, offset: number): Condition =>
  new Condition(MAKE, participant, offset);
