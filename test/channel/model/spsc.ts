// A channel with one writer and one reader: SingleProducer and SingleConsumer. A message is two words, both its number; the
// ring has room for two. A successor continues where a killed writer or reader was.
import type { Model } from "../../sync/model/checker.js";
import { clearBit, finish, look, setBit, world } from "../../sync/model/parts.js";
import { checkViolation, program, raw, ringing, type Steps, type View, Violation } from "../../sync/model/program.js";

export const spscMutants = [
  "the writer rings nobody",
  "the reader rings nobody",
  "the tail is stored before the message",
  "the head is stored before the message is read",
  "the reader does not look at the tail again after a death",
  "the writer does not look at the reader's death",
  "the bit is set after the look at the tail",
] as const;
export type SpscMutant = (typeof spscMutants)[number];

const ROOM = 2;
const at = (position: number, half: string): string => `slot${position % ROOM}${half}`;

/** Begins once the party before has died; ends if that one ended. */
const succeeding = (before: number, isOver: (view: View) => boolean): Steps => ({
  watch: raw(look),
  ready: raw(setBit),
  succeed: (view) => {
    if (!view.isAlive(before + 1)) return undefined;
    return view.word("closed") || isOver(view) ? "clear" : view.sleep("watch");
  },
});

export interface Sides {
  readonly writers: number;
  readonly readers: number;
}

/** Writers and readers, each the successor of the one before, and `messages` in all. */
export function spscModel({ writers, readers }: Sides, messages: number, deaths: number, mutant?: SpscMutant): Model {
  const isLate = mutant === "the bit is set after the look at the tail";
  const shownEarly = mutant === "the tail is stored before the message";
  const releasedEarly = mutant === "the head is stored before the message is read";
  const areDead = (view: View, from: number, count: number): boolean =>
    Array.from({ length: count }, (_, index) => from + index).every((id) => !view.isAlive(id));
  const writer = (index: number): Steps => ({
    ...(index > 0 ? succeeding(index - 1, () => false) : {}),
    begin: (view) => {
      view.keep("position", view.word("tail"));
      return undefined;
    },
    look: raw(look),
    bit: raw(setBit),
    room: (view) => (view.register("position") - view.word("head") < ROOM ? "first" : undefined),
    full: (view) => {
      const isDead = areDead(view, writers + 1, readers);
      return isDead && mutant !== "the writer does not look at the reader's death" ? "close" : view.sleep("look");
    },
    first: (view) => {
      if (shownEarly) view.store("tail", view.register("position") + 1);
      else view.store(at(view.register("position"), "a"), view.register("position") + 1);
      return undefined;
    },
    second: (view) => {
      const position = view.register("position");
      if (shownEarly) view.store(at(position, "a"), position + 1);
      view.store(at(position, "b"), position + 1);
      return undefined;
    },
    publish: (view) => {
      view.keep("position", view.register("position") + 1);
      view.store("tail", view.register("position"));
      return mutant === "the writer rings nobody" ? "more" : undefined;
    },
    ...ringing("ring"),
    more: (view) => (view.register("position") < messages ? "look" : undefined),
    close: (view) => {
      view.store("closed", 1);
      return undefined;
    },
    ...ringing("tell"),
    clear: raw(clearBit),
    end: raw(finish),
  });
  const reader = (index: number): Steps => ({
    ...(index > 0 ? succeeding(writers + index - 1, (view) => areDead(view, 1, writers)) : {}),
    begin: (view) => {
      view.keep("position", view.word("head"));
      return undefined;
    },
    look: raw(look),
    bit: isLate ? () => undefined : raw(setBit),
    tail: (view) => (view.word("tail") !== view.register("position") ? "read" : undefined),
    ending: (view) => {
      const isOver = view.word("closed") || areDead(view, 1, writers);
      view.keep("over", isOver ? 1 : 0);
      return isOver ? "again" : undefined;
    },
    late: isLate ? raw(setBit) : () => undefined,
    sleep: (view) => view.sleep("look"),
    again: (view) => {
      view.keep("over", 0);
      const isMore = view.word("tail") !== view.register("position");
      if (!isMore) return "clear";
      if (mutant !== "the reader does not look at the tail again after a death") return undefined;
      view.violate(Violation.Lost);
      return "clear";
    },
    read: (view) => {
      if (releasedEarly) view.store("head", view.register("position") + 1);
      view.keep("value", view.word(at(view.register("position"), "a")));
      return undefined;
    },
    check: (view) => {
      const position = view.register("position");
      const value = view.register("value");
      view.keep("value", 0);
      if (value !== view.word(at(position, "b"))) view.violate(Violation.Torn);
      else if (value !== position + 1) view.violate(Violation.Order);
      return undefined;
    },
    release: (view) => {
      view.keep("position", view.register("position") + 1);
      view.store("head", view.register("position"));
      return mutant === "the reader rings nobody" ? "look" : undefined;
    },
    ...ringing("ring"),
    next: () => "look",
    clear: raw(clearBit),
    end: raw(finish),
  });
  const programs = [
    ...Array.from({ length: writers }, (_, index) => program(writer(index))),
    ...Array.from({ length: readers }, (_, index) => program(reader(index))),
  ];
  return {
    name: `spsc, ${writers} writers, ${readers} readers, ${deaths} deaths`,
    first: world(
      writers + readers,
      deaths,
      ["tail", "head", "closed", "slot0a", "slot0b", "slot1a", "slot1b", "violation"],
      ["position", "value", "over"],
    ),
    programs,
    check: checkViolation,
  };
}
