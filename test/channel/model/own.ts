// Objects with segments of their own, under one key, with `exclusive: false`: src/segment/own.ts and unused.ts. Each party makes
// the object or opens it, uses it and gives it back. Time is not modelled: a segment without a domain may always be old enough.
import type { Instruction, Model, World } from "../../sync/model/checker.js";
import { finish, load, world } from "../../sync/model/parts.js";
import { program, raw, type Steps, type View } from "../../sync/model/program.js";

export const ownMutants = [
  "who removes it sets no mark",
  "the opener looks at the mark before it joins",
  "a member looks who is left before it leaves",
  "a maker that finds the mark removes the segment",
  "an unmade segment is removed without a word",
] as const;
export type OwnMutant = (typeof ownMutants)[number];

const READY = 2;
const REMOVED = 3;

/** Living parties that have attached `segment`, or with `"joined"` are participants there. */
const those = (all: World, segment: number, how: "attached" | "joined"): number =>
  all.parties.filter(({ alive, r }) => alive && r["at"] === segment && r[how] === 1).length;

/** What a segment has. */
const words = ["state", "mark", "gone"] as const;

/**
 * Numbers the segments that a party can reach: first that of the key, then those of the parties. Others are zeros. So states
 * that differ in nothing else are one.
 */
function renumber(all: World): void {
  const held = all.parties.filter(({ alive }) => alive).map(({ r }) => r["at"] ?? 0);
  const reached = [...new Set([load(all, "key"), ...held])].filter((segment) => segment !== 0);
  const before = { ...all.words };
  all.words["key"] = reached.indexOf(load(all, "key")) + 1;
  for (let index = 0; index <= all.parties.length; index++)
    for (const word of words) all.words[`${word}${index + 1}`] = before[`${word}${reached[index] ?? 0}`] ?? 0;
  for (const { r } of all.parties) {
    r["at"] = reached.indexOf(r["at"] ?? 0) + 1;
    r["uses"] = reached.indexOf(r["uses"] ?? 0) + 1;
  }
}

const renumbering =
  (step: Instruction): Instruction =>
  (all, self) => {
    step(all, self);
    renumber(all);
  };

/** Lets the segment go. */
function drop(view: View): void {
  for (const name of ["attached", "joined", "at", "checks", "maker"]) view.keep(name, 0);
}

/** Each of `parties` does all of it `rounds` times. */
export function ownModel(parties: number, rounds: number, deaths: number, mutant?: OwnMutant): Model {
  const at = (view: View): number => view.register("at");
  const of = (view: View, word: string): number => view.word(`${word}${at(view)}`);
  const set = (view: View, word: string, value: number): void => view.store(`${word}${at(view)}`, value);
  const isAlone = (view: View): boolean => those(view.world, at(view), "attached") <= 1;
  const lives = (view: View): boolean => those(view.world, at(view), "joined") > 0;
  const open = (view: View): void => {
    view.keep("at", view.word("key"));
    view.keep("attached", 1);
  };
  const join = (view: View): void => view.keep("joined", 1);
  const isMarked = (view: View): boolean => of(view, "mark") > 0 || of(view, "gone") === 1;
  const looksFirst = mutant === "the opener looks at the mark before it joins";
  const stays = mutant === "a member looks who is left before it leaves";
  const removes = mutant === "a maker that finds the mark removes the segment";
  const steps: Steps = {
    begin: (view) => {
      if (view.word("key") === 0) {
        view.store("key", parties + 1); // nobody can hold that many
        view.keep("at", parties + 1);
        view.keep("maker", 1);
        return "attach";
      }
      open(view);
      return "is it left?";
    },
    "is it left?": (view) => {
      view.keep("checks", 1); // a life word may be wrong; but then nobody else has it attached
      if (of(view, "state") === READY) return lives(view) && !isAlone(view) ? "detach" : "mark";
      if (of(view, "state") === REMOVED) return "remove";
      return isAlone(view) ? "unmade" : "detach";
    },
    unmade: (view) => {
      if (mutant === "an unmade segment is removed without a word") return "remove";
      if (of(view, "state") === READY) return "detach";
      set(view, "state", REMOVED);
      return "remove";
    },
    detach: (view) => {
      drop(view);
      if (view.word("key") === 0) return "begin";
      open(view);
      return "header";
    },
    attach: (view) => {
      if (of(view, "gone") === 0) view.keep("attached", 1);
      else drop(view);
      return view.register("attached") === 1 ? undefined : "begin";
    },
    header: (view) => {
      if (view.register("maker") === 0 && of(view, "state") === 0)
        return of(view, "gone") === 1 || isAlone(view) ? "drop" : "header"; // it waits for the maker
      if (of(view, "state") === REMOVED) return "drop";
      set(view, "state", READY);
      return undefined;
    },
    join: (view) => {
      if (!looksFirst) join(view);
      return looksFirst && isMarked(view) ? "drop" : undefined;
    },
    "look at the mark": (view) => {
      if (looksFirst) join(view);
      else if (of(view, "mark") > 0) return removes && view.register("maker") === 1 ? "remove" : "leave";
      return undefined;
    },
    "look whether it was removed": (view) => {
      if (!looksFirst && of(view, "gone") === 1) return "leave";
      view.keep("maker", 0);
      view.keep("uses", at(view));
      return undefined;
    },
    use: (view) => {
      view.keep("uses", 0);
      view.keep("rounds", view.register("rounds") + 1);
      return undefined;
    },
    leave: (view) => {
      if (!stays) view.keep("joined", 0);
      return undefined;
    },
    mark: (view) => {
      if (mutant !== "who removes it sets no mark") set(view, "mark", of(view, "mark") + 1);
      return undefined;
    },
    "look who lives": (view) => {
      const others = those(view.world, at(view), "joined") - view.register("joined");
      const isUsed = others > 0 && !(view.register("checks") === 1 && isAlone(view));
      return isUsed ? "unmark" : "remove";
    },
    remove: (view) => {
      set(view, "gone", 1);
      if (view.word("key") === at(view)) view.store("key", 0);
      return "drop";
    },
    unmark: (view) => {
      if (mutant !== "who removes it sets no mark") set(view, "mark", of(view, "mark") - 1);
      return undefined;
    },
    drop: (view) => {
      drop(view);
      return view.register("rounds") === rounds ? undefined : "begin";
    },
    end: raw(finish),
  };
  const numbers = Array.from({ length: parties + 1 }, (_, index) => index + 1);
  const all = numbers.flatMap((segment) => words.map((word) => `${word}${segment}`));
  const registers = ["at", "attached", "joined", "uses", "rounds", "checks", "maker"];
  return {
    name: `${parties} parties with a segment of their own, ${rounds} rounds, ${deaths} deaths`,
    first: world(parties, deaths, ["key", ...all], registers),
    programs: Array.from({ length: parties }, () => program(steps).map(renumbering)),
    check: (now) => {
      const used = now.parties.filter(({ alive, r }) => alive && r["uses"] !== 0).map(({ r }) => r["uses"]);
      if (new Set(used).size > 1) throw new Error("two use different segments");
      if (used[0] !== undefined && load(now, `gone${used[0]}`) === 1) throw new Error("what is used was removed");
      if (now.deaths === deaths && now.parties.every(({ done }) => done) && load(now, "key") !== 0)
        throw new Error("a segment is left");
    },
  };
}
