// Several readers: SharedConsumer, over messages that are committed, in a channel that is closed.
import type { Model } from "../../sync/model/checker.js";
import { clearBit, finish, look, setBit, world } from "../../sync/model/parts.js";
import {
  checkViolation,
  lockShortly,
  program,
  raw,
  ringing,
  unlockShortly,
  type View,
  Violation,
} from "../../sync/model/program.js";

export const mpmcMutants = [
  "a dead consumer's message is not delivered again",
  "a living consumer's message is delivered again",
  "the last one rings nobody",
  "the unlock rings nobody",
  "a dead consumer's lock is not taken over",
  "a message is taken outside the lock",
  "the head is moved over what is not done",
  "who moved the head for others does not look again",
  "what a dead consumer has finished is taken for damage",
] as const;
export type MpmcMutant = (typeof mpmcMutants)[number];

const [COMMITTED, DONE, TAKEN] = [0x80, 0x81, 0x40];

/**
 * Consumers that take `messages` in all.
 *
 * @param polls after each message a consumer calls tryRead first: it moves the head in the lock in which it takes the next
 */
export function mpmcModel(
  consumers: number,
  messages: number,
  deaths: number,
  mutant?: MpmcMutant,
  polls = false,
): Model {
  const all = Array.from({ length: messages }, (_, position) => position);
  const takesOver = mutant !== "a dead consumer's lock is not taken over";
  const redelivers = mutant !== "a dead consumer's message is not delivered again";
  const isOfDead = (view: View, state: number): boolean =>
    state >= TAKEN &&
    state < COMMITTED &&
    (mutant === "a living consumer's message is delivered again" || (redelivers && !view.isAlive(state & ~TAKEN)));
  const take = (view: View, position: number): void => {
    view.store(`state${position}`, TAKEN | view.id);
    view.keep("mine", position + 1);
  };
  /** One record at a time; then `then`. */
  const advance = (name: string, then: string): Record<string, (view: View) => string | undefined> => ({
    [name]: (view) => {
      const head = view.word("head");
      const isPassed = view.word(`state${head}`) === DONE || mutant === "the head is moved over what is not done";
      if (head === view.word("taken") || !isPassed) return then;
      view.store("head", head + 1);
      return head + 1 === messages && mutant !== "the last one rings nobody" ? `${name}, all done` : name;
    },
  });
  const steps = program({
    look: raw(look),
    bit: raw(setBit),
    lock: (view) =>
      mutant === "a message is taken outside the lock" || lockShortly(view, "lock", takesOver)
        ? undefined
        : view.sleep("look"),
    ...advance("advance", "oldest"),
    ...ringing("advance, all done"),
    ended: () => "oldest",
    oldest: (view) => {
      const head = view.word("head");
      if (head !== view.word("taken")) view.keep("seen", view.word(`state${head}`));
      return undefined;
    },
    // Its consumer may have finished it and died since.
    "oldest, if of a dead": (view) => {
      const [head, seen] = [view.word("head"), view.register("seen")];
      view.keep("seen", 0);
      if (!isOfDead(view, seen)) return undefined;
      const now = view.word(`state${head}`);
      const isFinished = now === DONE && mutant !== "what a dead consumer has finished is taken for damage";
      if (now !== seen && !isFinished) view.violate(Violation.Order);
      if (now !== seen) return undefined;
      take(view, head);
      return "unlock";
    },
    next: (view) => {
      const taken = view.word("taken");
      if (taken === messages) return "others";
      const state = view.word(`state${taken}`);
      if (state !== COMMITTED && !isOfDead(view, state)) view.violate(Violation.Order);
      take(view, taken);
      return undefined;
    },
    taken: (view) => {
      view.store("taken", view.register("mine"));
      return "unlock";
    },
    others: (view) => {
      const dead = all.find(
        (position) =>
          position >= view.word("head") &&
          position < view.word("taken") &&
          isOfDead(view, view.word(`state${position}`)),
      );
      if (dead !== undefined) take(view, dead);
      else if (view.word("head") === messages) view.keep("over", 1);
      return undefined;
    },
    unlock: (view) => (unlockShortly(view, "lock") && mutant !== "the unlock rings nobody" ? undefined : "freed"),
    ...ringing("tell"),
    relock: (view) => {
      if (!lockShortly(view, "lock", takesOver)) return "freed";
      view.keep("moves", 1);
      return undefined;
    },
    ...advance("for others", "unlock"),
    ...ringing("for others, all done"),
    again: () => "unlock",
    freed: (view) => {
      const isMoved = view.register("moves") === 1 && mutant !== "who moved the head for others does not look again";
      const looks = isMoved && !view.register("mine") && !view.register("over");
      const isPoll = view.register("polls") === 1;
      view.keep("moves", 0);
      view.keep("polls", 0);
      if (view.register("over")) return "last";
      if (looks || (isPoll && !view.register("mine"))) return "look";
      return view.register("mine") ? undefined : view.sleep("look");
    },
    work: (view) => {
      const position = view.register("mine") - 1;
      if (view.word(`state${position}`) !== (TAKEN | view.id)) view.violate(Violation.Crowd);
      view.store(`handled${position}`, 1);
      return undefined;
    },
    done: (view) => {
      const position = view.register("mine") - 1;
      if (view.word(`state${position}`) !== (TAKEN | view.id)) view.violate(Violation.Crowd);
      view.store(`state${position}`, DONE);
      view.keep("mine", 0);
      return polls ? undefined : "head";
    },
    // Without a mark: one that only tries is not rung.
    poll: (view) => {
      const owner = view.word("lock") & 0x7f;
      if (owner !== 0 && view.isAlive(owner)) return "head";
      view.store("lock", view.id);
      view.keep("polls", 1);
      return "advance";
    },
    head: (view) => (view.word(`state${view.word("head")}`) === DONE ? undefined : "look"),
    // If another keeps the lock, it sees the mark, and moves the head in this one's place.
    "lock to advance": (view) => {
      if (!lockShortly(view, "lock", takesOver)) return "look";
      view.keep("moves", 1);
      return "for others";
    },
    last: (view) => {
      for (const position of all) if (!view.word(`handled${position}`)) view.violate(Violation.Lost);
      return undefined;
    },
    clear: raw(clearBit),
    end: raw(finish),
  });
  const first = world(
    consumers,
    deaths,
    [
      ...["lock", "head", "taken", "violation", `state${messages}`],
      ...all.flatMap((position) => [`state${position}`, `handled${position}`]),
    ],
    ["mine", "over", "moves", "polls", "seen"],
  );
  for (const position of all) first.words[`state${position}`] = COMMITTED;
  return {
    name: `mpmc of ${consumers} ${polls ? "polling " : ""}consumers, ${messages} messages, ${deaths} deaths`,
    first,
    programs: Array.from({ length: consumers }, () => steps),
    check: checkViolation,
  };
}
