// The read-write lock: src/sync/rwlock.ts.
import type { Instruction, Model } from "./checker.js";
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

const PENDING = 0x80;
const INCONSISTENT = 0x100;
const ID = 0x7f;

export type RwLockMutant =
  | "a reader counts itself after the look at the writer"
  | "a writer looks at the readers before it asks"
  | "a reader that goes rings nobody"
  | "a writer that goes rings nobody"
  | "a dead reader counts"
  | "a reader is not told of a dead writer";

const reader = (self: number): string => `reader${self}`;

/** What the writers' word says to a reader. */
function keptOut(each: Parameters<Instruction>[0]): "kept out" | "unrepaired" | "whole" {
  const writer = load(each, "writer");
  if (writer === 0) return "whole";
  const owner = writer & ID;
  if (owner !== 0 && isAlive(each, owner)) return "kept out";
  return (writer & (PENDING | INCONSISTENT)) === PENDING ? "whole" : "unrepaired";
}

function readerProgram(mutant: RwLockMutant | undefined): Instruction[] {
  const countsLate = mutant === "a reader counts itself after the look at the writer";
  const [UNDO, SLEEP, INSIDE, LEAVE] = [5, 8, 9, 11];
  return [
    look,
    setBit,
    (each, self) => goTo(each, self, keptOut(each) === "kept out" ? SLEEP : 3),
    (each, self) => {
      if (!countsLate) each.words[reader(self)] = 1;
      next(each, self);
    },
    (each, self) => {
      const { r } = partyOf(each, self);
      const after = countsLate ? "whole" : keptOut(each);
      if (countsLate) each.words[reader(self)] = 1;
      r["told"] = after === "unrepaired" && mutant !== "a reader is not told of a dead writer" ? 1 : 0;
      goTo(each, self, after === "kept out" ? UNDO : INSIDE);
    },
    (each, self) => {
      each.words[reader(self)] = 0;
      next(each, self);
    },
    readMask,
    ringNext,
    sleep(0),
    // INSIDE: two loads
    (each, self) => {
      partyOf(each, self).r["value"] = load(each, "first");
      next(each, self);
    },
    (each, self) => {
      const { r } = partyOf(each, self);
      if (!r["told"] && r["value"] !== load(each, "second")) each.words["untold"] = 1;
      r["value"] = 0;
      next(each, self);
    },
    // LEAVE
    (each, self) => {
      each.words[reader(self)] = 0;
      next(each, self);
    },
    (each, self) => {
      const rings = load(each, "writer") !== 0 && mutant !== "a reader that goes rings nobody";
      goTo(each, self, rings ? LEAVE + 2 : LEAVE + 4);
    },
    readMask,
    ringNext,
    clearBit,
    finish,
  ];
}

function writerProgram(mutant: RwLockMutant | undefined, parties: number): Instruction[] {
  const [SCAN, SLEEP, ENTER, LEAVE] = [4, 5, 6, 12];
  const looksEarly = mutant === "a writer looks at the readers before it asks";
  return [
    look,
    setBit,
    (each, self) => {
      const { r } = partyOf(each, self);
      r["found"] = load(each, "writer");
      r["slot"] = 0;
      next(each, self);
    },
    // Asks, by an exchange of the very value that was read
    (each, self) => {
      const { r } = partyOf(each, self);
      const found = r["found"] ?? 0;
      r["found"] = 0;
      const owner = found & ID;
      if (owner === idOf(self)) goTo(each, self, SCAN);
      else if (owner !== 0 && isAlive(each, owner)) goTo(each, self, SLEEP);
      else if (load(each, "writer") !== found) goTo(each, self, 2);
      else {
        const isWhole = found === 0 || (found & (PENDING | INCONSISTENT)) === PENDING;
        each.words["writer"] = idOf(self) | PENDING | (isWhole ? 0 : INCONSISTENT);
        goTo(each, self, looksEarly ? ENTER : SCAN);
      }
    },
    // SCAN: one reader's word at a time
    (each, self) => {
      const { r } = partyOf(each, self);
      const slot = r["slot"] ?? 0;
      if (slot === parties) {
        r["slot"] = 0;
        goTo(each, self, ENTER);
        return;
      }
      const counts = load(each, reader(slot)) !== 0 && (isAlive(each, slot + 1) || mutant === "a dead reader counts");
      r["slot"] = slot + 1;
      if (!counts) return;
      r["slot"] = 0;
      goTo(each, self, SLEEP);
    },
    sleep(0),
    // ENTER
    (each, self) => {
      const { r } = partyOf(each, self);
      r["told"] = load(each, "writer") & INCONSISTENT ? 1 : 0;
      each.words["writer"] = load(each, "writer") & ~PENDING;
      next(each, self);
    },
    // INSIDE
    (each, self) => {
      if (partyOf(each, self).r["told"]) each.words["second"] = load(each, "first");
      else if (load(each, "first") !== load(each, "second")) each.words["untold"] = 1;
      next(each, self);
    },
    (each, self) => {
      each.words["writer"] = load(each, "writer") & ~INCONSISTENT;
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
    next,
    // LEAVE
    (each, self) => {
      each.words["writer"] = 0;
      goTo(each, self, mutant === "a writer that goes rings nobody" ? LEAVE + 3 : LEAVE + 1);
    },
    readMask,
    ringNext,
    clearBit,
    finish,
  ];
}

/** Some that read and some that write, once each. */
export function rwLockModel(readers: number, writers: number, deaths: number, mutant?: RwLockMutant): Model {
  const parties = readers + writers;
  const [reads, writes] = [readerProgram(mutant), writerProgram(mutant, parties)];
  return {
    name: `rwLock of ${readers} readers and ${writers} writers, ${deaths} deaths`,
    first: world(
      parties,
      deaths,
      ["writer", "first", "second", "untold", ...Array.from({ length: parties }, (_, index) => reader(index))],
      ["found", "told", "value", "slot"],
    ),
    programs: Array.from({ length: parties }, (_, index) => (index < readers ? reads : writes)),
    check(each) {
      const live = each.parties.map(({ alive, done, pc }, index) => ({
        in: alive && !done,
        pc,
        reads: index < readers,
      }));
      const readersIn = live.filter(({ in: isIn, reads: isReader, pc }) => isIn && isReader && pc >= 9 && pc <= 11);
      const writersIn = live.filter(({ in: isIn, reads: isReader, pc }) => isIn && !isReader && pc >= 7 && pc <= 12);
      if (writersIn.length > 1) throw new Error("two write");
      if (writersIn.length > 0 && readersIn.length > 0) throw new Error("one reads while another writes");
      if (load(each, "untold")) throw new Error("what a dead writer left half done was not told");
    },
  };
}
