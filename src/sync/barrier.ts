// A barrier: all parties meet before any continues. Its state is one word, so an arrival, a withdrawal and the last arrival
// cannot cross:
//
//   bits 0 to 6     how many have arrived in this phase
//   bit 7           broken: a party died
//   bits 8 to 23    phase
//   bits 24 to 31   how often it was reset
//
// Each party registers in a word of its slot when it opens the barrier: its generation, and how many in the slot had been
// killed before. So the others can tell whether it was killed, which breaks the barrier, or has left, which breaks it only
// for those that wait already.
import { checkInteger, checkOptions } from "../common/arguments.js";
import { coordinationError } from "../common/errors.js";
import { LINE, MAX_SLOTS, Slot } from "../host/membership.js";
import { roundUp } from "../memory/layout.js";
import { idOf, MOST_COUNT, TAG_SHIFT, tagOf, Word } from "./layout.js";
import { MAKE, MOST_TRIES, SharedObject } from "./object.js";
import type { SyncWaitOptions, WaitOptions } from "./options.js";
import type { Participant } from "./participant.js";

export interface BarrierOptions {
  /** How many participants meet: 1 to the domain's slots. Every participant must say the same. */
  parties: number;
}

const COUNT = 0x7f;
const BROKEN = 0x80;
const PHASE_SHIFT = 8;
const PHASE = 0xffff;
const RESETS_SHIFT = 24;
const REGISTERED = 1;
const DEATHS = 0x1ff; // nine bits of the count of deaths, from bit 1

const phaseOf = (state: number): number => (state >>> PHASE_SHIFT) & PHASE;
const resetsOf = (state: number): number => state >>> RESETS_SHIFT;
const stateOf = (resets: number, phase: number): number =>
  (resets << RESETS_SHIFT) | ((phase & PHASE) << PHASE_SHIFT) | 0;

export const barrierBytes = (slots: number): number => LINE + roundUp(4 * slots, LINE);

/** A meeting of a number of participants, again and again. From `domain.barrier(offset, { parties })`. */
export class Barrier extends SharedObject {
  /** How many participants meet. */
  readonly parties: number;
  readonly #word: number;

  /** @internal */
  constructor(make: symbol, participant: Participant, offset: number, parties: number) {
    const bytes = barrierBytes(participant.slots);
    super(make, participant, "barrier", { offset, bytes, first: parties, second: participant.slots });
    this.parties = parties;
    this.#word = this.base + Word.State;
    this.#register();
  }

  /** How many have arrived and wait. */
  get arrived(): number {
    return this.#load() & COUNT;
  }

  /** A party was killed, or left while others waited: every arrival is refused until {@link reset}. */
  get isBroken(): boolean {
    return (this.#load() & BROKEN) !== 0 || this.#hasLost();
  }

  /**
   * Waits until all parties have arrived. A wait that ends by a timeout or a signal takes its arrival back.
   *
   * @throws {ShmError} `ERR_SHM_PEER_DIED` a party died or left, or the barrier was reset: all who wait are told;
   *   `ERR_SHM_TIMEOUT`, `ERR_SHM_DETACHED`, `ERR_SHM_LAYOUT`
   */
  async arrive(options?: WaitOptions): Promise<void> {
    const meeting = new Meeting(this, this.#word);
    const attempt = (): true | undefined => meeting.attempt();
    const cancel = (): true | undefined => meeting.cancel();
    await this.participant.waits.wait(this.sleepers, this.#what, attempt, options, cancel);
  }

  /**
   * The same, but blocks the thread.
   *
   * @throws {ShmError} as {@link arrive}; `ERR_SHM_UNSUPPORTED` it would have to wait on the local host
   */
  arriveSync(options?: SyncWaitOptions): void {
    const meeting = new Meeting(this, this.#word);
    const attempt = (): true | undefined => meeting.attempt();
    const cancel = (): true | undefined => meeting.cancel();
    this.participant.waits.waitSync(this.sleepers, this.#what, attempt, options, cancel);
  }

  /** Forgets the parties that are gone, so that others can take their places, and rejects those that wait. */
  reset(): void {
    for (let slot = 0; slot < this.participant.slots; slot++) {
      const found = this.#party(slot);
      if (isGone(this.#stateOf(slot, found))) this.#forget(slot, found);
    }
    this.#register();
    const { words, waits } = this.participant;
    for (let tries = 0; ; tries++) {
      if (tries === MOST_TRIES) throw this.tooBusy("reset");
      const found = this.#load();
      if (Atomics.compareExchange(words, this.#word, found, stateOf(resetsOf(found) + 1, 0)) === found) break;
    }
    waits.ring(this.sleepers);
  }

  /** @internal */
  broken(slot: number | undefined): Error {
    const who = slot === undefined ? "a party died or left, or it was reset" : `the party in slot ${slot} died or left`;
    return coordinationError(
      "ERR_SHM_PEER_DIED",
      `${this.describe("arrive")}: ${who}`,
      "reset() lets others take over",
    );
  }

  /** @internal breaks the barrier for all if a party is gone that those who wait would wait for */
  checkParties(): void {
    for (let slot = 0; slot < this.participant.slots; slot++) {
      const found = this.#party(slot);
      const state = this.#stateOf(slot, found);
      if (!isGone(state)) continue;
      if (state === "died" || this.arrived > 0) throw this.#break(slot);
      this.#forget(slot, found);
    }
  }

  #break(slot: number): Error {
    const { words, waits } = this.participant;
    Atomics.or(words, this.#word, BROKEN);
    waits.ring(this.sleepers);
    return this.broken(slot);
  }

  #forget(slot: number, found: number): void {
    Atomics.compareExchange(this.participant.words, this.#wordOf(slot), found, 0);
  }

  #hasLost(): boolean {
    for (let slot = 0; slot < this.participant.slots; slot++)
      if (this.#stateOf(slot, this.#party(slot)) === "died") return true;
    return false;
  }

  #stateOf(slot: number, found: number): PartyState {
    if (found === 0) return "none";
    const { participant } = this;
    if (participant.isAlive(idOf(slot, found >>> TAG_SHIFT))) return "alive";
    const isSame = tagOf(participant.wordOf(slot, Slot.Generation)) === (found & ~MOST_COUNT);
    if (isSame) return participant.wordOf(slot, Slot.Life) === 0 ? "left" : "died";
    return (participant.wordOf(slot, Slot.Deaths) & DEATHS) === ((found >>> 1) & DEATHS) ? "left" : "died";
  }

  #register(): void {
    const { participant } = this;
    const { words, slot, membership } = participant;
    const deaths = participant.wordOf(slot, Slot.Deaths) & DEATHS;
    Atomics.store(words, this.#wordOf(slot), tagOf(membership.generation) | (deaths << 1) | REGISTERED);
  }

  #party(slot: number): number {
    return Atomics.load(this.participant.words, this.#wordOf(slot));
  }

  #wordOf(slot: number): number {
    return this.base + LINE / 4 + slot;
  }

  #load(): number {
    return Atomics.load(this.participant.words, this.#word);
  }

  readonly #what = (): string => this.describe("arrive");
}

type PartyState = "none" | "alive" | "died" | "left";

const isGone = (state: PartyState): boolean => state === "died" || state === "left";

/** One arrival of one participant. */
class Meeting {
  readonly #barrier: Barrier;
  readonly #word: number;
  /** The phase that it arrived in, with the count of resets; undefined before. */
  #arrivedIn: number | undefined;

  constructor(barrier: Barrier, word: number) {
    this.#barrier = barrier;
    this.#word = word;
  }

  attempt(): true | undefined {
    return this.#arrivedIn === undefined ? this.#arrive() : this.#look(this.#arrivedIn);
  }

  /** Takes the arrival back. If all have met meanwhile, they met. */
  cancel(): true | undefined {
    const arrivedIn = this.#arrivedIn;
    if (arrivedIn === undefined) return undefined;
    const { words } = this.#barrier.participant;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = Atomics.load(words, this.#word);
      const isSame = (found & ~(COUNT | BROKEN)) === arrivedIn;
      if (!isSame) return resetsOf(found) === resetsOf(arrivedIn) ? true : undefined;
      if (found & BROKEN || (found & COUNT) === 0) return undefined;
      if (Atomics.compareExchange(words, this.#word, found, found - 1) === found) return undefined;
    }
    throw this.#barrier.tooBusy("arrive");
  }

  #arrive(): true | undefined {
    const { participant, parties, sleepers } = this.#barrier;
    const { words, waits } = participant;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = Atomics.load(words, this.#word);
      if (found & BROKEN) throw this.#barrier.broken(undefined);
      this.#barrier.checkParties();
      const count = (found & COUNT) + 1;
      if (count > parties) throw this.#barrier.damaged("arrive", `${count} have arrived of ${parties}`);
      const isLast = count === parties;
      const next = isLast ? stateOf(resetsOf(found), phaseOf(found) + 1) : found + 1;
      if (Atomics.compareExchange(words, this.#word, found, next) !== found) continue;
      if (isLast) {
        waits.ring(sleepers);
        return true;
      }
      this.#arrivedIn = found & ~(COUNT | BROKEN);
      return undefined;
    }
    throw this.#barrier.tooBusy("arrive");
  }

  #look(arrivedIn: number): true | undefined {
    const found = Atomics.load(this.#barrier.participant.words, this.#word);
    if (resetsOf(found) !== resetsOf(arrivedIn)) throw this.#barrier.broken(undefined);
    if (phaseOf(found) !== phaseOf(arrivedIn)) return true;
    if (found & BROKEN) throw this.#barrier.broken(undefined);
    this.#barrier.checkParties();
    return undefined;
  }
}

export function openBarrier(participant: Participant, offset: number, options: BarrierOptions): Barrier {
  const { parties } = checkOptions(options, ["parties"]);
  const most = Math.min(MAX_SLOTS, participant.slots);
  return new Barrier(MAKE, participant, offset, checkInteger("options.parties", parties, 1, most));
}
