// node build/examples/python/main.js [COUNT]: Python writes COUNT float64 numbers (default: a million) into a segment, the
// WebAssembly core sums them in place, and Python reads the sum there. Needs sysv_ipc (Debian: python3-sysv-ipc).
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { create } from "wasm-shm";

const DOUBLE = Float64Array.BYTES_PER_ELEMENT;

/** A Python with the module. Debian installs it for its own Python, which may not be the first on the PATH. */
function findPython(): string {
  const found = ["python3", "/usr/bin/python3"].find(
    (command) => spawnSync(command, ["-c", "import sysv_ipc"], { stdio: "ignore" }).status === 0,
  );
  if (found === undefined) throw new Error("no python3 here has the module sysv_ipc: apt install python3-sysv-ipc");
  return found;
}

async function main(count: number): Promise<number> {
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`COUNT is how many numbers, not ${process.argv[2]}`);
  const python = findPython();
  using segment = create((1 + count) * DOUBLE); // the sum, then the numbers
  const attachment = segment.attach();
  const script = fileURLToPath(new URL("../../../examples/python/peer.py", import.meta.url)); // this runs from build/
  const peer = spawn(python, [script, String(segment.id), String(count)], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(peer, "exit") as Promise<[number | null]>;
  try {
    peer.stdin.on("error", () => {}); // EPIPE: Python has ended, and its exit code says how
    for await (const line of createInterface(peer.stdout)) {
      console.log(`python: ${line}`);
      if (!line.startsWith("wrote")) continue;
      const sum = attachment.sum(Float64Array, DOUBLE);
      attachment.cursor().writeFloat64(sum);
      console.log(`node:   summed them in place: ${sum.toFixed(6)}`);
      peer.stdin.end("\n");
    }
    return (await ended)[0] ?? 1;
  } finally {
    peer.kill();
  }
}

try {
  process.exitCode = await main(process.argv[2] === undefined ? 1e6 : Number(process.argv[2]));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
