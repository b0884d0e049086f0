// A cursor of either core as a rival, each in a thread of its own. In one thread the two cores would share the call
// sites of the package. The engine would then no longer know which core a call site calls, and both would be slower
// than either is in a program that uses one core. Two threads can be compared only if their samples alternate. So this
// thread orders each sample and sleeps until it is done: one thread works at a time, in the same rounds as the other
// rivals.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Variant } from "../../harness/window.js";

/** Places in the shared Int32Array. */
export const Slot = { state: 0, way: 1, passes: 2, sum: 3 } as const;

/** Values of the state. */
export const State = { idle: 0, ordered: 1, over: 2, failed: 3 } as const;

/**
 * Where a pass has its cursor: in a variable that never changes, which a compiler takes for a constant, or in an
 * argument.
 */
export const Way = { constant: 0, argument: 1 } as const;

/** The thread's workerData. */
export interface ThreadData {
  readonly variant: Variant;
  /** The id of the segment that it reads. */
  readonly id: number;
  readonly slots: Int32Array;
  /** Nanoseconds of the last order. */
  readonly took: Float64Array;
}

/** A thread that reads by a cursor. */
export interface CursorThread {
  /** The sum of one pass. */
  sum(way: keyof typeof Way): number;
  /** Nanoseconds of `passes` passes. */
  time(way: keyof typeof Way, passes: number): number;
}

const PATIENCE_MS = 30_000;

async function withThread(variant: Variant, id: number, work: (thread: CursorThread) => Promise<void>): Promise<void> {
  const slots = new Int32Array(new SharedArrayBuffer(4 * Object.keys(Slot).length));
  const took = new Float64Array(new SharedArrayBuffer(8));
  const workerData: ThreadData = { variant, id, slots, took };
  const worker = new Worker(new URL("./threads.child.js", import.meta.url), { workerData });
  const ended = once(worker, "exit");

  function enter(state: number): void {
    Atomics.store(slots, Slot.state, state);
    Atomics.notify(slots, Slot.state);
  }

  function order(way: keyof typeof Way, passes: number): void {
    slots[Slot.way] = Way[way];
    slots[Slot.passes] = passes;
    enter(State.ordered);
    Atomics.wait(slots, Slot.state, State.ordered, PATIENCE_MS);
    if (Atomics.load(slots, Slot.state) !== State.idle) throw new Error("a cursor's thread did not answer");
  }

  try {
    await once(worker, "message"); // it has attached; rejects if it failed
    await work({
      sum(way) {
        order(way, 1);
        return slots[Slot.sum] as number;
      },
      time(way, passes) {
        order(way, passes);
        return took[0] as number;
      },
    });
  } finally {
    enter(State.over);
    await ended.catch(() => {}); // it has detached
  }
}

/** Calls `work` with `count` threads that read the segment of that id. */
export async function withThreads(
  count: number,
  variant: Variant,
  id: number,
  work: (threads: readonly CursorThread[]) => Promise<void>,
): Promise<void> {
  if (count === 0) return work([]);
  await withThread(variant, id, (thread) => withThreads(count - 1, variant, id, (others) => work([thread, ...others])));
}
