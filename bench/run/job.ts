// One suite on one core, in a process of its own, which bench/run/runner.ts starts. The engine then compiles the
// package for that core only, as in a program that uses one core, and no figure depends on the suites before. The
// process ends with its parent.
import type { Earlier, Measured } from "../harness/conclude.js";
import type { AnyRival, Group } from "../harness/group.js";
import { measure } from "../harness/measure.js";
import { brisk, type PaceName, paces, patient, shareOf } from "../harness/pace.js";
import { consumed } from "../harness/sampling.js";
import type { Variant } from "../harness/window.js";
import { suites } from "./registry.js";

export interface Job {
  readonly suite: string;
  readonly core: Variant;
  readonly pace: PaceName;
  /** Processes that share the suite on that core, this one included. */
  readonly processes: number;
  /** What the processes before this one measured, by group. */
  readonly earlier: Readonly<Record<string, Earlier>>;
  /** See `measure`. */
  readonly planted?: number;
}

/** Messages from the parent. */
export type Request = { readonly start: Job } | { readonly stop: true };

/** Messages to the parent. */
export type Message =
  | { readonly begun: string }
  | { readonly measured: Measured }
  | { readonly failed: string }
  | { readonly consumed: number };

/** Thrown through the suite, so that every `finally` cleans up. */
class Stopped extends Error {}

let stopped = false;

function checkpoint(): void {
  if (stopped) throw new Stopped("interrupted");
}

/** Resolves once the parent has the message, or is gone. */
const post = (message: Message): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });

async function work({ suite, core, pace, processes, earlier, planted }: Job): Promise<void> {
  const names = new Set<string>();
  const time = async (group: Group<AnyRival>): Promise<void> => {
    checkpoint();
    if (names.has(group.name)) throw new Error(`two groups of ${suite} are called ${group.name}`);
    names.add(group.name);
    await post({ begun: group.name });
    const { isTable, hasParties } = suites[suite] ?? {};
    const isPatient = hasParties || group.hasParties;
    const chosen = isTable ? brisk(paces[pace]) : isPatient ? patient(paces[pace]) : paces[pace];
    const share = shareOf(chosen, processes);
    await post({ measured: await measure(group, share, checkpoint, earlier[group.name], planted) });
  };
  try {
    await suites[suite]?.run(core, time, pace);
    await post({ consumed: consumed() });
  } catch (error) {
    if (!(error instanceof Stopped)) await post({ failed: error instanceof Error ? error.message : String(error) });
  }
}

process.on("SIGINT", () => {}); // a terminal sends it to the whole process group; the parent says when to stop
process.on("SIGTERM", () => {
  stopped = true; // not at once: only the suite's own `finally` removes a segment that it made
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
