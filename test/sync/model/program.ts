// Programs of parties with named steps. Each step is one access to the shared words, as in checker.ts.
import type { Instruction, Party, World } from "./checker.js";
import { goTo, idOf, isAlive, load, partyOf, readMask, ringNext } from "./parts.js";

/** What a step sees of the world. */
export class View {
  readonly world: World;
  readonly self: number;

  constructor(world: World, self: number) {
    this.world = world;
    this.self = self;
  }

  get party(): Party {
    return partyOf(this.world, this.self);
  }

  get id(): number {
    return idOf(this.self);
  }

  word(name: string): number {
    return load(this.world, name);
  }

  store(name: string, value: number): void {
    this.world.words[name] = value;
  }

  register(name: string): number {
    return this.party.r[name] ?? 0;
  }

  keep(name: string, value: number): void {
    this.party.r[name] = value;
  }

  isAlive(id: number): boolean {
    return isAlive(this.world, id);
  }

  /** Sleeps, unless something changed since the look. */
  sleep(then: string): string {
    this.party.asleep = this.party.r["fresh"] === 1;
    return then;
  }

  /** A promise that is broken: the model's check finds it. */
  violate(what: Violation): void {
    this.store("violation", what);
  }
}

export const Violation = Object.freeze({ Torn: 1, Lost: 2, Crowd: 3, Order: 4, Early: 5 } as const);
export type Violation = (typeof Violation)[keyof typeof Violation];

/** The next step's name; undefined for the one that follows. */
export type Step = (view: View) => string | undefined;
const RAW = Symbol("raw");
type Raw = { readonly [RAW]: Instruction };

/** An instruction of parts.ts as a step. */
export const raw = (instruction: Instruction): Raw => ({ [RAW]: instruction });

export type Steps = Record<string, Step | Raw>;

/** Rings all whose bit is set, as the waits do. */
export const ringing = (name: string): Steps => ({ [name]: raw(readMask), [`${name}, one by one`]: raw(ringNext) });

export function program(steps: Steps): Instruction[] {
  const names = Object.keys(steps);
  return Object.values(steps).map((step, index): Instruction => {
    if (RAW in step) return step[RAW];
    return (world, self) => {
      const then = step(new View(world, self));
      const next = then === undefined ? index + 1 : names.indexOf(then);
      if (next < 0) throw new Error(`there is no step ${then}`);
      goTo(world, self, next);
    };
  });
}

/** Throws what a step has violated. */
export function checkViolation(world: World): void {
  const found = load(world, "violation");
  if (found === 0) return;
  const [what] = Object.entries(Violation).find(([, value]) => value === found) ?? [];
  throw new Error(`a promise is broken: ${what}`);
}

const CONTENDED = 0x80;

/** Takes the lock `word`, as src/sync/shortlock.ts: a dead holder's too. False: it is marked, and the caller sleeps. */
export function lockShortly(view: View, word: string, takesOver = true): boolean {
  const found = view.word(word);
  const owner = found & 0x7f;
  if (owner === 0 || (takesOver && !view.isAlive(owner))) {
    view.store(word, view.id);
    return true;
  }
  view.store(word, found | CONTENDED);
  return false;
}

/** Frees it. Whether participants sleep, so that the caller must ring. */
export function unlockShortly(view: View, word: string): boolean {
  const found = view.word(word);
  view.store(word, 0);
  return (found & CONTENDED) !== 0;
}
