// A cursor of either core as a rival, in threads of its own. In one thread the two cores would meet in the facade's one
// call of them: the engine would no longer know which it is, and both would be slower than either is in a program that
// uses one. Two threads' figures can be told apart from the machine's moods only where their samples alternate: so this
// thread asks for each sample and waits, asleep; one thread works at a time, in the same rounds as the other rivals.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Variant } from "../harness/window.js";

/** Places in the shared Int32Array. */
export const Slot = { turn: 0, way: 1, passes: 2, sum: 3 } as const;

/** Whose turn it is. */
export const Turn = { asker: 0, peer: 1, over: 2, failed: 3 } as const;

/** How the pass has its cursor: from a variable that never changes, which a compiler takes for a constant, or as an argument. */
export const Way = { constant: 0, argument: 1 } as const;

/** What the thread gets, as its workerData. */
export interface PeerData {
  readonly variant: Variant;
  /** The segment's. */
  readonly id: number;
  readonly slots: Int32Array;
  /** What the last request took: nanoseconds. */
  readonly took: Float64Array;
}

export interface Peer {
  /** The sum that one pass gives. */
  sum(way: keyof typeof Way): number;
  /** Nanoseconds of `passes` passes. */
  time(way: keyof typeof Way, passes: number): number;
}

const PATIENCE_MS = 30_000;

/** Calls `work` with a thread that reads the segment of that id. */
export async function withPeer(variant: Variant, id: number, work: (peer: Peer) => Promise<void>): Promise<void> {
  const slots = new Int32Array(new SharedArrayBuffer(4 * Object.keys(Slot).length));
  const took = new Float64Array(new SharedArrayBuffer(8));
  const workerData: PeerData = { variant, id, slots, took };
  const worker = new Worker(new URL("./corethread.js", import.meta.url), { workerData });
  const ended = once(worker, "exit");

  function pass(turn: number): void {
    Atomics.store(slots, Slot.turn, turn);
    Atomics.notify(slots, Slot.turn);
  }

  function ask(way: keyof typeof Way, passes: number): void {
    slots[Slot.way] = Way[way];
    slots[Slot.passes] = passes;
    pass(Turn.peer);
    Atomics.wait(slots, Slot.turn, Turn.peer, PATIENCE_MS);
    if (Atomics.load(slots, Slot.turn) !== Turn.asker) throw new Error("a peer's thread did not answer");
  }

  try {
    await once(worker, "message"); // it has attached; rejects where it failed
    await work({
      sum(way) {
        ask(way, 1);
        return slots[Slot.sum] as number;
      },
      time(way, passes) {
        ask(way, passes);
        return took[0] as number;
      },
    });
  } finally {
    pass(Turn.over);
    await ended.catch(() => {}); // it has detached
  }
}

/** As withPeer, of several threads, one after the other. */
export async function withPeers(
  count: number,
  variant: Variant,
  id: number,
  work: (peers: readonly Peer[]) => Promise<void>,
): Promise<void> {
  if (count === 0) return work([]);
  await withPeer(variant, id, (peer) => withPeers(count - 1, variant, id, (others) => work([peer, ...others])));
}
