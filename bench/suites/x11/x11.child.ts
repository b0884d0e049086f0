// The thread that x11.ts starts. It has the X connections, and times frames of one surface.
import { parentPort, workerData } from "node:worker_threads";
import { openSurfaces, type Surface } from "./surface.js";
import type { FramesRequest, X11Data } from "./x11.js";

const { display, state, took } = workerData as X11Data;

/** Nanoseconds of `count` frames. Each is filled with another byte, put, and read by the server. */
async function frames(surface: Surface, count: number): Promise<number> {
  const start = process.hrtime.bigint();
  for (let frame = 0; frame < count; frame++) {
    surface.fill(frame & 0xff);
    await surface.put();
  }
  return Number(process.hrtime.bigint() - start);
}

const { surfaces, prove, close } = await openSurfaces(display);
parentPort?.on("message", async (request: FramesRequest | "over") => {
  if (request === "over") {
    close();
    parentPort?.close();
    return;
  }
  let answer = 1;
  try {
    if (request.count === 0) await prove(request.way);
    else took[0] = await frames(surfaces[request.way], request.count);
  } catch (error) {
    console.error(error);
    answer = -1;
  }
  Atomics.store(state, 0, answer);
  Atomics.notify(state, 0);
});
parentPort?.postMessage("ready");
