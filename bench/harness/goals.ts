// The goals. `judged` and `judgedAt` set them for the wasm core only. The js core is its readable twin, and "auto" is
// put together from the two; both are measured, and shown beside it.
import type { Goal } from "./group.js";
import { MiB } from "./size.js";
import type { Variant } from "./window.js";

/** At least `times` the speed of the fastest of the named rivals. */
export const speed = (times: number, ...against: string[]): Goal => ({
  text: `at least ${times} times the speed of ${against.length > 1 ? "the faster of " : ""}${against.join(" and ")}`,
  against,
  figure: (ratio) => (1 / ratio).toFixed(2),
  met: (ratio) => 1 / ratio >= times,
});

/** At most `times` the time of another. */
export const slower = (times: number, other: string): Goal => ({
  text: `at most ${times} times the time of ${other}`,
  against: [other],
  figure: (ratio) => ratio.toFixed(2),
  met: (ratio) => ratio <= times,
});

/** At most so many nanoseconds. */
export const shorter = (nanoseconds: number): Goal => ({
  text: `at most ${nanoseconds} ns`,
  figure: (_ratio, _extra, own) => `${own.toFixed(0)} ns`,
  met: (_ratio, _extra, own) => own <= nanoseconds,
});

/** At most so many microseconds more than the base; `what` names them. */
export const within = (microseconds: number, what: string): Goal => ({
  text: `${what} within ${microseconds} µs`,
  figure: (_, extra) => `${(extra / 1000).toFixed(2)} µs`,
  met: (_, extra) => extra <= microseconds * 1000,
});

/** The goals of a rival that runs on that core. */
export const judged = (variant: Variant, ...goals: Goal[]): Goal[] => (variant === "wasm" ? goals : []);

/** The goals for a window of 1 or 64 MiB. Windows of other sizes are measured and not judged. */
export const judgedAt = (size: number, variant: Variant, ...goals: Goal[]): Goal[] =>
  size === MiB || size === 64 * MiB ? judged(variant, ...goals) : [];
