// A hostile peer as quick as can be: it changes words of an object right before an access of a call, or before each.
import * as assert from "uvu/assert";
import { beforeEachAccess } from "./accesses.js";
import { Random } from "./random.js";

/** What calls are tried on. */
export interface Course {
  /** Prepares the object, with the words as they are to be. */
  prepare(): void;
  /** How many of its calls fail also if nothing disturbs them; 0 if undefined. */
  readonly fails?: number;
  /** The calls; each failure is told to `attempt`. */
  run(attempt: (call: () => unknown) => void): void;
}

export interface Ground {
  readonly words: Int32Array;
  /** The word behind the domain's last. */
  readonly domainEnd: number;
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

/** How many accesses a course made, and how many of its calls failed. */
interface Counts {
  steps: number;
  failed: number;
}

function attempting(ground: Ground, counts: Counts): (call: () => unknown) => void {
  return (call) => {
    try {
      call();
    } catch (error) {
      const { code = String(error) } = error as { code?: string };
      if (error instanceof Endless || !ground.allowed.includes(code)) throw error;
      counts.failed++;
    }
  };
}

function once(ground: Ground, course: Course, damages: readonly Damage[]): Counts {
  const { words, first, end } = ground;
  words.fill(0, first, end);
  course.prepare();
  const unhook = beforeEachAccess((step) => {
    if (step > MOST_ACCESSES) throw new Endless(`${step} accesses`);
    for (const { word, value, at } of damages) if (at === undefined || at === step) words[word] = value;
  });
  const counts: Counts = { steps: 0, failed: 0 };
  try {
    course.run(attempting(ground, counts));
  } finally {
    counts.steps = unhook();
  }
  return counts;
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
  const { words, domainEnd, first, end, targets, values } = ground;
  const outside = [words.subarray(domainEnd, first), words.subarray(end)].map((part) =>
    new Uint8Array(part.buffer, part.byteOffset, part.byteLength).fill(OUTSIDE),
  );
  const before = outside.map((part) => part.slice());
  const tried = (...damages: Damage[]): void => {
    try {
      once(ground, course, damages);
      const isAsBefore = outside.every((part, index) => Buffer.compare(part, before[index] as Uint8Array) === 0);
      assert.ok(isAsBefore, "bytes outside the object changed");
    } catch (error) {
      const told = damages.map(({ word, value, at }) => `word ${word - first} = ${inHex(value)} at ${at ?? "each"}`);
      throw new Error(`${told.join(", ")}: ${(error as Error).stack}`, { cause: error });
    }
  };
  const { steps, failed } = once(ground, course, []);
  assert.ok(steps > 3, `${steps} accesses`);
  assert.is(failed, course.fails ?? 0, "calls that fail undisturbed");
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
