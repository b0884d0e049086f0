// Who is in a domain, and the events that tell of changes.
import { checkChoice } from "../common/arguments.js";
import { invalidType } from "../common/errors.js";
import { DIED, isAlive, kinds, LEAVING, type PeerKind, Slot, slotWord } from "../host/membership.js";
import { idOf, slotOf } from "./layout.js";
import type { Participant } from "./participant.js";

/** A participant of a domain. What it says of itself is its own word: a hostile peer may lie. */
export interface Peer {
  readonly slot: number;
  /** How often the slot was taken: with it, a slot names one participant for ever. */
  readonly generation: number;
  /** Its process's id, in its own pid namespace. */
  readonly pid: number;
  /** When its thread began, in clock ticks since boot in the initial time namespace: with the pid it names one process. 0 if unknown. */
  readonly startTime: number;
  /** The number of its pid namespace, as of /proc/PID/ns/pid. 0 if it does not know. */
  readonly pidNamespace: number;
  readonly kind: PeerKind;
  /** When it joined. */
  readonly joined: Date;
  /** False: it was killed, and nobody has taken its slot yet. */
  readonly alive: boolean;
  /** Whether it is the participant that was asked. */
  readonly self: boolean;
}

const events = ["join", "leave", "death"] as const;
export type PeerEvent = (typeof events)[number];
export type PeerListener = (peer: Peer) => void;

/** A peer, and how many in its slot were killed before it. */
interface Seen {
  readonly peer: Peer;
  readonly deaths: number;
}

/**
 * The participant in a slot; undefined if the slot is free, or if its participant is still joining.
 *
 * @param base the domain's first word
 * @param own the slot of the participant that asks
 */
function look(words: Int32Array, base: number, slot: number, own: number | undefined): Seen | undefined {
  const line = base + slotWord(slot);
  const word = (index: number): number => Atomics.load(words, line + index) >>> 0;
  const life = word(Slot.Life);
  const generation = word(Slot.Generation);
  if (life === 0 || word(Slot.Described) !== generation) return undefined;
  const peer: Peer = {
    slot,
    generation,
    pid: word(Slot.Pid),
    startTime: word(Slot.StartLow) + word(Slot.StartHigh) * 2 ** 32,
    pidNamespace: word(Slot.PidNamespace),
    kind: kinds[word(Slot.Kind) & ~LEAVING] ?? "unknown",
    joined: new Date(word(Slot.JoinedLow) + word(Slot.JoinedHigh) * 2 ** 32),
    alive: isAlive(life),
    self: slot === own,
  };
  return { peer, deaths: word(Slot.Deaths) };
}

/** As seen by one that takes no part. */
export const peerAt = (words: Int32Array, base: number, slot: number): Peer | undefined =>
  look(words, base, slot, undefined)?.peer;

const seenBy = ({ words, base, slot: own }: Participant, slot: number): Seen | undefined =>
  look(words, base, slot, own);

export const peerIn = (participant: Participant, slot: number): Peer | undefined => seenBy(participant, slot)?.peer;

/** The participant that has an id; undefined if its slot is another's by now. */
export function peerOf(participant: Participant, id: number): Peer | undefined {
  const peer = participant.isKnown(id) ? peerIn(participant, slotOf(id)) : undefined;
  return peer && idOf(peer.slot, peer.generation) === id ? peer : undefined;
}

export function peersOf(participant: Participant): Peer[] {
  const peers: Peer[] = [];
  for (let slot = 0; slot < participant.slots; slot++) {
    const seen = seenBy(participant, slot);
    if (seen) peers.push(seen.peer);
  }
  return peers;
}

/** Calls listeners at the changes since the last look. */
export class PeerEvents {
  readonly #participant: Participant;
  readonly #listeners = new Map<PeerEvent, Set<PeerListener>>(events.map((event) => [event, new Set()]));
  #seen: (Seen | undefined)[] = [];
  #watching = false;

  constructor(participant: Participant) {
    this.#participant = participant;
  }

  on(event: PeerEvent, listener: PeerListener): void {
    this.#check(event, listener).add(listener);
    if (this.#watching) return;
    this.#watching = true;
    this.#seen = this.#look();
    this.#participant.watch(() => this.#compare());
  }

  off(event: PeerEvent, listener: PeerListener): void {
    this.#check(event, listener).delete(listener);
    if (!this.#watching || [...this.#listeners.values()].some(({ size }) => size > 0)) return;
    this.#watching = false;
    this.#participant.watch(undefined);
  }

  #check(event: PeerEvent, listener: PeerListener): Set<PeerListener> {
    checkChoice("event", event, events);
    if (typeof listener !== "function") throw invalidType("listener", "of type function", listener);
    return this.#listeners.get(event) as Set<PeerListener>;
  }

  #look(): (Seen | undefined)[] {
    const { slots } = this.#participant;
    return Array.from({ length: slots }, (_, slot) => seenBy(this.#participant, slot));
  }

  #compare(): void {
    const before = this.#seen;
    const now = this.#look();
    this.#seen = now;
    for (let slot = 0; slot < now.length && this.#participant.hasWords; slot++) {
      const [old, found] = [before[slot], now[slot]];
      const isSame = old !== undefined && found !== undefined && old.peer.generation === found.peer.generation;
      // In a slot that was taken again, the count of deaths tells how the one before ended.
      if (old?.peer.alive && (!isSame || !found.peer.alive))
        this.#tell(isSame || this.#died(slot, old) ? "death" : "leave", { ...old.peer, alive: false });
      if (!isSame && found?.peer.alive) this.#tell("join", found.peer);
    }
  }

  #died(slot: number, { deaths }: Seen): boolean {
    const { words, base } = this.#participant;
    const line = base + slotWord(slot);
    const now = Atomics.load(words, line + Slot.Deaths) >>> 0;
    return now !== deaths || (Atomics.load(words, line + Slot.Life) & DIED) !== 0;
  }

  /** A listener that throws ends nothing but itself: the error is the program's, as one in a timer. */
  #tell(event: PeerEvent, peer: Peer): void {
    for (const listener of this.#listeners.get(event) ?? [])
      try {
        listener(peer);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
  }
}
