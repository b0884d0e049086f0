// An untrusted guest on real data in shared memory: it cannot change the segments that it may only read.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Attachment, createSandbox, createShm, type Sandbox, type SandboxWindow, type Segment } from "wasm-shm";
import { printRows } from "../start/format.js";
import { type Image, pgmOf, readImage } from "./image.js";
import * as model from "./model.js";

const usage = `Usage: node build/examples/sandbox/main.js [options]

Runs an AssemblyScript guest in a sandbox, on segments that it may only read: histogram and
grayscale of an image's pixels, the words of a text, the sum of floats that another process
wrote. Checks each answer against plain JavaScript, and prints both times.

  --image FILE   a PNG or a binary PPM (default: a picture of the Mandelbrot set)
  --text FILE    UTF-8 (default: this package's README.md)
  --floats N     how many (default 100,000,000, a segment of 400 MB)
  --out FILE     where to write the gray image, a PGM (default: a folder for temporary files)`;

/** An error that the user can understand by its message alone. */
class UserError extends Error {}

const here = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const shm = createShm({ host: "sysv" });
const held: { segment: Segment; attachment: Attachment }[] = [];

/**
 * A segment that is freed with its last attachment: nothing is left however this process ends. The attachment is kept in
 * `held`, because an attachment that nothing refers to is collected, and detaches.
 */
function segmentOf(bytes: number): { segment: Segment; attachment: Attachment } {
  const segment = shm.create(bytes);
  const attachment = segment.attach();
  segment.destroy();
  held.push({ segment, attachment });
  return { segment, attachment };
}

const seconds = (since: number): number => (performance.now() - since) / 1000;

async function timed<T>(run: () => T | Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await run();
  return [result, seconds(start)];
}

const milliseconds = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const megabytes = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** Two cells: a time, and MB/s (10^6 bytes per second). */
const speed = (time: number, size: number): string[] => [
  `${milliseconds.format(1000 * time)} ms`.padStart(11),
  `${megabytes.format(size / time / 1e6)} MB/s`.padStart(11),
];

/** One row of the table: the work in the sandbox, and the same work in plain JavaScript. */
function row(work: string, size: number, guest: number, plain: number, same: boolean): string[] {
  return [work, ...speed(guest, size), ...speed(plain, size), same ? "the same" : "NOT THE SAME"];
}

async function withSandbox<T>(
  windows: Record<string, SandboxWindow>,
  use: (sandbox: Sandbox, at: (name: string) => number) => Promise<T>,
): Promise<T> {
  const wasm = await readFile(here("examples/guests/assemblyscript/guest.wasm"));
  const sandbox = await createSandbox(wasm, { windows, timeLimitMs: 60_000 });
  try {
    return await use(sandbox, (name) => sandbox.windows[name]?.byteOffset as number);
  } finally {
    await sandbox.close();
  }
}

async function fileAt(path: string): Promise<Buffer> {
  const file = await readFile(path).catch((error: Error) => {
    throw new UserError(`cannot read ${path}: ${error.message}`);
  });
  if (file.length === 0) throw new UserError(`${path} is empty, and a segment has at least one byte`);
  return file;
}

async function imageAt(path: string): Promise<Image> {
  const file = await fileAt(path);
  try {
    return readImage(file);
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${(error as Error).message}`);
  }
}

async function image(path: string, out: string): Promise<string[][]> {
  const { width, height, pixels } = await imageAt(path);
  const size = pixels.length;
  const [input, output, counts] = [segmentOf(size), segmentOf(size), segmentOf(1024)];
  input.attachment.cursor().writeAll(pixels);
  const windows: Record<string, SandboxWindow> = {
    input: { segment: input.segment, access: "read-only" },
    output: { segment: output.segment, access: "read-write" },
    counts: { segment: counts.segment, access: "read-write" },
  };
  return withSandbox(windows, async (sandbox, at) => {
    const [, histogram] = await timed(() => sandbox.call("histogram", at("input"), size, at("counts")));
    const [, grayscale] = await timed(() => sandbox.call("grayscale", at("input"), size, at("output")));
    const [expectedCounts, plainHistogram] = await timed(() => model.histogram(pixels));
    const [expectedGray, plainGrayscale] = await timed(() => model.grayscale(pixels));
    const found = new Uint32Array(counts.attachment.memory.buffer, counts.attachment.byteOffset, 256);
    await writeFile(out, pgmOf({ width, height, pixels: output.attachment.bytes }));
    return [
      row(
        `histogram of ${width} x ${height} pixels`,
        size,
        histogram,
        plainHistogram,
        found.join() === expectedCounts.join(),
      ),
      row("grayscale of them", size, grayscale, plainGrayscale, output.attachment.equals(expectedGray)),
    ];
  });
}

async function words(path: string): Promise<string[][]> {
  const text = await fileAt(path);
  const { segment, attachment } = segmentOf(text.length);
  attachment.cursor().writeAll(text);
  return withSandbox({ text: { segment, access: "read-only" } }, async (sandbox, at) => {
    const [found, guest] = await timed(() => sandbox.call("countWords", at("text"), text.length));
    const distinct = await sandbox.call("distinctWords");
    const [expected, plain] = await timed(() => model.countWords(text));
    const same = found === expected.words && distinct === expected.distinct;
    return [row(`${found} words, ${distinct} different ones`, text.length, guest, plain, same)];
  });
}

async function sum(count: number): Promise<string[][]> {
  const { segment, attachment } = segmentOf(4 * count);
  const [code] = (await once(fork(new URL("./numbers.js", import.meta.url), [String(segment.id)]), "exit")) as [number];
  if (code !== 0) throw new UserError("the process that writes the floats failed");
  return withSandbox({ floats: { segment, access: "read-only" } }, async (sandbox, at) => {
    // The first pass also takes one page fault for each page.
    const [first, touching] = await timed(() => sandbox.call("sumFloats", at("floats"), segment.size));
    const [found, guest] = await timed(() => sandbox.call("sumFloats", at("floats"), segment.size));
    const floats = new Float32Array(attachment.memory.buffer, attachment.byteOffset, count);
    const touched = model.sum(floats);
    const [expected, plain] = await timed(() => model.sum(floats));
    const same = first === expected && found === expected && touched === expected;
    return [
      row(`sum of ${count.toLocaleString("en-US")} floats`, segment.size, guest, plain, same),
      ["  first touch of each page", ...speed(touching, segment.size)],
    ];
  });
}

/** @returns whether every answer agrees with plain JavaScript's */
async function main(options: {
  image: string;
  text: string;
  floats: number;
  out: string | undefined;
}): Promise<boolean> {
  const out = options.out ?? join(await mkdtemp(join(tmpdir(), "wasm-shm-")), "gray.pgm");
  try {
    const rows = [...(await image(options.image, out)), ...(await words(options.text)), ...(await sum(options.floats))];
    const verified = !rows.flat().includes("NOT THE SAME");
    printRows([
      ["", "in the sandbox".padStart(24), "plain JavaScript".padStart(24)],
      ...rows,
      [],
      ["gray image", out],
      ["verified", verified ? "yes" : "NO: the guest and plain JavaScript differ"],
    ]);
    return verified;
  } finally {
    for (const { segment } of held) segment[Symbol.dispose]();
  }
}

function floatsOf(text: string): number {
  const count = Number(text.replaceAll(",", ""));
  // 4 GiB less 64 KiB is the largest window, and the guest's own pages lie beside it.
  if (!Number.isInteger(count) || count < 1 || count > 1e9)
    throw new TypeError(`--floats is a number from 1 to 1,000,000,000, not ${text}`);
  return count;
}

try {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", short: "h" },
      image: { type: "string", default: here("examples/sandbox/mandelbrot.png") },
      text: { type: "string", default: here("README.md") },
      floats: { type: "string", default: "100,000,000" },
      out: { type: "string" },
    },
  });
  const { image: path, text, floats, out } = values as { image: string; text: string; floats: string; out?: string };
  if (values.help) console.log(usage);
  else process.exitCode = (await main({ image: path, text, floats: floatsOf(floats), out })) ? 0 : 1;
} catch (error) {
  const { message, name } = error as Error;
  const misused = name === "TypeError" && !("cause" in (error as Error));
  console.error(misused ? `${message}\n\n${usage}` : message);
  process.exitCode = misused ? 2 : 1;
}
