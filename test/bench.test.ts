// npm run bench runs: every suite proves its answers, on both cores. What it measures is not judged here.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { root, run } from "./child.js";
import { nativePairs } from "./pairs.js";
import { suite } from "./suite.js";

interface Measured {
  suite: string;
  core: string;
}

const bench = suite("npm run bench");
const script = `${root}build/bench/run.js`;

if (nativePairs.length === 0) bench.skip("runs every suite", "there is no native host on this platform");
else {
  bench("--quick proves and times every suite on both cores, and writes JSON", () => {
    const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
    try {
      const file = join(folder, "bench.json");
      const ended = run(process.execPath, [script, "--quick", "--json", file]);
      assert.is(ended.code, 0, ended.stderr);
      const { results } = JSON.parse(readFileSync(file, "utf8")) as { results: Measured[] };
      const measured = new Set(results.map(({ suite: name, core }) => `${name} ${core}`));
      for (const name of ["cursor", "bytes", "checksum"])
        for (const core of ["wasm", "js"]) assert.ok(measured.has(`${name} ${core}`), `${name} ${core}`);
      assert.ok(measured.has("attach wasm"));
      assert.match(ended.stdout, /\d+ of \d+ goals hold/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  bench("ends at a rival with a wrong answer, before anything is timed", async () => {
    const { measure } = (await import(new URL("../bench/harness.js", import.meta.url).href)) as {
      measure(group: object, pace: object, checkpoint: () => void): Promise<unknown>;
    };
    let runs = 0;
    const run = (): number => runs++;
    const wrong = (): void => {
      throw new Error("three is not four");
    };
    const rivals = [
      { name: "right", operations: 1, run, prove: () => {} },
      { name: "wrong", operations: 1, run, prove: wrong },
    ];
    const pace = { rounds: 1, sliceMs: 1, warmupMs: 1 };
    let message = "";
    await measure({ name: "a case", rivals }, pace, () => {}).catch((error: Error) => {
      message = error.message;
    });
    assert.match(message, /three is not four/);
    assert.is(runs, 0);
  });

  bench("refuses a suite and an option that there are not", () => {
    for (const wrong of ["bogus", "--bogus"]) assert.is(run(process.execPath, [script, wrong]).code, 1);
    assert.match(run(process.execPath, [script, "--help"]).stdout, /Usage: npm run bench/);
  });
}
bench.run();
