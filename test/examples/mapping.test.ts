// examples/mapping, run as a user would: its output, its exit code, and that it leaves no segment however it ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as assert from "uvu/assert";
import { SegmentStatus } from "wasm-shm";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { segmentsOf, until } from "../support/waiting.js";

const script = `${root}build/examples/mapping/main.js`;
const NUMBERS = 16 * 2 ** 20;

const mapping = suite("examples/mapping");
if (nativePairs.length === 0) mapping.skip("runs", "there is no sysv host on this platform");
else {
  for (const count of [1, 3])
    mapping(`makes ${count} threads count what another process wrote, through one attachment`, async () => {
      const child = spawn(process.execPath, [script, String(count)], { stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (text: Buffer) => {
          said += text.toString();
        });
      const [code] = (await once(child, "close")) as [number | null];
      assert.is(code, 0, said);
      const [first, second, ...rest] = said.split("\n");
      assert.is(first, `${count} threads, 1 attachment`);
      assert.match(second as string, /^the peer has written; woken: \d$/); // 0 if a thread does not sleep yet
      assert.equal(rest, [`multiples of 8: ${NUMBERS / 8} of ${NUMBERS} numbers`, "right", ""]);
      assert.is(segmentsOf(child.pid as number).length, 0);
    });

  mapping("stopped by SIGKILL leaves no segment", async () => {
    const child = spawn(process.execPath, [script, "16"], { stdio: "ignore" });
    const ended = once(child, "close");
    try {
      await until("its segment, attached and marked for removal", () =>
        segmentsOf(child.pid as number).some(({ mode }) => (mode & SegmentStatus.Destroyed) !== 0),
      );
    } finally {
      child.kill("SIGKILL");
    }
    assert.equal(await ended, [null, "SIGKILL"]);
    await until("the segment's end", () => segmentsOf(child.pid as number).length === 0);
  });

  mapping("used wrongly prints its usage, and exits with 2", () => {
    for (const count of ["0", "65", "1.5", "many"]) {
      const ended = run(process.execPath, [script, count]);
      assert.equal([ended.code, ended.stdout], [2, ""]);
      assert.match(ended.stderr, /^Usage: node build\/examples\/mapping\/main\.js/);
    }
  });
}
mapping.run();
