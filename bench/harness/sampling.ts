// Samples of one rival. A sample is a batch of calls, as the clock costs more than the shortest operations here.
// tinybench takes the samples of a slice.
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Bench, Task } from "tinybench";
import type { AnyRival, AsyncRival, Rival } from "./group.js";
import { haveSettled } from "./statistics.js";

/** The sum of all results, so that they count as used. */
let sink = 0;

/** The results of all work so far. A job reports it, so that no compiler can leave the work out. */
export function consumed(): number {
  return sink;
}

setFlagsFromString("--expose-gc");

/** A full garbage collection. */
export const collect = runInNewContext("gc") as () => void;

const now = (): number => Number(process.hrtime.bigint());

/** Nanoseconds of `calls` calls. */
function batch(rival: Rival, calls: number): number {
  const start = now();
  let timed = 0;
  for (let call = 0; call < calls; call++) timed += rival.run();
  if (rival.selfTimed) return timed;
  sink += timed;
  return now() - start;
}

async function asyncBatch(rival: AsyncRival, calls: number): Promise<number> {
  const start = now();
  let timed = 0;
  for (let call = 0; call < calls; call++) timed += await rival.run();
  if (rival.selfTimed) return timed;
  sink += timed;
  return now() - start;
}

/** Batches that are compared to as many before them: some milliseconds. */
const COMPARED_BATCHES = 8;

/**
 * Runs the rival until the engine has compiled it: half of the warm-up, and the other half if its times still fall. Returns how
 * many calls make a sample, and how long a sample lasts.
 */
export async function warmUp(
  rival: AnyRival,
  warmupMs: number,
  sampleMs: number,
): Promise<{ calls: number; lastsMs: number }> {
  let calls = 1;
  let spent = 0;
  const each: number[] = [];
  for (;;) {
    const time = rival.async ? await asyncBatch(rival, calls) : batch(rival, calls);
    spent += time;
    each.push(time / calls);
    const enough = Math.max(1, Math.ceil((sampleMs * 1e6 * calls) / Math.max(time, 1)));
    const hasSettled = spent >= (warmupMs * 1e6) / 2 && haveSettled(each, COMPARED_BATCHES);
    if (hasSettled || spent >= warmupMs * 1e6) return { calls: enough, lastsMs: (time / calls / 1e6) * enough };
    calls = Math.min(enough, 2 * calls);
    await setImmediate();
  }
}

/** Adds the rival to the bench; each sample makes `calls` calls. */
export function addTask(bench: Bench, rival: AnyRival, calls: number): Task {
  const milliseconds = (nanoseconds: number) => ({ overriddenDuration: nanoseconds / 1e6 });
  if (rival.async) bench.add(rival.name, async () => milliseconds(await asyncBatch(rival, calls)), { async: true });
  else bench.add(rival.name, () => milliseconds(batch(rival, calls)), { async: false });
  return bench.getTask(rival.name) as Task;
}

/** Nanoseconds of one operation in this round: the median of the slice's samples. */
export async function takeSlice(
  task: Task,
  { async, operations }: { async: boolean; operations: number },
): Promise<number> {
  task.reset();
  const { result } = async ? await task.run() : task.runSync();
  if (result.state !== "completed") throw new Error(`${task.name} did not complete: ${result.state}`);
  return Math.max(1, result.latency.p50 * 1e6) / operations; // a clock that did not move: its nanosecond, as ratios divide by it
}
