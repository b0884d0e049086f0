// Frames filled and shown by an X server: by x11Provider, by the npm package x11's own provider, and by plain PutImage. Answers
// of the X server are events, for which a thread must return to its event loop. So a thread has the connections and times its
// frames. This thread orders frames and sleeps until they are done, so that the rivals are timed round by round, as everywhere.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { speed } from "../../harness/goals.js";
import type { Goal, Rival, Timer } from "../../harness/group.js";
import type { Variant } from "../../harness/window.js";
import { BYTES, HEIGHT, type Way, WIDTH } from "./surface.js";

/** The thread's workerData. */
export interface X11Data {
  readonly display: string;
  /** One Int32 in shared memory: 0 while it works, 1 when it is done, -1 if it failed. */
  readonly state: Int32Array;
  /** Nanoseconds of the last request. */
  readonly took: Float64Array;
}

/** A request for `count` frames. For 0 frames the thread proves that the pixels reach the screen. */
export interface FramesRequest {
  readonly way: Way;
  readonly count: number;
}

/** The part of examples/x11/xvfb.ts that is used here. The examples are compiled by themselves. */
interface Starter {
  startXvfb(options: { screen: string }): Promise<{ display: string; stop(): Promise<void> }>;
}

const PATIENCE_MS = 60_000;

const PLAIN = "PutImage";
const BUILT_IN = "x11's own provider";

/** Frames in a sample. */
const FEW = 2;
const MANY = 16;

/** Calls `work` with a function that orders frames of that display, and returns their nanoseconds. */
async function withFrames(display: string, work: (frames: (way: Way, count: number) => number) => Promise<void>) {
  const state = new Int32Array(new SharedArrayBuffer(4));
  const took = new Float64Array(new SharedArrayBuffer(8));
  const workerData: X11Data = { display, state, took };
  const worker = new Worker(new URL("./x11.child.js", import.meta.url), { workerData });
  const ended = once(worker, "exit");
  try {
    await once(worker, "message"); // it has connected; rejects if it failed
    await work((way, count) => {
      Atomics.store(state, 0, 0);
      worker.postMessage({ way, count } satisfies FramesRequest);
      Atomics.wait(state, 0, 0, PATIENCE_MS);
      if (Atomics.load(state, 0) !== 1) throw new Error(`${way}: the thread with the X connections did not answer`);
      return took[0] as number;
    });
  } finally {
    worker.postMessage("over");
    await ended.catch(() => {});
  }
}

export async function x11(_: Variant, time: Timer): Promise<void> {
  if (spawnSync("Xvfb", ["-help"], { stdio: "ignore" }).status !== 0) {
    console.error("x11 is not measured: Xvfb is not installed (Debian: xvfb)");
    return;
  }
  const { startXvfb } = (await import(new URL("../../../examples/x11/xvfb.js", import.meta.url).href)) as Starter;
  const server = await startXvfb({ screen: `${WIDTH}x${HEIGHT}x24` });
  try {
    await withFrames(server.display, async (frames) => {
      const rival = (name: string, way: Way, count: number, ...goals: Goal[]): Rival => ({
        name,
        operations: count,
        selfTimed: true,
        run: () => frames(way, count),
        prove: () => void frames(way, 0),
        goals,
      });
      await time({
        name: `frame filled and shown (${WIDTH} x ${HEIGHT})`,
        bytes: BYTES,
        rivals: [
          rival(PLAIN, "plain", FEW),
          rival(BUILT_IN, "builtIn", MANY),
          rival("x11Provider", "provider", MANY, speed(40, PLAIN), speed(2.5, BUILT_IN)),
          rival("x11Provider, a guest fills", "guest", MANY),
        ],
      });
    });
  } finally {
    await server.stop();
  }
}
