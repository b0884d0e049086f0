// What the goals compare: an operation of the package, by core "auto", and the ways that a program has without it, on the
// same bytes. The rule: no operation is slower than the best of these ways.
import { speed } from "../../harness/goals.js";
import type { Group, Rival } from "../../harness/group.js";
import { expectEqual } from "../../harness/proof.js";

/** The operation as the package has it. */
export const OWN = "wasm-shm";

/** A ratio below is slower than the noise of a run explains. */
const LEAST = 0.95;

/** Does the work once, and returns what depends on it. */
export type Way = () => number | bigint | boolean;

let compiled = 0;

/**
 * The value of an expression of its own source. What V8 learns of a function's calls and types it keeps for its source: one
 * loop for many ways would know all of them, and be slow with each. The number keeps V8 from taking two of equal source for
 * one.
 *
 * @param of what the expression names
 */
export function compileValue(of: object, expression: string): unknown {
  return new Function(...Object.keys(of), `return ${expression}; // ${++compiled}`)(...Object.values(of));
}

/** The same of a way, by its body. */
export const compile = (of: object, body: string): Way => compileValue(of, `() => { ${body} }`) as Way;

export interface Operation {
  readonly name: string;
  /** Operations of one call (default 1). */
  readonly calls?: number;
  /** Calls in a row that are timed as one (default 1), for work so short that the call from the harness would count. */
  readonly repeats?: number;
  /** Bytes that an operation moves or reads. */
  readonly bytes?: number;
  /** Milliseconds of each sample, if it must pay for the garbage that it makes. */
  readonly sampleMs?: number;
  readonly own: Way;
  /** By name. A way that this Node lacks is left out. */
  readonly others: Readonly<Record<string, Way | undefined>>;
  /** What must be there before each proof, and what must not: the result of another way. */
  readonly prepare?: () => void;
  /** Bytes with another answer, which each way must give before that of `prepare`: for an answer such as true. */
  readonly otherwise?: () => void;
  /** What the work leaves behind, if its result does not tell (default: nothing). */
  readonly left?: () => number | bigint | string;
  /** What must be left, by other code than the ways' (default: what the base leaves). */
  readonly oracle?: () => number | bigint | string;
}

/**
 * The alternatives, of which the first is the base and, for what the oracle does not tell, the oracle; and then the package.
 * Undefined if this Node has none of the alternatives.
 */
export function group(operation: Operation): Group | undefined {
  const { name, calls = 1, repeats = 1, bytes, sampleMs, own, others, left, oracle = left } = operation;
  const ways = Object.entries(others).filter((entry): entry is [string, Way] => entry[1] !== undefined);
  const [first] = ways;
  if (first === undefined) return undefined;
  const answerOf = (way: Way): string => {
    operation.otherwise?.();
    const other = operation.otherwise && way();
    operation.prepare?.();
    const answer = way();
    if (answer === other) throw new Error(`${name}: ${answer} in both cases`);
    return `${other} ${answer}`;
  };
  const rival = (by: string, way: Way): Rival => ({
    name: by,
    operations: calls * repeats,
    run: compile({ way, repeats }, RUN) as () => number,
    prove() {
      const answer = answerOf(first[1]);
      const expected = oracle?.();
      expectEqual(answerOf(way), answer, `${name} by ${by}`);
      expectEqual(left?.(), expected, `what ${name} by ${by} left`);
    },
  });
  const alternatives = ways.map(([by, way]) => rival(by, way));
  return {
    name,
    ...(bytes === undefined ? {} : { bytes }),
    ...(sampleMs === undefined ? {} : { sampleMs }),
    rivals: [
      alternatives[0] as Rival,
      ...alternatives.slice(1),
      { ...rival(OWN, own), goals: [speed(LEAST, ...ways.map(([by]) => by))] },
    ],
  };
}

const RUN = `
  let sum = 0;
  for (let call = 0; call < repeats; call++) {
    const answer = way();
    sum += typeof answer === "bigint" ? Number(BigInt.asUintN(32, answer)) : Number(answer);
  }
  return sum;`;
