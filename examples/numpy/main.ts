// node build/examples/numpy/main.js [FRAMES]: frames go to NumPy and back through two channels of one segment. NumPy's arrays are
// the channels' own bytes: neither side copies a frame. Needs NumPy (Debian: python3-numpy).
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { create } from "wasm-shm";

const [width, height] = [640, 360];
const BYTES = width * height;
const home = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url)); // this runs from build/

async function main(count: number): Promise<number> {
  if (!(Number.isSafeInteger(count) && count > 0)) throw new Error(`FRAMES is how many frames, not ${process.argv[2]}`);
  if (spawnSync("python3", ["-c", "import numpy"], { stdio: "ignore" }).status !== 0)
    throw new Error("python3 has no NumPy here: apt install python3-numpy");
  const segment = create(4 << 20, { ephemeral: true }); // it goes with its last process
  const domain = segment.attach().join();
  const frames = domain.channel(4096, { capacity: 1 << 20 }).writer();
  const edges = domain.channel(2 << 20, { capacity: 1 << 20 }).reader({ zeroCopy: true });
  const env = { ...process.env, PYTHONPATH: home("peers/python") };
  const args = [home("examples/numpy/peer.py"), segment.id, width, height].map(String);
  const peer = spawn("python3", args, { env, stdio: ["ignore", "inherit", "inherit"] });
  const ended = once(peer, "exit") as Promise<[number | null]>;
  const writing = (async () => {
    for (let frame = 0; frame < count; frame++) {
      const claim = await frames.claim(BYTES);
      for (let at = 0; at < BYTES; at++) claim.bytes[at] = at % width < frame ? 200 : 0; // an edge that moves
      claim.commit(BYTES);
    }
    frames.close();
  })();
  let [seen, wrong] = [0, 0];
  for await (const { bytes } of edges) {
    if (bytes[seen] !== (seen === 0 ? 0 : 100) || bytes[seen + 1] !== 0) wrong++; // half of the step, beside it
    seen++;
  }
  await writing;
  console.log(`${seen} frames of ${width} x ${height} through NumPy and back, ${wrong} wrong`);
  segment[Symbol.dispose]();
  return (await ended)[0] ?? 1;
}

try {
  process.exitCode = await main(Number(process.argv[2] ?? 100));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
