// node build/examples/image/main.js [FILE]: sharp decodes a picture, its pixels lie in a segment, and a second process makes a
// thumbnail of them there. Needs sharp: npm install in examples/image.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { create, open } from "wasm-shm";

/** What this example uses of sharp, which the package does not depend on. */
interface Picture {
  ensureAlpha(): Picture;
  resize(width: number): Picture;
  raw(): Picture;
  png(): Picture;
  toBuffer(options?: { resolveWithObject: true }): Promise<{ data: Buffer; info: { width: number; height: number } }>;
}
type Sharp = (input: unknown, options?: { raw: { width: number; height: number; channels: 4 } }) => Picture;

function findSharp(): Sharp {
  const folder = fileURLToPath(new URL("../../../examples/image/main.ts", import.meta.url)); // this runs from build/
  try {
    return createRequire(folder)("sharp") as Sharp;
  } catch (cause) {
    throw new Error("sharp is not installed: npm install in examples/image", { cause });
  }
}

/** A picture to begin with: colours that change from corner to corner. */
const sample = { create: { width: 1200, height: 800, channels: 3, background: { r: 255, g: 128, b: 0 } } };

async function main(file: string | undefined): Promise<void> {
  const sharp = findSharp();
  const { data, info } = await sharp(file ?? sample)
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const segment = create(data.length, { ephemeral: true });
  segment.write(data);
  const { width, height } = info;
  const child = fork(fileURLToPath(import.meta.url), [
    "--thumbnail",
    String(segment.id),
    String(width),
    String(height),
  ]);
  const [said] = (await once(child, "message")) as [string];
  console.log(`${width} x ${height}, ${data.length} bytes of pixels in segment ${segment.id}; ${said}`);
  await once(child, "exit");
  segment[Symbol.dispose]();
}

async function thumbnail(id: number, width: number, height: number): Promise<void> {
  const attachment = open(id).attach({ access: "read-only" });
  // sharp reads the pixels while this waits: in the segment itself, as the Buffer is not a copy.
  const picture = findSharp()(attachment.buffer, { raw: { width, height, channels: 4 } });
  const { info } = await picture.resize(120).png().toBuffer({ resolveWithObject: true });
  process.send?.(`a thumbnail of ${info.width} x ${info.height} made of them`);
  attachment.detach();
  process.disconnect();
}

try {
  const [mode, ...values] = process.argv.slice(2);
  if (mode === "--thumbnail") await thumbnail(...(values.map(Number) as [number, number, number]));
  else await main(mode);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
