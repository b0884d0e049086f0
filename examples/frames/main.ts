// node build/examples/frames/main.js [FRAMES]: video frames go to Python and come back, with each pixel inverted. They are
// written into the channel itself, and NumPy works on the segment's bytes. Both sides sleep while they wait.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { channel } from "wasm-shm";

const [WIDTH, HEIGHT] = [1280, 720];
const BYTES = WIDTH * HEIGHT * 3; // RGB

async function main(frames: number): Promise<number> {
  using there = channel.create({ capacity: 2 ** 24 });
  using back = channel.create({ capacity: 2 ** 24 });
  const script = fileURLToPath(new URL("../../../examples/frames/peer.py", import.meta.url)); // this runs from build/
  const args = [there, back].flatMap(({ id, offset }) => [String(id), String(offset)]);
  const python = spawn("python3", [script, ...args], { stdio: ["ignore", "inherit", "inherit"] });
  const ended = once(python, "exit") as Promise<[number | null]>;
  try {
    const [writer, reader] = [there.writer(), back.reader({ zeroCopy: true })];
    const began = process.cpuUsage();
    for (let frame = 0; frame < frames; frame++) {
      const claim = await writer.claim(BYTES);
      claim.bytes.fill(frame); // a camera would write here
      claim.commit();
      const message = await reader.read();
      if (message?.length !== BYTES || message.bytes[BYTES - 1] !== 255 - (frame & 255))
        throw new Error(`frame ${frame}`);
      await sleep(10); // 60 to 100 frames a second
    }
    const { user, system } = process.cpuUsage(began);
    writer.close();
    const [code] = await ended;
    console.log(`${frames} frames of ${WIDTH} x ${HEIGHT} came back inverted`);
    console.log(`this process used ${((user + system) / 1000 / frames).toFixed(1)} ms of a processor for each`);
    return code ?? 1;
  } finally {
    python.kill();
  }
}

process.exitCode = await main(Number(process.argv[2] ?? 30));
