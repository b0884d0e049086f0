// One suite on one core. In a process of its own, so that the engine has compiled the facade for that core alone, as in a
// program that uses one, and so that no figure depends on which suites ran before. It ends with its parent.
import {
  type AnyRival,
  consumed,
  type Earlier,
  type Group,
  type Measured,
  measure,
  paces,
  shared,
} from "../harness/harness.js";
import { windowSizes } from "../harness/sweep.js";
import type { Variant } from "../harness/window.js";
import { suites } from "./registry.js";

export interface Job {
  readonly suite: string;
  readonly core: Variant;
  readonly pace: keyof typeof paces;
  /** In how many processes the suite runs on that core, this one among them. */
  readonly processes: number;
  /** What those before this one measured, by the group's name. */
  readonly earlier: Readonly<Record<string, Earlier>>;
}

/** From the parent. */
export type Request = { readonly start: Job } | { readonly stop: true };

/** To the parent. */
export type Message =
  | { readonly begun: string }
  | { readonly measured: Measured }
  | { readonly failed: string }
  | { readonly consumed: number };

/** Thrown through the suite, so that every `finally` on the way cleans up. */
class Stopped extends Error {}

let stopped = false;

function checkpoint(): void {
  if (stopped) throw new Stopped("interrupted");
}

/** Resolves once the parent has it, or is gone. */
const post = (message: Message): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });

async function work({ suite, core, pace, processes, earlier }: Job): Promise<void> {
  const names = new Set<string>();
  const time = async (group: Group<AnyRival>): Promise<void> => {
    checkpoint();
    if (names.has(group.name)) throw new Error(`two groups of ${suite} are called ${group.name}`);
    names.add(group.name);
    await post({ begun: group.name });
    const share = shared(paces[pace], processes);
    await post({ measured: await measure(group, share, checkpoint, earlier[group.name]) });
  };
  try {
    await suites[suite]?.run(core, time, windowSizes(pace, core), pace);
    await post({ consumed: consumed() });
  } catch (error) {
    if (!(error instanceof Stopped)) await post({ failed: error instanceof Error ? error.message : String(error) });
  }
}

process.on("SIGINT", () => {}); // a terminal's goes to the whole group; the parent says when to stop
process.on("SIGTERM", () => {
  stopped = true; // not at once: a segment may be there that has no other end than the work's own `finally`
});
process.on("disconnect", () => {
  stopped = true;
});
process.on("message", async (request: Request) => {
  if ("stop" in request) stopped = true;
  else {
    await work(request.start);
    process.disconnect();
  }
});
