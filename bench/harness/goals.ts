// What the wasm core must reach. Only it is judged: its build without SIMD and the js core are for engines that lack
// the one or the other, and are shown beside it.
import type { Goal } from "./harness.js";
import { MiB, type Variant } from "./window.js";

/** At least `times` the speed of the fastest of the rivals named. */
export const speed = (times: number, ...against: string[]): Goal => ({
  text: `at least ${times} times the speed of ${against.length > 1 ? "the faster of " : ""}${against.join(" and ")}`,
  against,
  figure: (ratio) => (1 / ratio).toFixed(2),
  met: (ratio) => 1 / ratio >= times,
});

/** The goals of a rival that runs on that core. */
export const judged = (variant: Variant, ...goals: Goal[]): Goal[] => (variant === "wasm" ? goals : []);

/** The same of a window of 1 or 64 MiB, which is what the goals are about; others are measured, not judged. */
export const judgedAt = (size: number, variant: Variant, ...goals: Goal[]): Goal[] =>
  size === MiB || size === 64 * MiB ? judged(variant, ...goals) : [];
