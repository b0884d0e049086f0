// What a segment costs beside its bytes: to make it and to be rid of it, to attach it once and very often, and to touch its
// pages for the first time.

import type { Timer } from "../harness/harness.js";
import type { PaceName } from "../harness/sweep.js";
import type { Variant } from "../harness/window.js";
import { attachAndDetach } from "./attach.js";
import { growth } from "./growth.js";
import { steps } from "./steps.js";
import { touch } from "./touch.js";

export async function lifecycle(
  variant: Variant,
  time: Timer,
  _sizes: readonly number[],
  pace: PaceName,
): Promise<void> {
  await steps(variant, time);
  await attachAndDetach(variant, time);
  await touch(variant, time);
  await growth(variant, time, pace);
}
