// One suite on one core. In a thread of its own, so that the engine has compiled the facade for that core alone, as
// in a program that uses one, and so that no figure depends on which suites ran before.
import { parentPort, workerData } from "node:worker_threads";
import type { CoreName } from "wasm-shm";
import { consumed, type GroupResult, measure, paces } from "./harness.js";
import { type SuiteName, suites } from "./suites.js";

export interface Job {
  readonly suite: SuiteName;
  readonly core: CoreName;
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
  await suites[suite].run(core, async (group) => {
    checkpoint();
    post({ begun: group.name });
    post({ measured: await measure(group, paces[pace], checkpoint) });
  });
  post({ consumed: consumed() });
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
}
