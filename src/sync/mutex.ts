// Mutual exclusion between processes, which survives the death of an owner.
import { coordinationError } from "../common/errors.js";
import { LINE } from "../host/membership.js";
import { Held, type Lender, notHeld } from "./held.js";
import { ID_BITS, Word } from "./layout.js";
import { MAKE, SharedObject } from "./object.js";
import type { SyncWaitOptions, WaitOptions } from "./options.js";
import { INCONSISTENT, NOT_RECOVERABLE, replace, takeOver } from "./ownerword.js";
import type { Participant } from "./participant.js";
import { type Peer, peerOf } from "./peers.js";

export const MUTEX_BYTES = LINE;

/** A lock that one participant holds at a time. From `domain.mutex(offset)`; it takes 64 bytes. */
export class Mutex extends SharedObject {
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
    return this.#take(false);
  }

  /** Who holds it; undefined if nobody does, or one that was killed and whose slot another has. A moment later it may be another. */
  get owner(): Peer | undefined {
    return peerOf(this.participant, this.#load() & ID_BITS);
  }

  #load(): number {
    return Atomics.load(this.participant.words, this.base + Word.State);
  }

  #take(sleeps: boolean): Held | undefined {
    const { participant } = this;
    const { words, id } = participant;
    const word = this.base + Word.State;
    const found = Atomics.compareExchange(words, word, 0, id);
    return found === 0 ? new Held(this.#lender, false) : this.#takeOver(word, found, sleeps);
  }

  #takeOver(word: number, found: number, sleeps: boolean): Held | undefined {
    const { participant } = this;
    const taken = takeOver(participant, word, found, participant.id, sleeps);
    if (taken === "taken by another") return undefined;
    if (taken === "not recoverable") throw this.notRecoverable("lock");
    if (taken === "too busy") throw this.tooBusy("lock");
    return new Held(this.#lender, taken === "taken from the dead");
  }

  readonly #lender: Lender = new MutexLender(this);
  readonly #what = (): string => this.describe("lock");
  readonly #attempt = (): Held | undefined => this.#take(true);
}

/** What a held lock calls. Its methods do not concern users of the mutex. */
class MutexLender implements Lender {
  readonly of: Mutex;

  constructor(of: Mutex) {
    this.of = of;
  }

  give(held: Held): void {
    const { participant, base, sleepers } = this.of;
    const needsRepair = held.state === "needs repair";
    const mine = needsRepair ? participant.id | INCONSISTENT : participant.id;
    const rings = replace(participant, base + Word.State, mine, needsRepair ? NOT_RECOVERABLE : 0);
    if (rings === undefined) throw notHeld(this.describe("unlock"));
    if (rings) participant.waits.ring(sleepers);
  }

  repair(): void {
    const { participant, base, sleepers } = this.of;
    const { id } = participant;
    const rings = replace(participant, base + Word.State, id | INCONSISTENT, id);
    if (rings === undefined) throw notHeld(this.describe("repaired"));
    // The mark of the sleepers is gone with the bit: they set it again when they are rung.
    if (rings) participant.waits.ring(sleepers);
  }

  get isGone(): boolean {
    return this.of.participant.left;
  }

  describe(operation: string): string {
    return this.of.describe(operation);
  }
}

export const openMutex = (participant: Participant, offset: number): Mutex => new Mutex(MAKE, participant, offset);
