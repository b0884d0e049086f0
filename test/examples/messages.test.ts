// examples/frames, queue, logger, ticks and pool, run as a user would: what they print, and that they leave no segment.
import { spawnSync } from "node:child_process";
import * as assert from "uvu/assert";
import { list } from "wasm-shm";
import { suite } from "../suite.js";
import { root, works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";

/** The lines that an example prints. */
function linesOf(name: string, ...args: string[]): string[] {
  const options = { encoding: "utf8", timeout: 120_000 } as const;
  const { pid, status, stdout, stderr } = spawnSync(
    process.execPath,
    [`${root}build/examples/${name}/main.js`, ...args],
    options,
  );
  assert.equal([status, stderr], [0, ""]);
  assert.equal(
    list().filter(({ cpid }) => cpid === pid),
    [],
  );
  return stdout.trimEnd().split("\n");
}

const examples = suite("Examples of messages");
if (nativePairs.length === 0) examples.skip("run", "there is no sysv host on this platform");
else {
  examples("pool counts primes", () => {
    assert.equal(
      linesOf("pool").map((line) => line.split(" ").at(-1)),
      ["4", "25", "168", "1229", "9592"],
    );
  });

  examples("logger prints every line, in the order of each writer", () => {
    const lines = linesOf("logger");
    for (const writer of ["0", "1", "2"]) {
      const own = lines.filter((line) => line.startsWith(`writer ${writer}`)).map((line) => line.slice(7));
      assert.equal(own, [
        ...[1, 2, 3].map((line) => `${writer}: line ${line}`),
        `${writer} ${writer === "0" ? "is killed" : "ends"}`,
      ]);
    }
    assert.is(lines.length, 12);
  });

  examples("ticks tell each subscriber what it missed, and give both the last", () => {
    const lines = linesOf("ticks");
    assert.is(lines.length, 2);
    for (const name of ["fast", "slow"]) {
      const line = lines.find((each) => each.startsWith(name)) ?? "";
      const [, seen, missed, last] = (/saw (\d+), missed (\d+), the last was (\d+)$/.exec(line) ?? []).map(Number);
      assert.is((seen as number) + (missed as number), 2000, line);
      assert.is(last, 1999);
      if (name === "slow") assert.ok((missed as number) > 0, line);
    }
  });

  examples("queue does every job once", () => {
    const [jobs, cache] = linesOf("queue");
    assert.is(jobs, "300 jobs by 3 processes; the cache has 50 results");
    assert.match(cache ?? "", /^the root of 2 is 1\.41421356237309\d; the cache knew some of the jobs$/);
  });

  if (!works("python3", ["--version"])) absent(examples, "frames come back", "python3 is missing");
  else
    examples("frames come back inverted, and burn no processor", () => {
      const [python, back, used] = linesOf("frames", "10");
      assert.match(python ?? "", /^python: the channel was closed/);
      assert.is(back, "10 frames of 1280 x 720 came back inverted");
      assert.match(used ?? "", /used [\d.]+ ms of a processor for each$/);
    });
}
examples.run();
