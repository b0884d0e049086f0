// A counting semaphore whose permits come back when their holder dies: each participant's permits are in a word of its own,
// tagged with its generation, and what is free is the rest. A word changes by one store, under a lock that needs no repair.
import { checkInteger, checkOptions, pickOptions } from "../common/arguments.js";
import { LINE } from "../host/membership.js";
import { roundUp } from "../memory/layout.js";
import { notHeld } from "./held.js";
import { idOf, MOST_COUNT, TAG_SHIFT, tagOf, Word } from "./layout.js";
import { MAKE, SharedObject } from "./object.js";
import type { SyncWaitOptions, WaitOptions } from "./options.js";
import type { Participant } from "./participant.js";
import { lockShortly, unlockShortly } from "./shortlock.js";

export interface SemaphoreOptions {
  /** How many permits there are: 1 to 1023. Every participant must say the same. */
  permits: number;
}

export interface AcquireOptions extends WaitOptions {
  /** How many permits, all or none (default 1). */
  count?: number;
}

export type SyncAcquireOptions = SyncWaitOptions & Pick<AcquireOptions, "count">;

export const semaphoreBytes = (slots: number): number => LINE + roundUp(4 * slots, LINE);

/** Permits that are held, until {@link release} or the end of a `using` block. */
export class Permit {
  /** How many permits it stands for. */
  readonly count: number;
  readonly #semaphore: Semaphore;
  #isHeld = true;

  /** @internal */
  constructor(semaphore: Semaphore, count: number) {
    this.#semaphore = semaphore;
    this.count = count;
  }

  /** @throws {ShmError} `ERR_SHM_NOT_OWNER` it was released before; `ERR_SHM_DETACHED` the participant has left */
  release(): void {
    if (!this.#isHeld) throw notHeld(this.#semaphore.describe("release"));
    this.#semaphore.give(this.count);
    this.#isHeld = false;
  }

  /** Releases, if {@link release} has not, and if the participant has not left. */
  [Symbol.dispose](): void {
    if (this.#isHeld && !this.#semaphore.participant.left) this.release();
  }

  /** The same, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }
}

/** Lets a number of holders in at a time. From `domain.semaphore(offset, { permits })`. */
export class Semaphore extends SharedObject {
  /** How many permits there are, free and held. */
  readonly permits: number;
  readonly #lockWord: number;
  readonly #tag: number;

  /** @internal */
  constructor(make: symbol, participant: Participant, offset: number, permits: number) {
    const bytes = semaphoreBytes(participant.slots);
    super(make, participant, "semaphore", { offset, bytes, first: permits, second: participant.slots });
    this.permits = permits;
    this.#lockWord = this.base + Word.State;
    this.#tag = tagOf(participant.membership.generation);
  }

  /** How many are free. A moment later it may be another number. */
  get available(): number {
    return Math.max(0, this.permits - this.#held());
  }

  /**
   * Waits for permits. Waits of one participant are served in their order: one that wants many keeps later ones waiting.
   *
   * @throws {ShmError} `ERR_SHM_TIMEOUT`, `ERR_SHM_DETACHED`, `ERR_SHM_LAYOUT`
   */
  async acquire(options?: AcquireOptions): Promise<Permit> {
    const checked = checkOptions<AcquireOptions>(options, ["count", "signal", "timeoutMs"]);
    const count = this.#count(checked);
    const wait = pickOptions(checked, ["signal", "timeoutMs"]);
    return this.participant.waits.wait(this.sleepers, this.#what, () => this.#take(count, true), wait);
  }

  /**
   * The same, but blocks the thread. It does not stand behind pending calls of {@link acquire}.
   *
   * @throws {ShmError} as {@link acquire}; `ERR_SHM_UNSUPPORTED` it would have to wait on the local host
   */
  acquireSync(options?: SyncAcquireOptions): Permit {
    const checked = checkOptions<SyncAcquireOptions>(options, ["count", "timeoutMs"]);
    const count = this.#count(checked);
    const wait = pickOptions(checked, ["timeoutMs"]);
    return this.participant.waits.waitSync(this.sleepers, this.#what, () => this.#take(count, true), wait);
  }

  /** Permits if so many are free, or undefined; also if another participant is taking some at this moment. */
  tryAcquire(options?: Pick<AcquireOptions, "count">): Permit | undefined {
    return this.#take(this.#count(checkOptions<AcquireOptions>(options, ["count"])), false);
  }

  #count({ count = 1 }: AcquireOptions): number {
    return checkInteger("options.count", count, 1, this.permits);
  }

  /** @internal */
  give(count: number): void {
    const { words, slot, waits } = this.participant;
    const word = this.#wordOf(slot);
    const own = this.#ownCount();
    if (own < count) throw notHeld(this.describe("release"));
    Atomics.store(words, word, this.#tag | (own - count));
    waits.ring(this.sleepers);
  }

  #take(count: number, sleeps: boolean): Permit | undefined {
    if (!lockShortly(this, this.#lockWord, sleeps, "acquire")) return undefined;
    const { words, slot, waits } = this.participant;
    try {
      const isFree = this.#held() + count <= this.permits;
      if (isFree) Atomics.store(words, this.#wordOf(slot), this.#tag | (this.#ownCount() + count));
      return isFree ? new Permit(this, count) : undefined;
    } finally {
      if (unlockShortly(this, this.#lockWord)) waits.ring(this.sleepers);
    }
  }

  /** The sum of what the living hold. */
  #held(): number {
    const { participant } = this;
    let sum = 0;
    for (let slot = 0; slot < participant.slots; slot++) {
      const found = Atomics.load(participant.words, this.#wordOf(slot));
      const count = found & MOST_COUNT;
      if (count !== 0 && participant.isAlive(idOf(slot, found >>> TAG_SHIFT))) sum += count;
    }
    return sum;
  }

  #ownCount(): number {
    const found = Atomics.load(this.participant.words, this.#wordOf(this.participant.slot));
    return (found & ~MOST_COUNT) === this.#tag ? found & MOST_COUNT : 0;
  }

  #wordOf(slot: number): number {
    return this.base + LINE / 4 + slot;
  }

  readonly #what = (): string => this.describe("acquire");
}

export function openSemaphore(participant: Participant, offset: number, options: SemaphoreOptions): Semaphore {
  const { permits } = checkOptions(options, ["permits"]);
  return new Semaphore(MAKE, participant, offset, checkInteger("options.permits", permits, 1, MOST_COUNT));
}
