// npm start: reads a file straight into a segment; a second process checksums it there, in place, in WebAssembly.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { createDeflate } from "node:zlib";
import { SingleBar } from "cli-progress";
import { type Attachment, createShm, type Segment } from "wasm-shm";
import { bytes, hexadecimal, printRows, speed } from "./format.js";
import type { Answer } from "./peer.js";
import { windowsOf } from "./windows.js";

const usage = `Usage: npm start [-- FILE]

Makes a System V segment of FILE's size (default: the running node binary), reads the
file straight into its pages, and lets a second process checksum it there, in place.`;

/** An error that the user can understand by its message alone. */
class UserError extends Error {}

const READ_SIZE = 8 * 2 ** 20; // bytes for each read(2): large enough that the calls cost little, small enough to show progress

const seconds = (since: bigint): number => Number(process.hrtime.bigint() - since) / 1e9;

/** Fills the windows from the file: read(2) writes into the segment's own pages. */
async function fill(path: string, size: number, attachments: Attachment[]): Promise<void> {
  const bar = new SingleBar({
    format: "reading {bar} {percentage}% | {eta} s left",
    clearOnComplete: true,
    stream: process.stderr, // cli-progress draws on a terminal only
  });
  const file = await open(path);
  bar.start(size, 0);
  try {
    let position = 0;
    for (const { bytes: window } of attachments)
      for (let start = 0; start < window.length; ) {
        const length = Math.min(READ_SIZE, window.length - start);
        const { bytesRead } = await file.read(window, start, length, position);
        if (bytesRead === 0) throw new UserError(`${path} ended at byte ${position} of ${size} while it was read`);
        start += bytesRead;
        position += bytesRead;
        bar.update(position);
      }
  } finally {
    bar.stop();
    await file.close();
  }
}

/** The file's Adler-32 as zlib computes it: the last four bytes of a zlib stream (RFC 1950, section 2.2). */
async function fileChecksum(path: string): Promise<number> {
  let tail = Buffer.alloc(0);
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), createDeflate({ level: 0 }), async (chunks) => {
    for await (const chunk of chunks) tail = Buffer.concat([tail, chunk as Buffer]).subarray(-4);
  });
  return tail.readUInt32BE();
}

/** The next message of the second process; throws if the process ends without one. */
async function answerOf(child: ChildProcess): Promise<Answer> {
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new UserError(`the second process ended with ${signal ?? `code ${code}`} before it answered`);
  });
  const [answer] = (await Promise.race([once(child, "message"), ended])) as [Answer];
  return answer;
}

async function checksumElsewhere(
  segment: Segment,
  child: ChildProcess,
): Promise<{ adler32: number; seconds: number; secondsAgain: number; nattch: number }> {
  const attached = await answerOf(child);
  if (attached.kind !== "attached") throw new UserError("the second process did not attach");
  const { nattch } = segment.stat();
  child.send("go");
  const result = await answerOf(child);
  if (result.kind !== "result") throw new UserError("the second process gave no result");
  return { ...result, nattch };
}

async function sizeOf(path: string): Promise<number> {
  const about = await stat(path).catch((error: Error) => {
    throw new UserError(`cannot read ${path}: ${error.message}`);
  });
  if (!about.isFile()) throw new UserError(`${path} is not a regular file`);
  if (about.size === 0) throw new UserError(`${path} is empty, and a segment has at least one byte`);
  return about.size;
}

/** @returns whether the two checksums agree */
async function main(path: string): Promise<boolean> {
  const size = await sizeOf(path);
  const shm = createShm({ host: "sysv" });

  const created = process.hrtime.bigint();
  const segment = shm.create(size);
  const attachments: Attachment[] = [];
  let child: ChildProcess | undefined;
  try {
    for (const window of windowsOf(size)) attachments.push(segment.attach(window));
    // The segment lives until the last detach, and Linux lets processes attach by id until then (shmctl(2)). So nothing
    // is left behind from here on, even after SIGKILL.
    segment.destroy();
    const createSeconds = seconds(created);

    const reading = process.hrtime.bigint();
    await fill(path, size, attachments);
    const readSeconds = seconds(reading);

    child = fork(new URL("./peer.js", import.meta.url), [String(segment.id)]);
    const found = await checksumElsewhere(segment, child);

    const checking = process.hrtime.bigint();
    const expected = await fileChecksum(path);
    const checkSeconds = seconds(checking);

    const verified = found.adler32 === expected;
    printRows([
      ["file", path],
      ["bytes", bytes(size)],
      ["segment id", String(segment.id)],
      ["address", hexadecimal(attachments[0]?.address ?? 0n)],
      ["attached", `${found.nattch} times: this process, ${process.pid}, and ${child.pid}`],
      [],
      ["create and attach", ...speed(createSeconds)],
      ["read the file into it", ...speed(readSeconds, size)],
      [`adler32 in ${child.pid}, wasm`, ...speed(found.seconds, size), "(first touch of each page)"],
      ["the same again", ...speed(found.secondsAgain, size)],
      ["adler32 of the file, zlib", ...speed(checkSeconds, size)],
      [],
      ["adler32", `${hexadecimal(found.adler32)} in the segment, ${hexadecimal(expected)} in the file`],
      ["verified", verified ? "yes" : "NO: the two differ"],
    ]);
    return verified;
  } finally {
    child?.kill();
    segment[Symbol.dispose]();
  }
}

// The kernel frees the segment with the last process attached to it, so this only reports, and ends by the signal.
// process.exit() would not do: on Node 24 it may wait for a compiler thread that waits for a garbage collection.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => {
    process.stderr.write(`\n${signal}: stopped; no segment is left\n`);
    process.kill(process.pid, signal);
  });

try {
  const { values, positionals } = parseArgs({
    options: { help: { type: "boolean", short: "h" } },
    allowPositionals: true,
  });
  if (positionals.length > 1) throw new TypeError(`one FILE, not ${positionals.length}`);
  if (values.help) console.log(usage);
  else process.exitCode = (await main(positionals[0] ?? process.execPath)) ? 0 : 1;
} catch (error) {
  const { message, name } = error as Error;
  const misused = name === "TypeError" && !(error instanceof UserError);
  console.error(misused ? `${message}\n\n${usage}` : message);
  process.exitCode = misused ? 2 : 1;
}
