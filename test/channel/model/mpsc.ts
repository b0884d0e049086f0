// Several writers and one reader: SharedProducer and SingleConsumer. The ring has room for two messages.
import type { Model } from "../../sync/model/checker.js";
import { clearBit, finish, idOf, look, setBit, world } from "../../sync/model/parts.js";
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

export const mpscMutants = [
  "a claim is skipped although its producer lives",
  "a dead producer's claim is not skipped",
  "the state is stored after the tail",
  "the commit rings nobody",
  "a dead producer's lock is not taken over",
  "the room is taken outside the lock",
  "the reader rings nobody",
  "the message is committed before it is filled",
] as const;
export type MpscMutant = (typeof mpscMutants)[number];

const ROOM = 2;
const [COMMITTED, ABANDONED] = [0x80, 0x81];

/** Producers that write `messages` each; the last party reads. */
export function mpscModel(producers: number, messages: number, deaths: number, mutant?: MpscMutant): Model {
  const reader = producers + 1;
  const isLate = mutant === "the state is stored after the tail";
  const isUnfilled = mutant === "the message is committed before it is filled";
  const number = (view: View): number => 10 * view.id + view.register("count");
  const fill = (view: View): void => view.store(`payload${view.register("position") % ROOM}`, number(view));
  const commit = (view: View): void => {
    const word = `state${view.register("position") % ROOM}`;
    if (view.word(word) !== view.id) view.violate(Violation.Lost); // it was skipped
    view.store(word, COMMITTED);
  };
  const claim = (view: View): void => view.store(`state${view.register("position") % ROOM}`, view.id);
  const writes = program({
    look: raw(look),
    bit: raw(setBit),
    lock: (view) => {
      if (mutant === "the room is taken outside the lock") return undefined;
      return lockShortly(view, "lock", mutant !== "a dead producer's lock is not taken over")
        ? undefined
        : view.sleep("look");
    },
    tail: (view) => {
      view.keep("position", view.word("tail"));
      return undefined;
    },
    room: (view) => {
      view.keep("full", view.register("position") - view.word("head") < ROOM ? 0 : 1);
      return view.register("full") ? "unlock" : undefined;
    },
    state: (view) => {
      if (!isLate) claim(view);
      return undefined;
    },
    publish: (view) => {
      view.store("tail", view.register("position") + 1);
      return undefined;
    },
    late: (view) => {
      if (isLate) claim(view);
      return undefined;
    },
    unlock: (view) => (unlockShortly(view, "lock") ? undefined : "claimed"),
    ...ringing("tell"),
    claimed: (view) => (view.register("full") ? undefined : "fill"),
    full: (view) => {
      view.keep("full", 0);
      view.keep("position", 0);
      return view.isAlive(reader) ? view.sleep("look") : "clear";
    },
    fill: (view) => {
      if (isUnfilled) commit(view);
      else fill(view);
      return undefined;
    },
    commit: (view) => {
      if (isUnfilled) fill(view);
      else commit(view);
      view.keep("position", 0);
      view.keep("count", view.register("count") + 1);
      return mutant === "the commit rings nobody" ? "more" : undefined;
    },
    ...ringing("ring"),
    more: (view) => (view.register("count") < messages ? "look" : undefined),
    end: (view) => {
      view.store("ended", view.word("ended") | (1 << view.self));
      return undefined;
    },
    ...ringing("over"),
    clear: raw(clearBit),
    finish: raw(finish),
  });
  /** Whether each producer has ended or was killed: the reader's closed or dead. */
  const areOver = (view: View): boolean =>
    Array.from({ length: producers }, (_, index) => index).every(
      (index) => (view.word("ended") & (1 << index)) !== 0 || !view.isAlive(idOf(index)),
    );
  const reads = program({
    look: raw(look),
    bit: raw(setBit),
    tail: (view) => (view.word("tail") !== view.register("position") ? "state" : undefined),
    ending: (view) => (areOver(view) ? undefined : view.sleep("look")),
    again: (view) => (view.word("tail") !== view.register("position") ? undefined : "last"),
    state: (view) => {
      const state = view.word(`state${view.register("position") % ROOM}`);
      if (state === COMMITTED) return "read";
      if (state === ABANDONED) return "release";
      if (state === 0 || state > producers) {
        view.violate(Violation.Order);
        return "clear";
      }
      if (view.isAlive(state)) {
        if (mutant !== "a claim is skipped although its producer lives") return view.sleep("look");
      } else if (mutant === "a dead producer's claim is not skipped") return view.sleep("look");
      view.keep("state", state);
      return undefined;
    },
    abandon: (view) => {
      const word = `state${view.register("position") % ROOM}`;
      if (view.word(word) === view.register("state")) view.store(word, ABANDONED);
      view.keep("state", 0);
      return "state";
    },
    read: (view) => {
      const value = view.word(`payload${view.register("position") % ROOM}`);
      const [sender, count] = [Math.floor(value / 10) - 1, value % 10];
      if (value === 0 || view.word(`read${sender}`) !== count) view.violate(Violation.Torn);
      else view.store(`read${sender}`, count + 1);
      view.store(`payload${view.register("position") % ROOM}`, 0);
      return undefined;
    },
    release: (view) => {
      view.keep("position", view.register("position") + 1);
      view.store("head", view.register("position"));
      return mutant === "the reader rings nobody" ? "look" : undefined;
    },
    ...ringing("ring"),
    next: () => "look",
    last: (view) => {
      for (let index = 0; index < producers; index++)
        if (view.word("ended") & (1 << index) && view.word(`read${index}`) !== messages) view.violate(Violation.Lost);
      return undefined;
    },
    clear: raw(clearBit),
    finish: raw(finish),
  });
  const senders = Array.from({ length: producers }, (_, index) => `read${index}`);
  return {
    name: `mpsc of ${producers} producers, ${messages} messages each, ${deaths} deaths`,
    first: world(
      producers + 1,
      deaths,
      ["lock", "tail", "head", "state0", "state1", "payload0", "payload1", "ended", "violation", ...senders],
      ["position", "full", "count", "state"],
    ),
    programs: [...senders.map(() => writes), reads],
    check: checkViolation,
  };
}
