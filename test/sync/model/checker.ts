// A checker of states: runs every interleaving of a few small machines, with a death possible at every step.
//
// A machine is a list of instructions, each one atomic access to the shared words, as in src/sync. Its state is plain data. A
// state is bad if an invariant fails in it, or if a machine can never move again although it is alive and not done: that is
// a lost wake. If the model says so, a state is also bad from which those that live cannot all come to their ends without a
// death. Everything is tried, so what passes holds for these machines; what it means for more of them is a guess.

/** A party: where it is, what it has read, and what became of it. */
export interface Party {
  pc: number;
  /** Registers: what it read. `fresh` is 1 from its look at the doorbell and the lives on, until one of them changes. */
  r: Record<string, number>;
  alive: boolean;
  done: boolean;
  asleep: boolean;
}

export interface World {
  /** Shared words, by name. */
  words: Record<string, number>;
  parties: Party[];
  /** How many may still be killed. */
  deaths: number;
}

/** One atomic step; the next instruction, or the same one to wait. */
export type Instruction = (world: World, self: number) => void;

export interface Model {
  readonly name: string;
  readonly first: World;
  /** The instructions of each party. */
  readonly programs: readonly (readonly Instruction[])[];
  /** Whether those that live must be able to end, from every state. */
  readonly ends?: boolean;
  /** Throws if a state must not be. */
  check(world: World): void;
}

export interface Verdict {
  readonly states: number;
  /** What went wrong, with the steps that led there; undefined if nothing can. */
  readonly fault: string | undefined;
}

/** Faster than structuredClone for such small objects. */
const copyOf = ({ words, parties, deaths }: World): World => ({
  words: { ...words },
  parties: parties.map((party) => ({ ...party, r: { ...party.r } })),
  deaths,
});

/** All words and registers exist from the first state on, so their order is the same in every state. */
function keyOf({ words, parties, deaths }: World): string {
  let key = `${deaths}|${Object.values(words).join()}`;
  for (const { pc, r, alive, done, asleep } of parties)
    key += `|${alive ? pc : "dead"},${done ? 1 : 0}${asleep ? 1 : 0},${Object.values(r).join()}`;
  return key;
}

interface Found {
  readonly world: World;
  readonly from: string | undefined;
  readonly step: string;
}

const MOST_STATES = 2_000_000;

/** What the dead had read matters no more, and everyone else sees that a life word has changed. */
function kill(world: World, self: number): void {
  const party = world.parties[self] as Party;
  party.alive = false;
  party.asleep = false;
  for (const name of Object.keys(party.r)) party.r[name] = 0;
  for (const other of world.parties) if (other !== party) other.r["fresh"] = 0;
  world.deaths--;
}

function stepsFrom(model: Model, world: World): { world: World; step: string }[] {
  const next: { world: World; step: string }[] = [];
  for (let self = 0; self < world.parties.length; self++) {
    const party = world.parties[self] as Party;
    if (!party.alive || party.done) continue;
    if (world.deaths > 0) {
      const killed = copyOf(world);
      kill(killed, self);
      next.push({ world: killed, step: `${self} is killed at ${party.pc}` });
    }
    if (party.asleep && party.r["fresh"] === 1) continue;
    const moved = copyOf(world);
    (moved.parties[self] as Party).asleep = false;
    if (!party.asleep) {
      const instruction = model.programs[self]?.[party.pc];
      if (!instruction) throw new Error(`${model.name}: party ${self} has no instruction ${party.pc}`);
      instruction(moved, self);
    }
    next.push({ world: moved, step: `${self}: ${party.asleep ? "wakes" : party.pc}` });
  }
  return next;
}

/** A death does not count as progress: those that live must be able to continue without one. */
const isProgress = ({ step }: { readonly step: string }): boolean => !step.includes("killed");

/** Tries everything. */
export function explore(model: Model): Verdict {
  const found = new Map<string, Found>();
  const queue: string[] = [];
  const add = (world: World, from: string | undefined, step: string): void => {
    const key = keyOf(world);
    if (found.has(key)) return;
    found.set(key, { world, from, step });
    queue.push(key);
  };
  const pathTo = (key: string): string => {
    const steps: string[] = [];
    for (let at = found.get(key); at; at = at.from === undefined ? undefined : found.get(at.from))
      steps.unshift(at.step);
    return steps.join(", ");
  };
  const before = new Map<string, string[]>(); // the states that lead to one, without a death
  const ends: string[] = [];
  add(model.first, undefined, "start");
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    const { world } = found.get(key) as Found;
    if (found.size > MOST_STATES) throw new Error(`${model.name} has more than ${MOST_STATES} states`);
    try {
      model.check(world);
    } catch (error) {
      return { states: found.size, fault: `${(error as Error).message}: ${pathTo(key)}` };
    }
    const next = stepsFrom(model, world);
    const goesOn = next.some(isProgress);
    const waiting = world.parties.filter(({ alive, done }) => alive && !done);
    if (!goesOn && waiting.length > 0)
      return { states: found.size, fault: `${waiting.length} sleep for ever: ${pathTo(key)}` };
    for (const each of next) add(each.world, key, each.step);
    if (!model.ends) continue;
    if (waiting.length === 0) ends.push(key);
    for (const each of next.filter(isProgress)) {
      const to = keyOf(each.world);
      const leading = before.get(to);
      if (leading) leading.push(key);
      else before.set(to, [key]);
    }
  }
  const stuck = model.ends ? firstWithoutEnd(found, before, ends) : undefined;
  const fault = stuck === undefined ? undefined : `they never end: ${pathTo(stuck)}`;
  return { states: found.size, fault };
}

/** A state from which none of `ends` can be reached. */
function firstWithoutEnd(
  found: ReadonlyMap<string, Found>,
  before: ReadonlyMap<string, readonly string[]>,
  ends: readonly string[],
): string | undefined {
  const good = new Set(ends);
  const queue = [...ends];
  for (let key = queue.pop(); key !== undefined; key = queue.pop())
    for (const from of before.get(key) ?? []) {
      if (good.has(from)) continue;
      good.add(from);
      queue.push(from);
    }
  for (const key of found.keys()) if (!good.has(key)) return key;
  return undefined;
}
