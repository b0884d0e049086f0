// A hostile peer as quick as can be: it changes words of an object right before an access of a call, or before each.
import * as assert from "uvu/assert";
import { beforeEachAccess } from "./accesses.js";
import { Random } from "./random.js";

/** What calls are tried on. */
export interface Course {
  /** Prepares the object, with the words as they are to be. */
  prepare(): void;
  /** The calls; each failure is told to `attempt`. */
  run(attempt: (call: () => unknown) => void): void;
}

export interface Ground {
  readonly words: Int32Array;
  /** The object's first word, and the word behind its last. */
  readonly first: number;
  readonly end: number;
  /** Words that a hostile peer changes. */
  readonly targets: readonly number[];
  /** What it stores there. */
  readonly values: readonly number[];
  /** Codes that a call may end with. */
  readonly allowed: readonly string[];
}

/** No call of these tests makes a thousandth of it without an end. */
const MOST_ACCESSES = 5_000_000;

/** Bytes outside the object: none of them may be read or changed. */
export const OUTSIDE = 0xee;

class Endless extends Error {}

interface Damage {
  readonly word: number;
  readonly value: number;
  /** Before which access; undefined: before each. */
  readonly at?: number;
}

function attempting(ground: Ground): (call: () => unknown) => void {
  return (call) => {
    try {
      call();
    } catch (error) {
      const { code = String(error) } = error as { code?: string };
      if (error instanceof Endless || !ground.allowed.includes(code)) throw error;
    }
  };
}

function once(ground: Ground, course: Course, damages: readonly Damage[]): number {
  const { words, first, end } = ground;
  words.fill(0, first, end);
  course.prepare();
  const unhook = beforeEachAccess((step) => {
    if (step > MOST_ACCESSES) throw new Endless(`${step} accesses`);
    for (const { word, value, at } of damages) if (at === undefined || at === step) words[word] = value;
  });
  let steps = 0;
  try {
    course.run(attempting(ground));
  } finally {
    steps = unhook();
  }
  return steps;
}

const inHex = (word: number): string => `0x${(word >>> 0).toString(16)}`;

/**
 * Each value in each word before each access, one of `stride` of them; each in each word for good; and pairs of those, by
 * chance.
 */
export function everyDamage(
  ground: Ground,
  course: Course,
  { stride, pairs }: { stride: number; pairs: number },
): void {
  const { words, first, end, targets, values } = ground;
  const outside = new Uint8Array(words.buffer, words.byteOffset + 4 * end, words.byteLength - 4 * end).fill(OUTSIDE);
  const before = outside.slice();
  const tried = (...damages: Damage[]): void => {
    try {
      once(ground, course, damages);
      assert.ok(Buffer.compare(outside, before) === 0, "bytes outside the object changed");
    } catch (error) {
      const told = damages.map(({ word, value, at }) => `word ${word - first} = ${inHex(value)} at ${at ?? "each"}`);
      throw new Error(`${told.join(", ")}: ${(error as Error).stack}`, { cause: error });
    }
  };
  const steps = once(ground, course, []);
  assert.ok(steps > 3, `${steps} accesses`);
  let count = 0;
  for (const word of targets)
    for (const value of values) {
      tried({ word, value });
      for (let at = 0; at < steps; at++) if (count++ % stride === 0) tried({ word, value, at });
    }
  const random = new Random(1);
  const one = (): Damage => ({ word: random.of(targets), value: random.of(values) });
  for (let pair = 0; pair < pairs; pair++) tried(one(), one());
}
