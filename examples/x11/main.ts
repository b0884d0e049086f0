// A window whose pixels a WebAssembly guest computes in the segment from which the X server reads them.
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PNG } from "pngjs";
import { type Attachment, type X11Provider, x11Provider } from "wasm-shm/x11";
import type { Display, ServerSegment, Shm } from "x11";
import { printRows } from "../start/format.js";
import { connect, createSegment, get, loss, put, sharedMemory } from "./client.js";
import { startXvfb } from "./xvfb.js";

const usage = `Usage: node build/examples/x11/main.js [options]

Opens a window and zooms into the Mandelbrot set. A WebAssembly guest computes each frame in a
System V segment that the X server has attached, so no pixel is copied on its way there. Then
the server writes the whole screen into another segment, which becomes a PNG.

  --frames N      how many (default 120)
  --size WxH      of the window (default 640x480)
  --out FILE      the PNG (default: a folder for temporary files)
  --display NAME  where (default: DISPLAY)
  --xvfb          on an X server of its own, without a screen: Debian's package xvfb`;

/** An error that the user can understand by its message alone. */
class UserError extends Error {}

/** A point of the set that has detail at every depth. */
const CENTRE = { x: -0.743643887037151, y: 0.13182590420533 };
const START_WIDTH = 3.2;
const ZOOM = 0.96; // from frame to frame
const DEEPEST = 1e-12; // below this, a double cannot tell neighbouring pixels apart

type Draw = (
  output: number,
  width: number,
  height: number,
  x: number,
  y: number,
  step: number,
  limit: number,
  phase: number,
) => void;

const guest = new WebAssembly.Module(
  readFileSync(fileURLToPath(new URL("../../../examples/guests/assemblyscript/pixels.wasm", import.meta.url))),
);

/** Instantiates the guest in the memory that holds the segment. */
function drawingIn({ memory, byteOffset }: Attachment): (frame: number, width: number, height: number) => void {
  const { exports } = new WebAssembly.Instance(guest, { env: { memory } });
  const mandelbrot = exports["mandelbrot"] as Draw;
  return (frame, width, height) => {
    const across = Math.max(START_WIDTH * ZOOM ** frame, DEEPEST);
    const limit = Math.round(80 - 60 * Math.log10(across / START_WIDTH));
    mandelbrot(byteOffset, width, height, CENTRE.x, CENTRE.y, across / width, limit, 4 * frame);
  };
}

/** Encodes 0x00RRGGBB pixels, the server's format, as a PNG. */
function pngOf(pixels: Buffer, width: number, height: number): Buffer {
  const png = new PNG({ width, height });
  for (let at = 0; at < 4 * width * height; at += 4)
    png.data.writeUInt32BE(((pixels.readUInt32LE(at) << 8) | 0xff) >>> 0, at);
  return PNG.sync.write(png);
}

interface Options {
  frames: number;
  width: number;
  height: number;
  out: string | undefined;
}

/** Shows the frames: the guest draws in one segment while the server reads the other. @returns seconds */
async function animate(
  display: Display,
  surfaces: readonly { segment: ServerSegment; draw: (frame: number, width: number, height: number) => void }[],
  { frames, width, height }: Options,
): Promise<{ total: number; drawing: number }> {
  const { client } = display;
  const { root, root_depth: depth } = display.screen[0];
  const [window, context] = [client.AllocID(), client.AllocID()];
  client.CreateWindow(window, root, 40, 40, width, height);
  client.ChangeProperty(0, window, client.atoms["WM_NAME"] as number, client.atoms["STRING"] as number, 8, "wasm-shm");
  client.MapWindow(window);
  client.CreateGC(context, window);
  await client.sync();
  const start = performance.now();
  let drawing = 0;
  let shown: Promise<void> | undefined;
  for (let frame = 0; frame < frames; frame++) {
    const { segment, draw } = surfaces[frame % surfaces.length] as (typeof surfaces)[number];
    const begun = performance.now();
    draw(frame, width, height);
    drawing += (performance.now() - begun) / 1000;
    await shown;
    shown = put(segment, window, context, { width, height, depth });
  }
  await shown;
  return { total: (performance.now() - start) / 1000, drawing };
}

/** Shows the frames, then reads the screen. @returns what was done, as rows */
async function draw(
  name: string,
  display: Display,
  make: (shm: Shm, size: number) => Promise<ServerSegment>,
  provider: X11Provider,
  options: Options,
): Promise<string[][]> {
  const { frames, width, height } = options;
  const { pixel_width: screenWidth, pixel_height: screenHeight, root, root_depth: depth } = display.screen[0];
  if (depth !== 24 || display.format[depth]?.bits_per_pixel !== 32 || display.image_byte_order !== 0)
    throw new UserError(
      `the display ${name} has other pixels than this example's: 24 bits deep, 32 wide, little-endian`,
    );
  const { shm, usable } = await sharedMemory(display.client);
  if (!usable) throw new UserError(`the server of ${name} cannot attach segments of this process`);

  const size = 4 * width * height;
  const segments = [await make(shm, size), await make(shm, size)];
  const surfaces = segments.map((segment) => ({ segment, draw: drawingIn(provider.segmentOf(segment).attachment) }));
  const { total, drawing } = await animate(display, surfaces, options);

  const screen = await make(shm, 4 * screenWidth * screenHeight);
  await get(screen, root, screenWidth, screenHeight);
  const out = options.out ?? join(await mkdtemp(join(tmpdir(), "wasm-shm-")), "screen.png");
  writeFileSync(out, pngOf(screen.buffer, screenWidth, screenHeight));
  const perFrame = (seconds: number): string => `${((1000 * seconds) / frames).toFixed(2)} ms`;
  const ids = [...segments, screen].map((segment) => provider.segmentOf(segment).shmid);
  return [
    ["display", `${name}, ${screenWidth} x ${screenHeight}`],
    ["segments", `${ids[0]} and ${ids[1]} for the window, ${ids[2]} for the screen`],
    ["frames", `${frames} of ${width} x ${height} in ${total.toFixed(2)} s: ${(frames / total).toFixed(1)} a second`],
    ["of that", `${perFrame(drawing)} a frame to draw, ${perFrame(total - drawing)} to wait for the server`],
    ["copied", "0 bytes by this process: the guest draws in the pages that the server reads"],
    ["screen", out],
  ];
}

async function show(name: string, options: Options): Promise<void> {
  const provider = x11Provider({ display: name, memory: "plain" });
  const display = await connect(name, provider).catch((error: Error) => {
    throw new UserError(`cannot connect to the display ${name}: ${error.message}`);
  });
  const segments: ServerSegment[] = [];
  const make = async (shm: Shm, size: number): Promise<ServerSegment> => {
    const segment = await createSegment(shm, size);
    segments.push(segment);
    return segment;
  };
  try {
    printRows(await Promise.race([draw(name, display, make, provider, options), loss(display.client)]));
  } finally {
    // The server detaches when the connection ends.
    for (const segment of segments) provider.destroy(provider.segmentOf(segment));
    display.client.terminate();
  }
}

function wholeNumber(name: string, text: string, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > most) throw new TypeError(`${name} is 1 to ${most}, not ${text}`);
  return number;
}

function sizeOf(text: string): { width: number; height: number } {
  const [, width = "", height = ""] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  return { width: wholeNumber("--size: width", width, 8192), height: wholeNumber("--size: height", height, 8192) };
}

try {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", short: "h" },
      frames: { type: "string", default: "120" },
      size: { type: "string", default: "640x480" },
      out: { type: "string" },
      display: { type: "string" },
      xvfb: { type: "boolean", default: false },
    },
  });
  const { frames = "", size = "", out, display = process.env["DISPLAY"], xvfb } = values;
  const options = { frames: wholeNumber("--frames", frames, 1e6), ...sizeOf(size), out };
  if (values.help) console.log(usage);
  else if (xvfb) {
    const server = await startXvfb({ args: ["-terminate"] }).catch((error: Error) => {
      throw new UserError(`${error.message}; Debian has it in the package xvfb`);
    });
    try {
      await show(server.display, options);
    } finally {
      await server.stop();
    }
  } else if (display) await show(display, options);
  else throw new UserError("DISPLAY is not set: start this in an X session, or with --xvfb, which brings a server");
} catch (error) {
  const { message, name } = error as Error;
  const misused = name === "TypeError";
  console.error(misused ? `${message}\n\n${usage}` : message);
  process.exitCode = misused ? 2 : 1;
}
