// How much time a run takes: rounds, and the sizes that suites sweep over. `--quick` has fewer and smaller ones.
import { KiB, MiB } from "./size.js";
import { FEWEST_ROUNDS } from "./statistics.js";

/** Rounds and `groupMs` are those of all processes together. */
export interface Pace {
  readonly rounds: number;
  /** A group whose rounds take longer than this in all gets fewer of them. A cold one may take `COLD_TIMES` as long. */
  readonly groupMs: number;
  readonly fewestRounds: number;
  /** Time of one rival in one round. */
  readonly sliceMs: number;
  /** Samples that a slice has at least, however long they take. */
  readonly samples: number;
  /** Warm-up of one rival in one process, at most: see `warmUp`. */
  readonly warmupMs: number;
}

/** Cold work, such as a process that starts, takes milliseconds once instead of nanoseconds often. */
export const COLD_TIMES = 5;

export type PaceName = "full" | "quick";

export const paces: Readonly<Record<PaceName, Pace>> = {
  full: {
    rounds: 30,
    groupMs: 1000,
    fewestRounds: 10,
    sliceMs: 5,
    samples: 3,
    warmupMs: 40,
  },
  quick: {
    rounds: FEWEST_ROUNDS,
    groupMs: 100,
    fewestRounds: FEWEST_ROUNDS,
    sliceMs: 1,
    samples: 3,
    warmupMs: 3,
  },
};

/** For a suite of many short operations, each of them near its rivals: a table of all takes minutes, not an hour. */
export const brisk = (pace: Pace): Pace => ({
  ...pace,
  groupMs: Math.min(pace.groupMs, 400),
  sliceMs: Math.min(pace.sliceMs, 3),
});

/** For a suite of parties that answer one another: the code of each must be compiled before it counts, and the other's, too. */
export const patient = (pace: Pace): Pace =>
  pace === paces.quick
    ? pace
    : { ...pace, groupMs: 3 * pace.groupMs, sliceMs: 4 * pace.sliceMs, warmupMs: 5 * pace.warmupMs };

/** Rounds of one process, if time allows. With fewer, one outlier decides the median. */
const FEWEST_OF_PROCESS = 5;

/** In any case so many: those of two processes are enough for a median's interval. */
const FEWEST_ANYWAY = FEWEST_ROUNDS / 2;

/** The share of one process. */
export function shareOf(pace: Pace, processes: number): Pace {
  return {
    ...pace,
    rounds: Math.max(FEWEST_OF_PROCESS, Math.ceil(pace.rounds / processes)),
    groupMs: pace.groupMs / processes,
    fewestRounds: Math.max(FEWEST_ANYWAY, Math.ceil(pace.fewestRounds / processes)),
  };
}

/** From one number to far more than any cache holds. */
const sizes: readonly number[] = [8, 64, KiB, 8 * KiB, 64 * KiB, MiB, 8 * MiB, 64 * MiB];

/** Bytes that one operation moves: 8 B to 64 MiB, in a quick run at most what stays within the caches. */
export const transferSizes = (pace: PaceName): readonly number[] =>
  pace === "quick" ? [8, KiB, 64 * KiB, MiB] : sizes;

/** Windows that fit into the first and the last cache of most machines, and one that fits into none. */
export const cacheSizes = (pace: PaceName): readonly number[] =>
  pace === "quick" ? [16 * KiB] : [16 * KiB, 4 * MiB, 128 * MiB];

/** Windows of operations on a whole range. The small ones show the cost of a call; at 64 MiB memory sets the speed. */
export const rangeSizes = (pace: PaceName): readonly number[] =>
  pace === "quick" ? [8 * KiB, MiB] : [8 * KiB, MiB, 64 * MiB];
