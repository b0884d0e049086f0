// Frames filled and shown by an X server: by x11Provider, by the npm package x11's own provider, and by plain PutImage.
import { spawnSync } from "node:child_process";
import { speed } from "../../harness/goals.js";
import type { AsyncRival, Goal, Timer } from "../../harness/group.js";
import type { Variant } from "../../harness/window.js";
import { BYTES, HEIGHT, openSurfaces, type Surface, type Way, WIDTH } from "./surface.js";

/** The part of examples/x11/xvfb.ts that is used here. The examples are compiled by themselves. */
interface Starter {
  startXvfb(options: { screen: string }): Promise<{ display: string; stop(): Promise<void> }>;
}

const PLAIN = "PutImage";
const BUILT_IN = "x11's own provider";

/** Frames of one call: few of those that take tens of milliseconds each. */
const FEW = 2;
const MANY = 16;

/** Fills `count` frames, each with another byte, and shows them. Resolves once the server has read the last. */
async function showFrames(surface: Surface, count: number): Promise<number> {
  for (let frame = 0; frame < count; frame++) {
    surface.fill(frame & 0xff);
    await surface.put();
  }
  return surface.buffer[0] as number;
}

export async function x11(_: Variant, time: Timer): Promise<void> {
  if (spawnSync("Xvfb", ["-help"], { stdio: "ignore" }).status !== 0) {
    console.error("x11 is not measured: Xvfb is not installed (Debian: xvfb)");
    return;
  }
  const { startXvfb } = (await import(new URL("../../../examples/x11/xvfb.js", import.meta.url).href)) as Starter;
  const server = await startXvfb({ screen: `${WIDTH}x${HEIGHT}x24` });
  try {
    const { surfaces, prove, close } = await openSurfaces(server.display);
    try {
      const rival = (name: string, way: Way, count: number, ...goals: Goal[]): AsyncRival => ({
        name,
        operations: count,
        async: true,
        run: () => showFrames(surfaces[way], count),
        prove: () => prove(way),
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
    } finally {
      close();
    }
  } finally {
    await server.stop();
  }
}
