// npm run bench -- --compare: it finds no change in five runs of the same code, and finds one that became slower.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { root, run } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

/** bench/run/compare.ts. The bench is compiled by itself: this is the part of it that is used here. */
interface Comparing {
  compareFiles(earlier: object, later: object, threshold: number): Comparison;
}

interface Comparison {
  compared: { rival: string; verdict: string; factor: number; interval: [number, number] }[];
  unmatched: string[];
  notes: string[];
}

const { compareFiles } = (await import(new URL("../../bench/run/compare.js", import.meta.url).href)) as Comparing;

const script = `${root}build/bench/run/run.js`;
const REPEATS = campaign(1, 5); // runs of the same code
const PROCESSES = String(campaign(10, 15)); // more than a run has by default, as other programs keep a test's machine busy
const suites = new URL("./fixture.js", import.meta.url).href;

/** Runs the fixture's suite, and writes what it measured. */
function measure(file: string, slower = "1"): void {
  const env = { ...process.env, WASM_SHM_BENCH_SUITES: suites, WASM_SHM_BENCH_SLOWER: slower };
  const ended = run(process.execPath, [script, "--quick", "--processes", PROCESSES, "--json", file], { env });
  assert.is(ended.code, 0, ended.stderr);
}

const compare = (...words: string[]) => run(process.execPath, [script, "--compare", ...words]);

/** A file with one case: the base takes 100 ns in each round, the other these, by process. */
function fileOf(times: number[][], { node = "v20.1.0", name = "case" } = {}) {
  const base = { name: "base", times: times.map((rounds) => rounds.map(() => 100)) };
  const conditions = { cpu: "cpu", kernel: "kernel", node, pace: "full", processes: times.length };
  const cases = [{ suite: "fixture", core: "js", name, base: "base", rivals: [base, { name: "other", times }] }];
  return { format: 1, runs: [{ conditions, cases }] };
}

/** The rounds of five processes around a middle, some per cent apart. */
const around = (middle: number, percent: number): number[][] =>
  [-1, 0.5, 0, -0.5, 1].map((part) => Array<number>(5).fill(middle * (1 + (part * percent) / 100)));

const verdict = (earlier: object, later: object, threshold = 0.1): string | undefined =>
  compareFiles(earlier, later, threshold).compared[0]?.verdict;

const comparing = suite("npm run bench -- --compare");

comparing("finds a change that is past the threshold and not chance, and its direction", () => {
  const before = fileOf(around(100, 1));
  assert.is(verdict(before, before), "no change");
  assert.is(verdict(before, fileOf(around(120, 1))), "slower");
  assert.is(verdict(before, fileOf(around(80, 1))), "faster");
  assert.is(verdict(before, fileOf(around(108, 1))), "no change"); // certain, but below the threshold
  assert.is(verdict(before, fileOf(around(108, 1)), 0.05), "slower");
  assert.is(verdict(before, fileOf(around(120, 30))), "no change"); // past the threshold, but may be chance
});

comparing("finds a planted tenth by the threshold that the help names", () => {
  const planted = (percent: number) => fileOf(around(100 * (1 + percent / 100), 2));
  const { stdout } = run(process.execPath, [script, "--help"]);
  const threshold = Number(/--plant 10 by --threshold (\d+)/.exec(stdout)?.[1]) / 100;
  assert.is(verdict(planted(0), planted(10), threshold), "slower");
  assert.is(verdict(planted(0), planted(0), threshold), "no change");
});

comparing("tells no change of one process, which may differ from the next by as much", () => {
  const alone = (middle: number): object =>
    fileOf(
      around(middle, 1)
        .slice(0, 1)
        .map((rounds) => rounds.map((time, round) => time + round / 10)),
    );
  assert.is(verdict(alone(100), alone(200)), "undecided");
  assert.is(verdict(alone(100), fileOf(around(50, 1))), "undecided");
  assert.is(verdict(alone(100), alone(102)), "no change");
});

comparing("takes the ratio to the base of the same round: a slower machine is not a change", () => {
  const before = fileOf(around(100, 1));
  const after = structuredClone(before);
  for (const one of after.runs[0]?.cases[0]?.rivals ?? [])
    one.times = one.times.map((rounds) => rounds.map((time) => 2 * time));
  assert.is(verdict(before, after), "no change");
});

comparing("asks for more certainty if more is compared", () => {
  const many = (middle: number) => {
    const file = fileOf(around(middle, 5));
    const [one] = file.runs[0]?.cases ?? [];
    return {
      runs: [{ ...file.runs[0], cases: Array.from({ length: 500 }, (_, index) => ({ ...one, name: `${index}` })) }],
    };
  };
  assert.is(verdict(fileOf(around(100, 5)), fileOf(around(115, 5))), "slower");
  assert.ok(compareFiles(many(100), many(115), 0.1).compared.every((one) => one.verdict === "no change"));
});

comparing("names what only one file has, and what differs between the machines", () => {
  const before = fileOf(around(100, 1));
  const { compared, unmatched } = compareFiles(before, fileOf(around(100, 1), { name: "new" }), 0.1);
  assert.is(compared.length, 0);
  assert.equal(unmatched, [
    "only in the earlier: fixture, js: case, other",
    "only in the later: fixture, js: new, other",
  ]);
  const { notes } = compareFiles(before, fileOf([[100, 101, 99, 100, 100, 100]], { node: "v22.1.0" }), 0.1);
  assert.match(notes.join("; "), /node differs: v20\.1\.0, then v22\.1\.0; measured in one process/);
});

comparing("compares the runs of the same Node, if there are several", () => {
  const nodes = (slow: number) => ({
    format: 1,
    runs: [...fileOf(around(100, 1), { node: "v20.1.0" }).runs, ...fileOf(around(slow, 1), { node: "v22.1.0" }).runs],
  });
  const { compared } = compareFiles(nodes(100), nodes(120), 0.1);
  assert.equal(
    compared.map((one) => one.verdict),
    ["no change", "slower"],
  );
});

if (nativePairs.length === 0) comparing.skip("of real runs", "there is no sysv host on this platform");
else
  comparing("finds no change in runs of the same code, nor in a file and itself, and finds 20 %", () => {
    const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
    try {
      const first = join(folder, "first.json");
      measure(first);
      const itself = compare(first, first);
      assert.is(itself.code, 0, itself.stdout);
      for (let repeat = 1; repeat <= REPEATS; repeat++) {
        const again = join(folder, `again${repeat}.json`);
        measure(again);
        const { code, stdout } = compare(first, again);
        assert.is(code, 0, stdout);
        assert.match(stdout, /0 slower, 0 faster, 4 without a change/);
      }
      const slow = join(folder, "slow.json");
      // If other programs keep the machine busy, a run may vary too much to find anything. It says so, and is repeated.
      let found = { code: 0 as number | null, stdout: "" };
      for (let tries = 0; tries < 4 && found.code === 0; tries++) {
        measure(first);
        measure(slow, "1.2");
        found = compare(first, slow);
      }
      assert.is(found.code, 1, found.stdout);
      assert.match(found.stdout, /\nplanted\n {2}planted +x1\.\d+ .* slower\n/);
      assert.match(found.stdout, /1 slower, 0 faster, 3 without a change/);
      assert.is(compare(first, slow, "--threshold", "40").code, 0); // not a change at a higher threshold
      writeFileSync(slow, readFileSync(slow, "utf8").slice(0, -100));
      const cut = compare(first, slow);
      assert.is(cut.code, 1);
      assert.match(cut.stderr, /slow\.json: .*JSON/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

comparing.run();
