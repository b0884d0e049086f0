// A word that says who owns something: what a mutex is, and the writers' part of a read-write lock.
//
//   0                        free
//   id                       owned: slot + 1, and the generation << 8
//   id | INCONSISTENT        owned; an owner before was killed, and nothing was repaired since
//   INCONSISTENT             free, but not repaired: who waited for it gave up
//   NOT_RECOVERABLE          for good
//
// Every change is one compare-exchange of the very value that was read, so a death between any two of them leaves a word
// that another can read: the dead owner's id.
import { DIED } from "../host/membership.js";
import { ID_BITS } from "./layout.js";
import type { Participant } from "./participant.js";

/** Bit 30, which no id has. */
export const INCONSISTENT = DIED;
/** Bit 31: asked for, not yet owned. Only a read-write lock has it. */
export const PENDING = -0x80000000;
/** Slot 254 does not exist. */
export const NOT_RECOVERABLE = 0xff;

/** Among honest peers a word changes a handful of times while one looks; after more, it counts as taken. */
const TRIES = 8;

export type Take = "taken" | "taken from the dead" | "not recoverable" | undefined;

/**
 * Tries to own a word.
 *
 * @param mine what to store: this participant's id, perhaps with PENDING
 * @returns undefined if a living participant owns it, perhaps this one
 */
export function take(participant: Participant, words: Int32Array, word: number, mine: number): Take {
  let found = Atomics.compareExchange(words, word, 0, mine);
  for (let tries = 0; found !== 0; tries++) {
    if (found === NOT_RECOVERABLE) return "not recoverable";
    const owner = found & ID_BITS;
    if (owner !== 0 && participant.isAlive(owner)) return undefined;
    // A dead one that only asked, in a lock that was whole, has changed nothing.
    const isWhole = (found & (PENDING | INCONSISTENT)) === PENDING;
    const next = isWhole ? mine : mine | INCONSISTENT;
    if (Atomics.compareExchange(words, word, found, next) === found) return isWhole ? "taken" : "taken from the dead";
    if (tries === TRIES) return undefined; // its owner changes, and each rings when it is done
    found = Atomics.compareExchange(words, word, 0, mine);
  }
  return "taken";
}
