// Mutual exclusion between processes, which survives the death of an owner.
import { coordinationError } from "../common/errors.js";
import { LINE } from "../host/membership.js";
import { Held, type Lender, notHeld } from "./held.js";
import { ID_BITS, slotOf, Word } from "./layout.js";
import { MAKE, SharedObject } from "./object.js";
import type { SyncWaitOptions, WaitOptions } from "./options.js";
import { INCONSISTENT, NOT_RECOVERABLE, take } from "./ownerword.js";
import type { Participant } from "./participant.js";
import { type Peer, peerIn } from "./peers.js";

export const MUTEX_BYTES = LINE;

/** A lock that one participant holds at a time. From `domain.mutex(offset)`; it takes 64 bytes. */
export class Mutex extends SharedObject implements Lender {
  /** @internal */
  constructor(make: symbol, participant: Participant, offset: number) {
    super(make, participant, "mutex", { offset, bytes: MUTEX_BYTES });
  }

  /**
   * Waits for the lock. Waits of one participant are served in their order; between participants there is no order.
   *
   * @throws {ShmError} `ERR_SHM_TIMEOUT`, `ERR_SHM_NOT_RECOVERABLE`, `ERR_SHM_DETACHED`, `ERR_SHM_LAYOUT`
   */
  lock(options?: WaitOptions): Promise<Held> {
    return this.participant.waits.wait(this.sleepers, this.#what, this.#attempt, options);
  }

  /**
   * The same, but blocks the thread. It does not stand behind pending calls of {@link lock}.
   *
   * @throws {ShmError} as {@link lock}; `ERR_SHM_DEADLOCK` this participant itself holds it; `ERR_SHM_UNSUPPORTED` it would
   *   have to wait on the local host
   */
  lockSync(options?: SyncWaitOptions): Held {
    if ((this.#load() & ID_BITS) === this.participant.id)
      throw coordinationError("ERR_SHM_DEADLOCK", `${this.#what()}: this participant itself holds it`);
    return this.participant.waits.waitSync(this.sleepers, this.#what, this.#attempt, options);
  }

  /** The lock if nobody holds it, or undefined. */
  tryLock(): Held | undefined {
    return this.#attempt();
  }

  /** Who holds it; undefined if nobody does. A moment later it may be another. */
  get owner(): Peer | undefined {
    const id = this.#load() & ID_BITS;
    return id === 0 || !this.participant.isKnown(id) ? undefined : peerIn(this.participant, slotOf(id));
  }

  /** @internal */
  give(held: Held): void {
    const { participant } = this;
    const needsRepair = held.state === "needs repair";
    const mine = needsRepair ? participant.id | INCONSISTENT : participant.id;
    const next = needsRepair ? NOT_RECOVERABLE : 0;
    if (Atomics.compareExchange(participant.words, this.base + Word.State, mine, next) !== mine)
      throw notHeld(this.describe("unlock"));
    participant.waits.ring(this.sleepers);
  }

  /** @internal */
  repair(): void {
    const { words, id } = this.participant;
    const mine = id | INCONSISTENT;
    if (Atomics.compareExchange(words, this.base + Word.State, mine, id) !== mine)
      throw notHeld(this.describe("repaired"));
  }

  /** @internal */
  get isGone(): boolean {
    return this.participant.left;
  }

  #load(): number {
    return Atomics.load(this.participant.words, this.base + Word.State);
  }

  readonly #what = (): string => this.describe("lock");

  readonly #attempt = (): Held | undefined => {
    const { participant } = this;
    const { words, id } = participant;
    const result = take(participant, words, this.base + Word.State, id);
    if (result === undefined) return undefined;
    if (result === "not recoverable") throw this.notRecoverable("lock");
    return new Held(this, result === "taken from the dead");
  };
}

export const openMutex = (participant: Participant, offset: number): Mutex => new Mutex(MAKE, participant, offset);
