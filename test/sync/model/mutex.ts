// The mutex: src/sync/mutex.ts over src/sync/ownerword.ts.
import type { Instruction, Model, World } from "./checker.js";
import {
  clearBit,
  finish,
  goTo,
  idOf,
  isAlive,
  load,
  look,
  next,
  partyOf,
  readMask,
  ringNext,
  setBit,
  sleep,
  world,
} from "./parts.js";

const CONTENDED = 0x80;
const INCONSISTENT = 0x40000000;
const ID = 0x7f;

/** What is left out or exchanged, so that the checker must find it. */
export type MutexMutant =
  | "the mark of the sleepers is not set"
  | "the unlock rings nobody"
  | "the bit is set after the look at the lock"
  | "the waker clears the bit after it rings"
  | "a dead owner's lock is taken without a word"
  | "the lives are read after the lock";

const ATTEMPT = 2;
const SLEEP = 5;
const INSIDE = 6;

/** Enters the critical section. */
function enter(each: World, self: number, ownerDied: boolean): void {
  partyOf(each, self).r["told"] = ownerDied ? 1 : 0;
  goTo(each, self, INSIDE);
}

/** Looks at the word; the exchange, of the very value that was read, is the next step. */
const read: Instruction = (each, self) => {
  partyOf(each, self).r["found"] = load(each, "owner");
  next(each, self);
};

const exchange =
  (mutant: MutexMutant | undefined): Instruction =>
  (each, self) => {
    const { r } = partyOf(each, self);
    const found = r["found"] ?? 0;
    r["found"] = 0;
    const owner = found & ID;
    const lives = owner !== 0 && isAlive(each, owner);
    if (lives && (found & CONTENDED || mutant === "the mark of the sleepers is not set")) {
      goTo(each, self, SLEEP);
      return;
    }
    const takes = !lives;
    const fromDead = takes && found !== 0;
    const isTold = fromDead && mutant !== "a dead owner's lock is taken without a word";
    const value = takes ? idOf(self) | (isTold ? INCONSISTENT : 0) : found | CONTENDED;
    if (load(each, "owner") !== found) goTo(each, self, ATTEMPT);
    else {
      each.words["owner"] = value;
      if (takes) enter(each, self, isTold);
      else goTo(each, self, SLEEP);
    }
  };

/** Parties that each lock, change two words, and unlock, once. */
export function mutexModel(parties: number, deaths: number, mutant?: MutexMutant): Model {
  const isLate = mutant === "the bit is set after the look at the lock";
  const readsLate = mutant === "the lives are read after the lock";
  const program: Instruction[] = [
    readsLate ? next : look,
    isLate ? next : setBit,
    read,
    exchange(mutant),
    next,
    // SLEEP
    (each, self) => {
      if (isLate) setBit(each, self);
      if (readsLate) look(each, self);
      sleep(0)(each, self);
    },
    // INSIDE: what the mutex guards is two words
    (each, self) => {
      const { r } = partyOf(each, self);
      if (r["told"]) each.words["second"] = load(each, "first");
      else if (load(each, "first") !== load(each, "second")) each.words["untold"] = 1;
      next(each, self);
    },
    (each, self) => {
      if (partyOf(each, self).r["told"]) each.words["owner"] = load(each, "owner") & ~INCONSISTENT;
      next(each, self);
    },
    (each, self) => {
      each.words["first"] = load(each, "first") + 1;
      next(each, self);
    },
    (each, self) => {
      each.words["second"] = load(each, "second") + 1;
      next(each, self);
    },
    // The unlock: one exchange, which says whether anyone sleeps
    (each, self) => {
      const before = load(each, "owner");
      each.words["owner"] = 0;
      if (before & CONTENDED && mutant !== "the unlock rings nobody") next(each, self);
      else goTo(each, self, 14);
    },
    (each, self) => {
      readMask(each, self);
      const { r } = partyOf(each, self);
      if (mutant === "the waker clears the bit after it rings") r["rung"] = r["ring"] ?? 0;
    },
    ringNext,
    (each, self) => {
      each.words["mask"] = load(each, "mask") & ~(partyOf(each, self).r["rung"] ?? 0);
      next(each, self);
    },
    clearBit, // 14
    finish,
  ];
  return {
    name: `mutex of ${parties}, ${deaths} deaths`,
    first: world(parties, deaths, ["owner", "first", "second", "untold"], ["found", "told", "rung"]),
    programs: Array.from({ length: parties }, () => program),
    check(each) {
      const inside = each.parties.filter(({ alive, pc, done }) => alive && !done && pc > INSIDE && pc <= 10);
      if (inside.length > 1) throw new Error("two are inside");
      if (load(each, "untold")) throw new Error("what a dead owner left half done was not told");
    },
  };
}
