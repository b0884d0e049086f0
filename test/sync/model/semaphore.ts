// The semaphore: src/sync/semaphore.ts.
import type { Model } from "./checker.js";
import { clearBit, finish, look, setBit, world } from "./parts.js";
import { checkViolation, lockShortly, program, raw, ringing, unlockShortly, Violation } from "./program.js";

export const semaphoreMutants = [
  "a dead holder counts",
  "a release rings nobody",
  "the permits are counted outside the lock",
  "the unlock rings nobody",
  "a dead holder's lock is not taken over",
] as const;
export type SemaphoreMutant = (typeof semaphoreMutants)[number];

/** Parties that each acquire one of `permits`, and release it; if there are enough for all, they keep it. */
export function semaphoreModel(parties: number, permits: number, deaths: number, mutant?: SemaphoreMutant): Model {
  const held = Array.from({ length: parties }, (_, slot) => `held${slot}`);
  const steps = program({
    look: raw(look),
    bit: raw(setBit),
    lock: (view) =>
      mutant === "the permits are counted outside the lock" ||
      lockShortly(view, "lock", mutant !== "a dead holder's lock is not taken over")
        ? "count"
        : view.sleep("look"),
    count: (view) => {
      const counts = (slot: number): boolean => mutant === "a dead holder counts" || view.isAlive(slot + 1);
      const sum = held.reduce((total, word, slot) => total + (counts(slot) ? view.word(word) : 0), 0);
      view.keep("free", sum < permits ? 1 : 0);
      return undefined;
    },
    store: (view) => {
      if (view.register("free")) view.store(`held${view.self}`, 1);
      return undefined;
    },
    unlock: (view) => (unlockShortly(view, "lock") && mutant !== "the unlock rings nobody" ? undefined : "freed"),
    ...ringing("tell"),
    freed: (view) => (view.register("free") ? undefined : view.sleep("look")),
    inside: (view) => {
      const living = held.filter((word, slot) => view.isAlive(slot + 1) && view.word(word));
      if (living.length > permits) view.violate(Violation.Crowd);
      return permits >= parties ? "clear" : undefined;
    },
    release: (view) => {
      view.store(`held${view.self}`, 0);
      return mutant === "a release rings nobody" ? "clear" : undefined;
    },
    ...ringing("released"),
    clear: raw(clearBit),
    end: raw(finish),
  });
  return {
    name: `semaphore of ${parties} for ${permits}, ${deaths} deaths`,
    first: world(parties, deaths, ["lock", "violation", ...held], ["free"]),
    programs: Array.from({ length: parties }, () => steps),
    check: checkViolation,
  };
}
