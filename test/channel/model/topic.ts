// A topic: TopicProducer and Subscription. A message is two words, both its number; the ring has room for two.
import type { Model } from "../../sync/model/checker.js";
import { clearBit, finish, idOf, look, setBit, world } from "../../sync/model/parts.js";
import { checkViolation, program, raw, ringing, type Steps, type View, Violation } from "../../sync/model/program.js";

export const topicMutants = [
  "the writer tells after it has overwritten",
  "the subscriber looks at what was told before it copies",
  "the oldest is stored after the tell",
  "the writer rings nobody",
] as const;
export const blockMutants = [
  "the position is not stored again after the id",
  "a dead subscriber makes the writer wait",
  "a subscriber that makes room rings nobody",
  "the writer that published rings nobody",
] as const;
export type TopicMutant = (typeof topicMutants)[number] | (typeof blockMutants)[number];

const ROOM = 2;
const at = (position: number, half: string): string => `slot${position % ROOM}${half}`;
const MESSAGE: Steps = {
  first: (view) => {
    view.store(at(view.register("position"), "a"), view.register("position") + 1);
    return undefined;
  },
  second: (view) => {
    view.store(at(view.register("position"), "b"), view.register("position") + 1);
    return undefined;
  },
};
const words = ["tail", "intent", "oldest", "closed", "slot0a", "slot0b", "slot1a", "slot1b", "violation"];

const publishing = (messages: number, rings: boolean): Steps => ({
  publish: (view) => {
    view.keep("position", view.register("position") + 1);
    view.store("tail", view.register("position"));
    return rings ? undefined : "more";
  },
  ...ringing("ring"),
  more: (view) => (view.register("position") < messages ? "begin" : undefined),
  close: (view) => {
    view.store("closed", 1);
    return rings ? undefined : "clear";
  },
  ...ringing("tell"),
  clear: raw(clearBit),
  end: raw(finish),
});

/** Waits at an empty topic; goes to `read` if there is a message. */
const waiting: Steps = {
  look: raw(look),
  bit: raw(setBit),
  tail: (view) => (view.word("tail") !== view.register("position") ? "read" : undefined),
  ending: (view) => (view.word("closed") || !view.isAlive(idOf(0)) ? undefined : view.sleep("look")),
  again: (view) => (view.word("tail") !== view.register("position") ? undefined : "clear"),
};

/** Checks a message of both halves, which were read. */
const checkMessage = (view: View): void => {
  const [value, other] = [view.register("value"), view.register("other")];
  if (value !== other) view.violate(Violation.Torn);
  else if (value !== view.register("position") + 1) view.violate(Violation.Order);
};

/** A writer that overwrites, and subscribers that copy, and go to the oldest if they were overtaken. */
export function overwriteModel(subscribers: number, messages: number, deaths: number, mutant?: TopicMutant): Model {
  const tellsLate = mutant === "the writer tells after it has overwritten";
  const oldestLate = mutant === "the oldest is stored after the tell";
  const looksEarly = mutant === "the subscriber looks at what was told before it copies";
  const tell: Steps = {
    oldest: (view) => {
      const oldest = view.register("position") + 1 - ROOM;
      if (oldest > 0 && !oldestLate) view.store("oldest", oldest);
      return undefined;
    },
    intent: (view) => {
      view.store("intent", view.register("position") + 1);
      return undefined;
    },
    "late oldest": (view) => {
      const oldest = view.register("position") + 1 - ROOM;
      if (oldest > 0 && oldestLate) view.store("oldest", oldest);
      return undefined;
    },
  };
  const begin: Steps = { begin: () => undefined };
  const writes = program({
    ...begin,
    ...(tellsLate ? { ...MESSAGE, ...tell } : { ...tell, ...MESSAGE }),
    ...publishing(messages, mutant !== "the writer rings nobody"),
  });
  const reads = program({
    ...waiting,
    read: (view) => {
      if (looksEarly) view.keep("intent", view.word("intent"));
      view.keep("value", view.word(at(view.register("position"), "a")));
      return undefined;
    },
    second: (view) => {
      view.keep("other", view.word(at(view.register("position"), "b")));
      return undefined;
    },
    check: (view) => {
      const intent = looksEarly ? view.register("intent") : view.word("intent");
      const isGone = intent - view.register("position") > ROOM;
      if (!isGone) {
        checkMessage(view);
        view.keep("position", view.register("position") + 1);
      }
      for (const name of ["value", "other", "intent"]) view.keep(name, 0);
      return isGone ? undefined : "look";
    },
    jump: (view) => {
      const oldest = view.word("oldest");
      // It was overtaken, so that the oldest is behind its position.
      if (oldest <= view.register("position")) view.violate(Violation.Order);
      view.keep("position", oldest);
      return "look";
    },
    clear: raw(clearBit),
    end: raw(finish),
  });
  return {
    name: `topic that overwrites, ${subscribers} subscribers, ${deaths} deaths`,
    first: world(subscribers + 1, deaths, words, ["position", "value", "other", "intent"]),
    programs: [writes, ...Array.from({ length: subscribers }, () => reads)],
    check: checkViolation,
  };
}

/** A writer that waits for the slowest, and subscribers that join at any time. */
export function blockModel(subscribers: number, messages: number, deaths: number, mutant?: TopicMutant): Model {
  const entries = Array.from({ length: subscribers }, (_, index) => index + 1);
  const writes = program({
    begin: raw(look),
    bit: raw(setBit),
    // One entry at a time
    entry: (view) => {
      const entry = view.register("entry") + 1;
      if (entry > subscribers) {
        view.keep("entry", 0);
        return "first";
      }
      const counts = view.word(`id${entry}`) === 1;
      const lives = view.isAlive(idOf(entry)) || mutant === "a dead subscriber makes the writer wait";
      if (counts && lives) return undefined;
      view.keep("entry", entry);
      return "entry";
    },
    position: (view) => {
      const entry = view.register("entry") + 1;
      const hasRoom = view.register("position") - view.word(`position${entry}`) < ROOM;
      view.keep("entry", hasRoom ? entry : 0);
      return hasRoom ? "entry" : view.sleep("begin");
    },
    ...MESSAGE,
    ...publishing(messages, mutant !== "the writer that published rings nobody"),
  });
  const reads = program({
    // Its entry is its own: the exchange of JOINING does nothing that the writer looks at.
    "first position": (view) => {
      view.store(`position${view.self}`, view.word("tail"));
      view.keep("position", view.word("tail"));
      return undefined;
    },
    id: (view) => {
      view.store(`id${view.self}`, 1);
      return mutant === "the position is not stored again after the id" ? "joined" : undefined;
    },
    "tail again": (view) => {
      view.keep("position", view.word("tail"));
      return undefined;
    },
    "position again": (view) => {
      view.store(`position${view.self}`, view.register("position"));
      return undefined;
    },
    joined: () => undefined,
    ...ringing("join"),
    ...waiting,
    read: (view) => {
      view.keep("value", view.word(at(view.register("position"), "a")));
      return undefined;
    },
    second: (view) => {
      view.keep("other", view.word(at(view.register("position"), "b")));
      return undefined;
    },
    check: (view) => {
      checkMessage(view);
      view.keep("value", 0);
      view.keep("other", 0);
      view.keep("position", view.register("position") + 1);
      return undefined;
    },
    release: (view) => {
      view.store(`position${view.self}`, view.register("position"));
      return mutant === "a subscriber that makes room rings nobody" ? "look" : undefined;
    },
    ...ringing("ring"),
    next: () => "look",
    clear: (view) => {
      view.store(`id${view.self}`, 0);
      return undefined;
    },
    ...ringing("leave"),
    bits: raw(clearBit),
    end: raw(finish),
  });
  const own = entries.flatMap((entry) => [`id${entry}`, `position${entry}`]);
  return {
    name: `topic that blocks, ${subscribers} subscribers, ${deaths} deaths`,
    first: world(subscribers + 1, deaths, [...words, ...own], ["position", "value", "other", "entry"]),
    programs: [writes, ...entries.map(() => reads)],
    check: checkViolation,
  };
}
