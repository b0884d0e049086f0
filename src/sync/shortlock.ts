// A lock inside an object, around a few stores that need no repair: it is held for less than a microsecond, unless its holder
// is paused. A dead holder's is taken over.
import { ID_BITS } from "./layout.js";
import { MOST_TRIES, type SharedObject } from "./object.js";
import { CONTENDED } from "./ownerword.js";

/**
 * Takes the lock in `word`.
 *
 * @param sleeps whether to mark the word if its holder keeps it, so that the holder's {@link unlockShortly} says so
 * @returns false: a living participant holds it for long
 */
export function lockShortly(object: SharedObject, word: number, sleeps: boolean, operation: string): boolean {
  const { participant } = object;
  const { words, id } = participant;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    // Later tries look before they exchange: an exchange takes the line from the holder, whether it succeeds or not.
    const before = tries === 0 ? 0 : Atomics.load(words, word);
    const found = before === 0 ? Atomics.compareExchange(words, word, 0, id) : before;
    if (found === 0) return true;
    const owner = found & ID_BITS;
    if (owner === 0 || !participant.isAlive(owner)) {
      if (Atomics.compareExchange(words, word, found, id) === found) return true;
    } else if (tries > MOST_TRIES / 2) {
      if (!sleeps) return false;
      const marked = found | CONTENDED;
      if (found === marked || Atomics.compareExchange(words, word, found, marked) === found) return false;
    }
  }
  throw object.tooBusy(operation);
}

/** Frees it. @returns whether participants sleep, so that the caller must ring */
export function unlockShortly(object: SharedObject, word: number): boolean {
  return (Atomics.exchange(object.participant.words, word, 0) & CONTENDED) !== 0;
}
