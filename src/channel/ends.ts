// Who is at an end of a channel: one participant, whose id is in a word, or several, with a word for each slot.
import { coordinationError } from "../common/errors.js";
import { slotOf } from "../sync/layout.js";
import type { SharedObject } from "../sync/object.js";
import type { Participant } from "../sync/participant.js";
import { peerOf } from "../sync/peers.js";

/** What is at an end: a living participant; none, as each of them gave it up; or none, as one was killed. */
export type AtEnd = "living" | "nobody" | "dead";

export interface End {
  /** @throws {ShmError} `ERR_SHM_NOT_OWNER` another has it, and there is room for one */
  take(): void;
  release(): void;
  look(): AtEnd;
  /** For messages: the participant that was killed, or that has it. */
  readonly who: string;
}

/** Takes an end for what is made; if that fails, the end is free again. @throws {ShmError} as {@link End.take} */
export function taking<T>(end: End, make: () => T): T {
  end.take();
  try {
    return make();
  } catch (error) {
    end.release();
    throw error;
  }
}

/** Hostile words name no participant: they count as dead. */
const lives = (participant: Participant, id: number): boolean => participant.isKnown(id) && participant.isAlive(id);

export function named(participant: Participant, id: number): string {
  const slot = slotOf(id);
  const peer = peerOf(participant, id);
  return peer ? `slot ${slot} (pid ${peer.pid}, ${peer.kind})` : `slot ${slot}`;
}

/** An end that one participant has at a time. */
export class SingleEnd implements End {
  readonly #object: SharedObject;
  readonly #word: number;
  readonly #role: string;

  /** @param role for messages: `writer` */
  constructor(object: SharedObject, word: number, role: string) {
    this.#object = object;
    this.#word = word;
    this.#role = role;
  }

  take(): void {
    const { participant } = this.#object;
    const found = Atomics.load(participant.words, this.#word);
    const isFree = found === 0 || !lives(participant, found);
    if (isFree && Atomics.compareExchange(participant.words, this.#word, found, participant.id) === found) return;
    throw coordinationError(
      "ERR_SHM_NOT_OWNER",
      `${this.#object.describe(this.#role)}: it has one ${this.#role} at a time, and ${this.who} is it`,
    );
  }

  release(): void {
    const { participant } = this.#object;
    Atomics.compareExchange(participant.words, this.#word, participant.id, 0);
  }

  look(): AtEnd {
    const { participant } = this.#object;
    const found = Atomics.load(participant.words, this.#word);
    return found === 0 ? "nobody" : lives(participant, found) ? "living" : "dead";
  }

  get who(): string {
    const { participant } = this.#object;
    const found = Atomics.load(participant.words, this.#word);
    return found === participant.id ? "this participant" : named(participant, found);
  }
}

/** How often each participant of this thread took an end, by the end's word. */
const taken = new WeakMap<Participant, Map<number, number>>();

/** An end that every participant may have, and several times. */
export class SharedEnd implements End {
  readonly #object: SharedObject;
  readonly #table: number;

  /** @param table first of the words, one for each slot */
  constructor(object: SharedObject, table: number) {
    this.#object = object;
    this.#table = table;
  }

  take(): void {
    const { words, slot, id } = this.#object.participant;
    this.#count(1);
    Atomics.store(words, this.#table + slot, id);
  }

  release(): void {
    if (this.#count(-1) > 0) return;
    const { words, slot, id } = this.#object.participant;
    Atomics.compareExchange(words, this.#table + slot, id, 0);
  }

  look(): AtEnd {
    const { participant } = this.#object;
    let isOneDead = false;
    for (let slot = 0; slot < participant.slots; slot++) {
      const found = Atomics.load(participant.words, this.#table + slot);
      if (found === 0) continue;
      if (lives(participant, found)) return "living";
      isOneDead = true;
    }
    return isOneDead ? "dead" : "nobody";
  }

  get who(): string {
    const { participant } = this.#object;
    const ids = Array.from({ length: participant.slots }, (_, slot) =>
      Atomics.load(participant.words, this.#table + slot),
    );
    return ids
      .filter((id) => id !== 0)
      .map((id) => named(participant, id))
      .join(", ");
  }

  #count(change: 1 | -1): number {
    const { participant } = this.#object;
    const counts = taken.get(participant) ?? new Map<number, number>();
    taken.set(participant, counts);
    const count = (counts.get(this.#table) ?? 0) + change;
    counts.set(this.#table, count);
    return count;
  }
}
