// The sizes that suites work on.
import type { paces } from "./harness.js";
import { KiB, MiB, type Variant } from "./window.js";

export type PaceName = keyof typeof paces;

/** From one number to far more than any cache holds. */
const sizes: readonly number[] = [8, 64, KiB, 8 * KiB, 64 * KiB, 256 * KiB, MiB, 8 * MiB, 64 * MiB, 256 * MiB];

/** A quick look stays within the caches. */
const QUICK_LIMIT = MiB;

/** Sizes of what an operation moves, from 8 B to 256 MiB. */
export const sweep = (pace: PaceName): readonly number[] =>
  pace === "quick" ? sizes.filter((size) => size <= QUICK_LIMIT) : sizes;

/** Windows of four sizes: within the first, the second and the last cache of most machines, and beyond them. */
export const windowSweep = (pace: PaceName): readonly number[] =>
  pace === "quick" ? [16 * KiB] : [16 * KiB, 256 * KiB, 4 * MiB, 256 * MiB];

/**
 * Windows of operations on a whole one. Over 64 MiB memory sets the pace: one look, with vectors, says it; and the small
 * ones tell of the cost of a call.
 */
export function windowSizes(pace: PaceName, core: Variant): readonly number[] {
  if (core === "auto") return [MiB];
  return pace === "quick" ? [8 * KiB, MiB] : [8 * KiB, 64 * KiB, MiB, 64 * MiB];
}
