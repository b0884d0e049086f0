// node build/examples/pipe/main.js [FILE]: pipes a file of any size (default: the running node) through a segment of
// 2 MiB into a second process. One half of the segment is filled while the other is read. Both processes take a checksum.
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { on, once } from "node:events";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { create, open } from "wasm-shm";

const HALF = 2 ** 20; // bytes

/** Bytes of the segment that hold the next part of the file. */
interface Part {
  start: number;
  end: number;
}

/** The second process: reads each part in place, then reports its half as free. Sends the checksum at the end. */
async function receive(id: number): Promise<void> {
  using attachment = open(id).attach({ access: "read-only" });
  const cursor = attachment.cursor();
  const hash = createHash("sha256");
  for await (const [part] of on(process, "message", { close: ["disconnect"] }) as AsyncIterable<[Part | "end"]>) {
    if (part === "end") break;
    for await (const chunk of cursor.readable({ ...part, zeroCopy: true })) hash.update(chunk);
    process.send?.("free");
  }
  if (process.connected) process.send?.(hash.digest("hex"), () => process.disconnect());
}

/** The first process: pipes the file into the halves in turn. Returns whether the two checksums agree. */
async function send(path: string): Promise<boolean> {
  using segment = create(2 * HALF);
  const cursor = segment.attach().cursor();
  segment.destroy(); // it lives until the last detach, so nothing is left however this process ends
  const child = fork(process.argv[1] as string, ["--receive", String(segment.id)]);
  const tell = (message: Part | "end") => child.send(message, () => {}); // if this fails, answer() throws the reason
  const answers = on(child, "message", { close: ["exit"] });
  const answer = async (): Promise<string> => {
    const { done, value } = await answers.next();
    if (done) throw new Error("the second process ended before it answered");
    return (value as [string])[0];
  };
  try {
    const started = process.hrtime.bigint();
    const hash = createHash("sha256");
    let position = 0;
    for (let parts = 0; ; parts++) {
      if (parts >= 2) await answer(); // the half that is filled next has been read
      const start = (parts % 2) * HALF;
      const target = cursor.writable({ start, end: start + HALF });
      await pipeline(
        createReadStream(path, { start: position, end: position + HALF - 1 }), // fs includes the byte at `end`
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hash.update(chunk);
            yield chunk;
          }
        },
        target,
      );
      position += target.bytesWritten;
      tell({ start, end: start + target.bytesWritten });
      if (target.bytesWritten < HALF) break; // the last part
    }
    tell("end");
    const sent = hash.digest("hex");
    let received = await answer();
    while (received === "free") received = await answer();
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    console.log(`${path}: ${position} bytes in ${(seconds * 1000).toFixed(0)} ms through a segment of ${segment.size}`);
    console.log(`sent      ${sent} by ${process.pid}`);
    console.log(`received  ${received} by ${child.pid}`);
    console.log(sent === received ? "the same" : "NOT THE SAME");
    return sent === received;
  } finally {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

const [first = process.execPath, id] = process.argv.slice(2);
if (first === "--receive") await receive(Number(id));
else
  try {
    process.exitCode = (await send(first)) ? 0 : 1;
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
