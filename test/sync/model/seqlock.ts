// The seqlock: src/sync/seqlock.ts, with two copies of a value of two words.
import type { Model } from "./checker.js";
import { clearBit, finish, look, setBit, world } from "./parts.js";
import { checkViolation, lockShortly, program, raw, ringing, unlockShortly, Violation } from "./program.js";

export const seqlockMutants = [
  "the begin is told after the copy",
  "the reader looks at the begin before it reads",
  "the end is told before the copy",
  "a dead writer's word is not taken over",
  "the writer that ends rings nobody",
] as const;
export type SeqlockMutant = (typeof seqlockMutants)[number];

const COPIES = 2;

/** Writers that write `writes` times, and one that reads as often. */
export function seqlockModel(writers: number, writes: number, deaths: number, mutant?: SeqlockMutant): Model {
  const isLate = mutant === "the begin is told after the copy";
  const isEarly = mutant === "the reader looks at the begin before it reads";
  const endsEarly = mutant === "the end is told before the copy";
  const copyOf = (sequence: number, half: string): string => `copy${sequence % COPIES}${half}`;
  const writer = program({
    look: raw(look),
    bit: raw(setBit),
    lock: (view) =>
      lockShortly(view, "writer", mutant !== "a dead writer's word is not taken over") ? undefined : view.sleep("look"),
    begin: (view) => {
      view.keep("next", view.word("done") + 1);
      if (!isLate) view.store("begun", view.register("next"));
      return undefined;
    },
    ended: (view) => {
      if (endsEarly) view.store("done", view.register("next"));
      return undefined;
    },
    first: (view) => {
      view.store(copyOf(view.register("next"), "a"), view.register("next"));
      return undefined;
    },
    second: (view) => {
      view.store(copyOf(view.register("next"), "b"), view.register("next"));
      return undefined;
    },
    late: (view) => {
      if (isLate) view.store("begun", view.register("next"));
      return undefined;
    },
    end: (view) => {
      view.store("done", view.register("next"));
      view.keep("next", 0);
      view.keep("count", view.register("count") + 1);
      return undefined;
    },
    unlock: (view) =>
      unlockShortly(view, "writer") && mutant !== "the writer that ends rings nobody" ? undefined : "again",
    ...ringing("tell"),
    again: (view) => (view.register("count") < writes ? "look" : undefined),
    clear: raw(clearBit),
    finish: raw(finish),
  });
  const reader = program({
    done: (view) => {
      view.keep("next", view.word("done"));
      return undefined;
    },
    early: (view) => {
      if (isEarly) view.keep("begun", view.word("begun"));
      return undefined;
    },
    first: (view) => {
      view.keep("value", view.word(copyOf(view.register("next"), "a")));
      return undefined;
    },
    second: (view) => {
      view.keep("other", view.word(copyOf(view.register("next"), "b")));
      return undefined;
    },
    begun: (view) => {
      const begun = isEarly ? view.register("begun") : view.word("begun");
      const isGood = begun - view.register("next") < COPIES;
      if (isGood && view.register("value") !== view.register("other")) view.violate(Violation.Torn);
      for (const name of ["next", "value", "other", "begun"]) view.keep(name, 0);
      view.keep("count", view.register("count") + 1);
      return view.register("count") < writes ? "done" : undefined;
    },
    finish: raw(finish),
  });
  const words = ["writer", "done", "begun", "copy0a", "copy0b", "copy1a", "copy1b", "violation"];
  return {
    name: `seqlock of ${writers} writers, ${deaths} deaths`,
    first: world(writers + 1, deaths, words, ["next", "value", "other", "begun", "count"]),
    programs: [...Array.from({ length: writers }, () => writer), reader],
    check: checkViolation,
  };
}
