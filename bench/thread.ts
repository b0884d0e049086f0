// One suite on one core. In a thread of its own, so that the engine has compiled the facade for that core alone, as
// in a program that uses one, and so that no figure depends on which suites ran before.
import { parentPort, workerData } from "node:worker_threads";
import { consumed, type Group, type GroupResult, measure, paces } from "./harness.js";
import { type SuiteName, suites } from "./suites.js";
import { MiB, type Variant } from "./window.js";

export interface Job {
  readonly suite: SuiteName;
  readonly core: Variant;
  readonly pace: keyof typeof paces;
  /** One Int32 in shared memory; not 0 once the run is to end. */
  readonly stop: Int32Array;
}

export type Message = { begun: string } | { measured: GroupResult } | { consumed: number };

/** Thrown through the suite, so that every `finally` on the way cleans up. */
class Stopped extends Error {}

const { suite, core, pace, stop } = workerData as Job;
const post = (message: Message): void => parentPort?.postMessage(message);

function checkpoint(): void {
  if (Atomics.load(stop, 0) !== 0) throw new Stopped("interrupted");
}

try {
  const time = async (group: Group): Promise<void> => {
    checkpoint();
    post({ begun: group.name });
    post({ measured: await measure(group, paces[pace], checkpoint) });
  };
  // Over 64 MiB memory sets the pace: one look, with vectors, says it.
  const sizes = pace === "quick" || core === "wasm without SIMD" ? [MiB] : [MiB, 64 * MiB];
  await suites[suite].run(core, time, sizes);
  post({ consumed: consumed() });
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
}
