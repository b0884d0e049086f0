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

/** bench/harness.ts. Compiled on its own: this file knows of it what it needs. */
interface Harness {
  measure(group: object, pace: object, checkpoint: () => void): Promise<GroupResult>;
}

interface GroupResult {
  rivals: { ratio: number[]; goals: object[] }[];
}

const { measure } = (await import(new URL("../bench/harness.js", import.meta.url).href)) as Harness;
const pace = { rounds: 3, groupMs: 100, fewestRounds: 1, sliceMs: 1, samples: 1, warmupMs: 1 };

/** What measure says to a group that it does not take. */
async function refusal(group: object): Promise<string> {
  let message = "";
  await measure(group, pace, () => {}).catch((error: Error) => {
    message = error.message;
  });
  return message;
}

const bench = suite("npm run bench");
const script = `${root}build/bench/run.js`;

if (nativePairs.length === 0) bench.skip("runs every suite", "there is no native host on this platform");
else {
  bench("--quick proves and times every suite on both cores, and writes JSON", () => {
    const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
    try {
      const file = join(folder, "bench.json");
      const ended = run(process.execPath, [script, "--quick", "--json", file], { timeout: 300_000 }); // 45 s alone
      assert.is(ended.code, 0, ended.stderr);
      const { results } = JSON.parse(readFileSync(file, "utf8")) as { results: Measured[] };
      const measured = new Set(results.map(({ suite: name, core }) => `${name} ${core}`));
      const suites = ["cursor", "bytes", "varint", "text", "array", "checksum", "search", "compare", "fill", "swap"];
      for (const name of [...suites, "utf8", "numeric"])
        for (const core of ["wasm", "js"]) assert.ok(measured.has(`${name} ${core}`), `${name} ${core}`);
      assert.ok(measured.has("checksum wasm without SIMD"));
      assert.ok(measured.has("attach wasm"));
      assert.match(ended.stdout, /\d+ of \d+ goals hold/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  bench("ends at a rival with a wrong answer, before anything is timed", async () => {
    let runs = 0;
    const run = (): number => runs++;
    const wrong = (): void => {
      throw new Error("three is not four");
    };
    const right = { name: "right", operations: 1, run, prove: () => {} };
    assert.match(
      await refusal({ name: "a case", rivals: [right, { ...right, name: "wrong", prove: wrong }] }),
      /not four/,
    );
    assert.is(runs, 0);
  });

  bench("refuses a goal against a rival that is not there, before anything is timed", async () => {
    let runs = 0;
    const goals = [{ text: "as fast", against: ["other"], met: () => true }];
    const right = { name: "right", operations: 1, run: () => runs++, prove: () => {}, goals };
    assert.match(await refusal({ name: "a case", rivals: [right] }), /a goal names other; there are right/);
    assert.is(runs, 0);
  });

  bench("judges by the fastest of the rivals that a goal names", async () => {
    /** Does nothing, and says what it took. */
    const rival = (name: string, milliseconds: number, against?: string[]) => ({
      name,
      operations: 1,
      selfTimed: true,
      run: () => milliseconds * 1e6,
      prove: () => {},
      goals: against ? [{ text: "", against, figure: (ratio: number) => ratio.toFixed(2), met: () => true }] : [],
    });
    const slow = rival("slow", 4);
    const judged = rival("judged", 2, ["slow", "fast"]);
    const { rivals } = await measure({ name: "a case", rivals: [slow, rival("fast", 1), judged] }, pace, () => {});
    assert.equal(rivals[2]?.goals, [{ text: "", figure: "2.00", holds: true }]);
    assert.is(rivals[2]?.ratio[1], 0.5); // to the base, the first
  });

  bench("refuses a suite and an option that there are not", () => {
    for (const wrong of ["bogus", "--bogus"]) assert.is(run(process.execPath, [script, wrong]).code, 1);
    assert.match(run(process.execPath, [script, "--help"]).stdout, /Usage: npm run bench/);
  });
}
bench.run();
