// The steps that all models share: lives and generations, the mask of sleepers, doorbells, and the epoch. Each is one atomic
// access, in the order of src/sync/waits.ts, src/sync/participant.ts and native/wait/keeper.cc.
import type { Instruction, Party, World } from "./checker.js";

export const partyOf = (world: World, self: number): Party => world.parties[self] as Party;

/** A word; 0 if nothing was stored there. */
export const load = (world: World, name: string): number => world.words[name] ?? 0;

/** Goes to another instruction. */
export const goTo = (world: World, self: number, pc: number): void => {
  partyOf(world, self).pc = pc;
};

export const next = (world: World, self: number): void => goTo(world, self, partyOf(world, self).pc + 1);

/** Slots are parties here: an id is the party's number + 1, and generations are in `generation`. */
export const idOf = (self: number): number => self + 1;

export const isAlive = (world: World, id: number): boolean => partyOf(world, id - 1).alive;

/** Sets the bit of the sleeper. */
export const setBit: Instruction = (world, self) => {
  world.words["mask"] = load(world, "mask") | (1 << self);
  next(world, self);
};

export const clearBit: Instruction = (world, self) => {
  world.words["mask"] = load(world, "mask") & ~(1 << self);
  next(world, self);
};

/** Takes what it compares with when it sleeps: its doorbell, and who lives. It comes before the look at what it waits for. */
export const look: Instruction = (world, self) => {
  partyOf(world, self).r["fresh"] = 1;
  next(world, self);
};

/** Sleeps, and goes to `then` when it wakes. The kernel compares: if something changed since the look, it does not sleep. */
export const sleep =
  (then: number): Instruction =>
  (world, self) => {
    partyOf(world, self).asleep = partyOf(world, self).r["fresh"] === 1;
    goTo(world, self, then);
  };

/** Reads the mask; then {@link ringNext} rings one slot at a time. */
export const readMask: Instruction = (world, self) => {
  partyOf(world, self).r["ring"] = load(world, "mask") & ~(1 << self);
  next(world, self);
};

/** Raises one doorbell of those that were read, and stays until all are rung. The bits stay: each sleeper clears its own. */
export const ringNext: Instruction = (world, self) => {
  const { r } = partyOf(world, self);
  const left = r["ring"] ?? 0;
  if (left === 0) {
    next(world, self);
    return;
  }
  const slot = 31 - Math.clz32(left & -left);
  partyOf(world, slot).r["fresh"] = 0; // its doorbell
  r["ring"] = left & (left - 1);
};

export const finish: Instruction = (world, self) => {
  const party = partyOf(world, self);
  party.done = true;
  for (const name of Object.keys(party.r)) party.r[name] = 0;
};

/** All words and registers that a model has, as zeros. */
export const world = (parties: number, deaths: number, words: string[], registers: string[]): World => {
  const zeros = (names: string[]): Record<string, number> => Object.fromEntries(names.map((name) => [name, 0]));
  const party = (): Party => ({
    pc: 0,
    r: zeros(["fresh", "ring", ...registers]),
    alive: true,
    done: false,
    asleep: false,
  });
  return { words: zeros(["mask", ...words]), parties: Array.from({ length: parties }, party), deaths };
};
