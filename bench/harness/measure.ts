// Times the rivals of a group side by side, round by round. tinybench alone would run one rival to its end before the
// next, and a machine that slows down in between would decide the comparison.
import { setImmediate } from "node:timers/promises";
import { Bench, type Task } from "tinybench";
import { conclude, type Earlier, type Measured, type Times } from "./conclude.js";
import { type AnyRival, checkGroup, type Group } from "./group.js";
import { orderOf } from "./order.js";
import { COLD_TIMES, type Pace } from "./pace.js";
import { addTask, collect, takeSlice, warmUp } from "./sampling.js";

/** A sample is a batch of calls this long, unless the group says otherwise: the clock costs 0.05 us. */
const SAMPLE_MS = 0.5;

/** Calls of a planted rival's sample are a multiple of this: each tenth more is whole calls. */
const PLANTED_CALLS = 10;

/**
 * Proves every rival's answer. Then times all rivals in rounds, each round in another order. Then proves the answers
 * again, as the engine has optimised the rivals by then.
 *
 * @param pace the share of this process
 * @param checkpoint called between slices; it may throw to end the run
 * @param planted per cent of its operations that the last rival does once more, uncounted (0: none, in samples as long); to see
 *   whether `--compare` finds that
 * @throws {Error} an answer is wrong, or the group is malformed
 */
export async function measure(
  group: Group<AnyRival>,
  pace: Pace,
  checkpoint: () => void,
  earlier: Earlier = {},
  planted?: number,
): Promise<Measured> {
  const { cold = false, keepsGarbage = false, sampleMs = SAMPLE_MS, rivals } = group;
  checkGroup(group);
  for (const rival of rivals) await rival.prove();
  const sliceMs = cold ? 0 : Math.max(pace.sliceMs, 2 * sampleMs);
  const samples = cold ? 1 : pace.samples;
  // Garbage is collected before each round; before each slice only if a rival's own garbage counts. A collection costs more than
  // many a slice, and cold work leaves memories behind, which cost time to free.
  const collectsEachSlice = cold || sampleMs > SAMPLE_MS;
  const bench = new Bench({ time: sliceMs, iterations: samples, warmup: false, throws: true });
  const runners: { task: Task; async: boolean; operations: number; times: number[] }[] = [];
  let roundMs = 0;
  for (const rival of rivals) {
    const known = cold ? 0 : rival.lastsMs;
    const { calls: enough, lastsMs } =
      known === undefined ? await warmUp(rival, pace.warmupMs, sampleMs) : { calls: 1, lastsMs: known };
    const isPlanted = planted !== undefined && rival === rivals.at(-1);
    const calls = isPlanted ? Math.ceil(enough / PLANTED_CALLS) * PLANTED_CALLS : enough;
    const made = isPlanted ? calls + (calls * planted) / 100 : calls;
    const { async = false } = rival;
    runners.push({ task: addTask(bench, rival, made), async, operations: calls * rival.operations, times: [] });
    roundMs += Math.max(sliceMs, (samples * lastsMs * made) / enough);
    checkpoint();
  }
  const rounds = Math.min(pace.rounds, Math.max(pace.fewestRounds, Math.floor(pace.groupMs / Math.max(roundMs, 1))));
  const limit = performance.now() + pace.groupMs * (cold ? COLD_TIMES : 2); // a busy machine takes longer than it was planned
  const before = (earlier[rivals[0].name]?.times ?? []).flat().length; // the orders continue those of earlier processes
  for (let round = 0; round < rounds && (round < pace.fewestRounds || performance.now() < limit); round++) {
    if (!collectsEachSlice && !keepsGarbage) collect();
    for (const place of orderOf(runners.length, before + round)) {
      const runner = runners[place] as (typeof runners)[number];
      // Work comes in tasks of the event loop, as in any program: an engine keeps the target of a new WeakRef for that
      // long.
      await setImmediate();
      if (collectsEachSlice) collect();
      runner.times.push(await takeSlice(runner.task, runner));
      checkpoint();
    }
  }
  for (const rival of rivals) await rival.prove();
  const timesOf = (name: string): Times => [
    ...(earlier[name]?.times ?? []),
    runners.find(({ task }) => task.name === name)?.times ?? [],
  ];
  return conclude(group, timesOf, earlier);
}
