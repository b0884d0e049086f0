// examples/threads, run as a user would: its output, its exit code, and that it leaves no segment however it ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { segmentsOf, until } from "../support/waiting.js";

const script = `${root}build/examples/threads/main.js`;
const PART = 16 * 2 ** 20;
/** The sum of `length` bytes of the 32-bit integers 0, 1, 2, …, from an offset. */
function sumOf(offset: number, length: number): number {
  const [first, count] = [offset / 4, length / 4];
  return count * first + (count * (count - 1)) / 2;
}

const threads = suite("examples/threads");
if (nativePairs.length === 0) threads.skip("runs", "there is no sysv host on this platform");
else {
  for (const count of [1, 3])
    threads(`makes ${count} threads fill and sum a part each, and the main thread reads all of it`, async () => {
      const child = spawn(process.execPath, [script, String(count)], { stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (text: Buffer) => {
          said += text.toString();
        });
      const [code] = (await once(child, "close")) as [number | null];
      assert.is(code, 0, said);
      const lines = said.split("\n");
      const parts = lines.slice(0, count);
      parts.forEach((line, index) => {
        const offset = index * PART;
        assert.match(
          line,
          new RegExp(`^thread \\d+: ${PART} bytes from ${offset}, their sum is ${sumOf(offset, PART)}$`),
        );
      });
      assert.is(new Set(parts.map((line) => line.split(":")[0])).size, count); // as many threads
      const all = `all:      ${count * PART} bytes, their sum is ${sumOf(0, count * PART)}`;
      assert.equal(lines.slice(count), [all, "right", ""]);
      assert.is(segmentsOf(child.pid as number).length, 0);
    });

  threads("used wrongly prints its usage, and exits with 2", () => {
    for (const count of ["0", "65", "1.5", "many"]) {
      const ended = run(process.execPath, [script, count]);
      assert.equal([ended.code, ended.stdout], [2, ""]);
      assert.match(ended.stderr, /^Usage: node build\/examples\/threads\/main\.js/);
    }
  });

  threads("stopped by SIGKILL leaves no segment", async () => {
    const child = spawn(process.execPath, [script, "16"], { stdio: "ignore" });
    const ended = once(child, "close");
    try {
      await until("a worker at the segment", () => segmentsOf(child.pid as number).some(({ nattch }) => nattch >= 2));
    } finally {
      child.kill("SIGKILL");
    }
    assert.equal(await ended, [null, "SIGKILL"]);
    await until("the segment's end", () => segmentsOf(child.pid as number).length === 0);
  });
}
threads.run();
