// Objects with segments of their own, under one key, with `exclusive: false`: src/segment/own.ts and unused.ts. Each party makes
// the object or opens it, uses it and gives it back. Time is not modelled: a segment without a domain may always be old enough, and
// who waits for its maker may give up at any time.
import type { Instruction, Model, Party, World } from "../../sync/model/checker.js";
import { finish, load, world } from "../../sync/model/parts.js";
import { program, raw, type Steps, type View } from "../../sync/model/program.js";

export const ownMutants = [
  "who removes it sets no mark",
  "the opener looks at the mark before it joins",
  "who removes it leaves before",
  "the mark of a killed participant stays",
  "a maker that finds the mark removes the segment",
  "an unmade segment is removed without a word",
] as const;
export type OwnMutant = (typeof ownMutants)[number];

const READY = 2;
const REMOVED = 3;

/** Living parties that have attached `segment`, or with `"joined"` are participants there; `"marked"` ones are, too. */
const those = (all: World, segment: number, how: "attached" | "joined" | "marked"): number =>
  all.parties.filter(({ alive, r }) => alive && r["at"] === segment && r[how] === 1).length;

/** Participants that stay. */
const kept = (all: World, segment: number): number => those(all, segment, "joined") - those(all, segment, "marked");

/** What a segment has; `mark` in one mutant alone. */
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
  for (const name of ["attached", "joined", "marked", "at", "checks", "maker", "waited"]) view.keep(name, 0);
}

/** Each of `parties` does all of it `rounds` times. A member is a further party, which uses the object until all others ended. */
export function ownModel(others: number, rounds: number, deaths: number, hasMember = false, mutant?: OwnMutant): Model {
  const parties = others + (hasMember ? 1 : 0);
  const isMember = ({ self }: View): boolean => hasMember && self === others;
  const at = (view: View): number => view.register("at");
  const of = (view: View, word: string): number => view.word(`${word}${at(view)}`);
  const set = (view: View, word: string, value: number): void => view.store(`${word}${at(view)}`, value);
  const isAlone = (view: View): boolean => those(view.world, at(view), "attached") <= 1;
  const open = (view: View): void => {
    view.keep("at", view.word("key"));
    view.keep("attached", 1);
  };
  const join = (view: View): void => view.keep("joined", 1);
  const isMarked = (view: View): boolean => of(view, "mark") > 0 || those(view.world, at(view), "marked") > 0;
  const leave = (view: View): void => {
    if (outlives && view.register("marked") === 1) set(view, "mark", of(view, "mark") - 1);
    for (const name of ["joined", "marked"]) view.keep(name, 0);
  };
  const looksFirst = mutant === "the opener looks at the mark before it joins";
  const leavesFirst = mutant === "who removes it leaves before";
  const outlives = mutant === "the mark of a killed participant stays";
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
      if (of(view, "state") === READY)
        return kept(view.world, at(view)) > 0 && !isAlone(view) ? "detach" : "join to remove";
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
      if (view.register("maker") === 0 && of(view, "state") === 0) {
        if (of(view, "gone") === 1 || view.register("waited") === 1) return "drop";
        view.keep("waited", 1);
        return "header"; // it waits for the maker
      }
      view.keep("waited", 0);
      if (of(view, "state") === REMOVED) return "drop";
      set(view, "state", READY);
      return undefined;
    },
    join: (view) => {
      if (!looksFirst) join(view);
      return looksFirst && (isMarked(view) || of(view, "gone") === 1) ? "drop" : undefined;
    },
    "look at the marks": (view) => {
      if (looksFirst) join(view);
      else if (isMarked(view)) return removes && view.register("maker") === 1 ? "remove" : "mark";
      return undefined;
    },
    "look whether it was removed": (view) => {
      if (!looksFirst && of(view, "gone") === 1) return "mark";
      view.keep("maker", 0);
      view.keep("uses", at(view));
      return undefined;
    },
    use: (view) => {
      if (isMember(view) && view.world.parties.some(({ alive, done }, self) => alive && !done && self !== others))
        return "use";
      view.keep("uses", 0);
      view.keep("rounds", view.register("rounds") + 1);
      return "mark";
    },
    "join to remove": (view) => {
      join(view); // marked from the first moment on
      view.keep("marked", 1);
      return undefined;
    },
    mark: (view) => {
      if (mutant === "who removes it sets no mark")
        leave(view); // for it to look at the others alone
      else view.keep("marked", 1);
      if (outlives) set(view, "mark", of(view, "mark") + 1);
      return undefined;
    },
    "look who stays": (view) => {
      const isUsed = kept(view.world, at(view)) > 0 && !(view.register("checks") === 1 && isAlone(view));
      if (leavesFirst) leave(view);
      return isUsed ? "leave" : undefined;
    },
    remove: (view) => {
      set(view, "gone", 1);
      if (view.word("key") === at(view)) view.store("key", 0);
      return undefined;
    },
    leave: (view) => {
      leave(view);
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
  const registers = ["at", "attached", "joined", "marked", "uses", "rounds", "checks", "maker", "waited"];
  const first = world(parties, deaths, ["key", ...all], registers);
  if (hasMember) {
    const member = first.parties[others] as Party;
    member.pc = Object.keys(steps).indexOf("use");
    Object.assign(member.r, { at: 1, attached: 1, joined: 1, uses: 1, rounds: rounds - 1 });
    Object.assign(first.words, { key: 1, state1: READY });
  }
  return {
    name: `${others} parties${hasMember ? " and a member" : ""} with a segment of their own, ${rounds} rounds, ${deaths} deaths`,
    first,
    programs: Array.from({ length: parties }, () => program(steps).map(renumbering)),
    ends: true,
    check: (now) => {
      const used = now.parties.filter(({ alive, r }) => alive && r["uses"] !== 0).map(({ r }) => r["uses"]);
      if (new Set(used).size > 1) throw new Error("two use different segments");
      if (used[0] !== undefined && load(now, `gone${used[0]}`) === 1) throw new Error("what is used was removed");
      if (now.deaths === deaths && now.parties.every(({ done }) => done) && load(now, "key") !== 0)
        throw new Error("a segment is left");
    },
  };
}
