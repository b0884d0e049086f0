// What a segment costs beside its bytes: to create and destroy it, to attach it once and very often, and to touch its
// pages for the first time.
import type { Timer } from "../../harness/group.js";
import type { PaceName } from "../../harness/pace.js";
import type { Variant } from "../../harness/window.js";
import { attachAndDetach } from "./attach.js";
import { growth } from "./growth.js";
import { steps } from "./steps.js";
import { touch } from "./touch.js";

export async function lifecycle(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  await steps(variant, time);
  await attachAndDetach(variant, time);
  await touch(variant, time);
  await growth(variant, time, pace);
}
