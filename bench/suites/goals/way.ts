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

export interface Operation {
  readonly name: string;
  /** Operations of one call (default 1). */
  readonly calls?: number;
  /** Bytes that an operation moves or reads. */
  readonly bytes?: number;
  /** Milliseconds of each sample, if it must pay for the garbage that it makes. */
  readonly sampleMs?: number;
  readonly own: Way;
  /** By name. A way that this Node lacks is left out. */
  readonly others: Readonly<Record<string, Way | undefined>>;
  /** What must be there before each proof. */
  readonly prepare?: () => void;
  /** What the work leaves behind, if its result does not tell (default: nothing). */
  readonly left?: () => number | bigint | string;
}

const numberOf = (value: number | bigint | boolean): number =>
  typeof value === "bigint" ? Number(BigInt.asUintN(32, value)) : Number(value);

/** The alternatives, of which the first is the base and the oracle, and then the package. */
export function group({ name, calls = 1, bytes, sampleMs, own, others, prepare, left }: Operation): Group {
  const ways = Object.entries(others).filter((entry): entry is [string, Way] => entry[1] !== undefined);
  const [first] = ways;
  if (first === undefined) throw new Error(`${name}: nothing to compare with`);
  const answerOf = (way: Way): string => {
    prepare?.();
    const answer = way();
    return `${answer} ${left?.() ?? ""}`;
  };
  const rival = (by: string, way: Way): Rival => ({
    name: by,
    operations: calls,
    run: () => numberOf(way()),
    prove: () => expectEqual(answerOf(way), answerOf(first[1]), `${name} by ${by}`),
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
