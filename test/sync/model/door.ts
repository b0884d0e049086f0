// The ring of a doorbell that is heard in two ways: native/wait/keeper.cc and door.cc. In one slot an event loop listens at a
// door, and a thread blocks in the futex, each for an object of its own. A ring is a knock, a wake of the futex, or both.
import type { Model, World } from "./checker.js";
import { finish, partyOf, world } from "./parts.js";
import { program, raw, type Step, type Steps } from "./program.js";

export const doorMutants = [
  "the sleepers are read before the ring",
  "a knock is enough for all",
  "the listeners are counted in a word of their own",
  "a knock that nobody heard is enough",
  "the loop looks before it is armed",
] as const;
export type DoorMutant = (typeof doorMutants)[number];

/** In the word `sleeping`: one who sleeps, and one who hears a knock, too. */
const SLEEPER = 1;
const LISTENER = 16 + SLEEPER;

const LOOP = 0;
const THREAD = 1;

/** The loop hears a knock, or its keeper, which the futex woke. */
function tellLoop(shared: World): void {
  shared.words["heard"] = 1;
  partyOf(shared, LOOP).r["fresh"] = 0;
}

/** FUTEX_WAKE on the doorbell: of the thread, if the kernel has it asleep, and of the loop's keeper. */
function wakeFutex(shared: World): void {
  if (partyOf(shared, THREAD).asleep) partyOf(shared, THREAD).r["fresh"] = 0;
  tellLoop(shared);
}

/** Sets the object "loop" or "thread", and rings if its slot sleeps on it. */
function waker(object: string, isOpen: boolean, mutant: DoorMutant | undefined): Steps {
  const isEarly = mutant === "the sleepers are read before the ring";
  const isApart = mutant === "the listeners are counted in a word of their own";
  const count: Step = (view) => {
    view.keep("count", view.word("sleeping"));
    return undefined;
  };
  return {
    change: (view) => {
      view.store(object, 1);
      return undefined;
    },
    mask: (view) => (view.word(`${object} mask`) === 0 ? "finish" : undefined),
    early: (view) => (isEarly ? count(view) : undefined),
    ring: (view) => {
      view.store("bell", view.word("bell") + 1);
      return undefined;
    },
    apart: (view) => {
      if (isApart) view.keep("apart", view.word("sleeping") >> 4);
      return undefined;
    },
    count: (view) => (isEarly ? undefined : count(view)),
    wake: (view) => {
      const counted = view.register("count");
      const listeners = isApart ? view.register("apart") : counted >> 4;
      const isHeard = listeners > 0 && isOpen;
      if (isHeard) tellLoop(view.world);
      const isEnough =
        mutant === "a knock is enough for all" ||
        ((counted & 15) <= listeners && (isHeard || mutant === "a knock that nobody heard is enough"));
      if (counted !== 0 && !(listeners > 0 && isEnough)) wakeFutex(view.world);
      return undefined;
    },
    finish: raw(finish),
  };
}

/** @param isOpen whether knocks arrive; else nobody listens at the door's name, as in another network namespace */
export function doorModel(isOpen: boolean, wakers: number, mutant?: DoorMutant): Model {
  const isLate = mutant === "the loop looks before it is armed";
  const arm: Step = (view) => {
    view.store("sleeping", view.word("sleeping") + LISTENER);
    return undefined;
  };
  const loop = program({
    bit: (view) => {
      view.store("loop mask", 1);
      return undefined;
    },
    arm: (view) => (isLate ? undefined : arm(view)),
    look: (view) => {
      if (view.word("loop") !== 0) return "disarm";
      return undefined;
    },
    late: (view) => (isLate ? arm(view) : undefined),
    sleep: (view) => {
      view.keep("fresh", view.word("heard") === 0 ? 1 : 0);
      return view.sleep("heard");
    },
    heard: (view) => {
      view.store("heard", 0);
      return isLate ? "again" : "look";
    },
    again: (view) => (view.word("loop") === 0 ? "sleep" : undefined),
    disarm: (view) => {
      view.store("sleeping", view.word("sleeping") - LISTENER);
      return undefined;
    },
    clear: (view) => {
      view.store("loop mask", 0);
      return undefined;
    },
    finish: raw(finish),
  });
  const thread = program({
    see: (view) => {
      view.keep("seen", view.word("bell"));
      return undefined;
    },
    bit: (view) => {
      view.store("thread mask", 1);
      return undefined;
    },
    look: (view) => (view.word("thread") !== 0 ? "clear" : undefined),
    begin: (view) => {
      view.store("sleeping", view.word("sleeping") + SLEEPER);
      return undefined;
    },
    sleep: (view) => {
      view.keep("fresh", view.word("bell") === view.register("seen") ? 1 : 0);
      return view.sleep("end");
    },
    end: (view) => {
      view.store("sleeping", view.word("sleeping") - SLEEPER);
      return "see";
    },
    clear: (view) => {
      view.store("thread mask", 0);
      return undefined;
    },
    finish: raw(finish),
  });
  const wakersOf = (object: string) => Array.from({ length: wakers }, () => program(waker(object, isOpen, mutant)));
  const words = ["loop", "loop mask", "thread", "thread mask", "bell", "sleeping", "heard"];
  return {
    name: `a ring of ${2 * wakers} wakers at ${isOpen ? "an open" : "a shut"} door`,
    first: world(2 + 2 * wakers, 0, words, ["seen", "count", "apart"]),
    programs: [loop, thread, ...wakersOf("loop"), ...wakersOf("thread")],
    check: () => {},
  };
}
