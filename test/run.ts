// npm test: every *.test.js beside this file, each in a process of its own, as many at once as there are cores. Fails
// where a test, a suite, a file or a process did, or where a segment was left behind; ends with "N passed, N failed".
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { destroySegment, list, type SegmentInfo } from "wasm-shm";
import { isThere } from "./support/processes.js";
import { TALLY_MARK, type Tally } from "./tally.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const wanted = process.argv.slice(2);
const files = (readdirSync(folder, { recursive: true }) as string[])
  .filter((file) => file.endsWith(".test.js"))
  .sort()
  .filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)));

const TIME_LIMIT_MS = 5 * 60_000; // for one file; the longest takes about 30 s

const total: Tally = { passed: 0, failed: 0, skipped: 0, problems: [] };

const TALLY_LINE = new RegExp(`${TALLY_MARK}(.*)\\n`);

/** What the file said of its tests on its last line; undefined where it ended before. */
function tallyIn(output: string): Tally | undefined {
  const json = TALLY_LINE.exec(output)?.[1];
  return json === undefined ? undefined : (JSON.parse(json) as Tally);
}

function runFile(file: string): Promise<void> {
  return new Promise((done) => {
    const child = spawn(process.execPath, ["--expose-gc", folder + file], { stdio: ["ignore", "pipe", "pipe"] });
    const limit = setTimeout(() => {
      total.problems.push(`${file} was still running after ${TIME_LIMIT_MS / 1000} seconds`);
      child.kill("SIGKILL");
    }, TIME_LIMIT_MS);
    const output: Buffer[] = [];
    child.stdout.on("data", (chunk) => output.push(chunk));
    child.stderr.on("data", (chunk) => output.push(chunk));
    child.on("close", (code, signal) => {
      clearTimeout(limit);
      const text = Buffer.concat(output).toString();
      const tally = tallyIn(text);
      console.log(`\n${file.slice(0, -".test.js".length)}\n${text.replace(TALLY_LINE, "")}`.trimEnd());
      total.passed += tally?.passed ?? 0;
      total.failed += tally?.failed ?? 0;
      total.skipped += tally?.skipped ?? 0;
      for (const problem of tally?.problems ?? []) total.problems.push(`${file}: ${problem}`);
      const failedQuietly = code !== 0 && tally?.failed === 0 && tally.problems.length === 0;
      if (!tally || signal || failedQuietly) total.problems.push(`${file} ended with ${signal ?? `code ${code}`}`);
      done();
    });
  });
}

/** New segments that nobody is attached to, of this user, whose creator is gone: every process of this run is by then. */
function leftBehind(before: Set<number>): SegmentInfo[] {
  const uid = process.getuid?.();
  return list().filter(
    ({ id, cpid, cuid, nattch }) => !before.has(id) && nattch === 0 && cuid === uid && !isThere(cpid),
  );
}

/** Enough to find who left it. */
const aboutSegment = ({ id, size, key, mode, cpid, ctime }: SegmentInfo): string =>
  `${id} (${size} bytes, key ${key}, mode ${mode.toString(8)}, by process ${cpid} at ${ctime?.toISOString()})`;

const before = new Set(list().map(({ id }) => id));
const queue = [...files];
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) await runFile(file);
  }),
);

if (files.length === 0) total.problems.push("no test file was found");
const left = leftBehind(before);
for (const { id } of left) destroySegment(id);
if (left.length > 0) total.problems.push(`segments were left in the system: ${left.map(aboutSegment).join(", ")}`);
else console.log("\nno segment was left in the system");

for (const problem of total.problems) console.log(`problem: ${problem}`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
console.log(`${total.passed} passed, ${total.failed + total.problems.length} failed${skipped}`);
process.exitCode = total.failed + total.problems.length === 0 ? 0 : 1;
