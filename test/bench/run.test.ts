// npm run bench: every suite proves its answers on its cores, and writes what the schema says. This file does not judge
// the measured times.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

interface Results {
  format: number;
  runs: { conditions: { node: string; processes: number; planted?: number }; cases: Case[]; incomplete?: string[] }[];
}

interface Case {
  suite: string;
  core: string;
  name: string;
  operation: string;
  size?: number;
  bytes?: number;
  base: string;
  rounds: number;
  rivals: { name: string; path?: string; ratio?: object; times: number[][]; figures: object[] }[];
  absent: { name: string; reason: string }[];
}

// The bench is compiled by itself: these are the parts of it that are used here.
interface File {
  problem(value: unknown): string | undefined;
}

interface Registry {
  suites: Record<string, { variants: string[] }>;
}

const compiled = async (name: string): Promise<unknown> =>
  import(new URL(`../../bench/${name}.js`, import.meta.url).href);
const { problem } = (await compiled("harness/file")) as File;
const { suites } = (await compiled("run/registry")) as Registry;

const script = `${root}build/bench/run/run.js`;
const fixture = { WASM_SHM_BENCH_SUITES: new URL("./fixture.js", import.meta.url).href };
const withFixture = (more: Record<string, string> = {}) => ({ env: { ...process.env, ...fixture, ...more } });

function inFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const readResults = (file: string): Results => JSON.parse(readFileSync(file, "utf8")) as Results;

const bench = suite("npm run bench");

if (nativePairs.length === 0) bench.skip("runs every suite", "there is no sysv host on this platform");
else {
  let whole: { stdout: string; results: Results } | undefined;

  /** Every suite but those that a test file of their own runs in the same way. */
  const here = Object.keys(suites).filter((name) => !["lifecycle", "messaging", "goals"].includes(name));

  /** One run of these suites, which several tests share. */
  const everything = (): { stdout: string; results: Results } => {
    if (whole) return whole;
    inFolder((folder) => {
      const file = join(folder, "bench.json");
      const ended = run(process.execPath, [script, "--quick", "--json", file, ...here], { timeout: 280_000 }); // 40 s alone
      assert.is(ended.code, 0, ended.stderr);
      whole = { stdout: ended.stdout, results: readResults(file) };
    });
    return whole as unknown as { stdout: string; results: Results };
  };

  bench("--quick proves and times every suite on its cores, and writes what the schema says", () => {
    const { stdout, results } = everything();
    assert.is(problem(results), undefined);
    const cases = results.runs.flatMap((one) => one.cases);
    const measured = new Set(cases.map(({ suite: name, core }) => `${name} ${core}`));
    for (const name of here)
      for (const core of suites[name]?.variants ?? []) assert.ok(measured.has(`${name} ${core}`), `${name} ${core}`);
    for (const name of ["access", "bytes", "checksum", "cursor", "search", "swap", "text", "utf8", "varint"])
      for (const core of ["wasm", "js"]) assert.ok(measured.has(`${name} ${core}`), `${name} ${core}`);
    for (const name of ["array", "cursor", "first", "text", "varint"])
      assert.ok(measured.has(`${name} auto`), `${name} auto`);
    for (const one of cases) {
      assert.is(one.rivals[0]?.name, one.base);
      assert.ok(one.rounds >= 6, `${one.name}: ${one.rounds} rounds`);
      for (const { name, times, ratio } of one.rivals) {
        assert.is(times.flat().length, one.rounds, `${one.name}: ${name}`);
        assert.is(ratio === undefined, name === one.base, `${one.name}: ${name}`);
      }
    }
    assert.match(stdout, /\d+ of \d+ goals hold/);
  });

  bench("everything is readable at 100 columns", () => {
    const lines = everything().stdout.split("\n");
    assert.ok(lines.length > 500);
    for (const line of lines) assert.ok(line.length <= 100, line);
  });

  bench("bulk reads have every access path at every size; an absent path is named", () => {
    const cases = everything().results.runs[0]?.cases ?? [];
    const reads = cases.filter(({ suite: name, operation }) => name === "bytes" && operation === "read");
    assert.equal([...new Set(reads.map(({ size }) => size))], [8, 1024, 65536, 1048576]);
    for (const { core, size, bytes, rivals, absent } of reads) {
      assert.is(bytes, size);
      const paths = [...rivals.map(({ path }) => path), ...absent.map(({ name }) => name)].sort();
      const expected = [
        "Buffer",
        "N-API call",
        `${core} core`,
        "mmap-io",
        "native",
        "plain memory",
        "shm-typed-array",
        "typed array",
      ];
      assert.equal(paths, expected.sort());
    }
  });

  bench("the rounds of a case are shared among processes", () =>
    inFolder((folder) => {
      const file = join(folder, "bench.json");
      const words = [script, "--quick", "--processes", "3", "--json", file];
      const ended = run(process.execPath, words, withFixture());
      assert.is(ended.code, 0, ended.stderr);
      const results = readResults(file);
      assert.is(problem(results), undefined);
      assert.is(results.runs[0]?.conditions.processes, 3);
      for (const { rounds, rivals } of results.runs[0]?.cases ?? []) {
        for (const { times } of rivals) {
          const shares = times.map(({ length }) => length);
          assert.is(shares.length, 3);
          assert.is(
            shares.reduce((sum, share) => sum + share),
            rounds,
          );
          for (const share of shares) assert.ok(share >= 2 && share <= 5, shares.join()); // on a busy machine fewer than 5
        }
      }
    }),
  );

  bench("a rival with a wrong answer ends its suite before its case is timed, and is named; the rest is kept", () =>
    inFolder((folder) => {
      const file = join(folder, "bench.json");
      const ended = run(
        process.execPath,
        [script, "--quick", "--json", file],
        withFixture({ WASM_SHM_BENCH_WRONG: "planted" }),
      );
      assert.is(ended.code, 1);
      assert.match(ended.stderr, /bench: fixture, js: planted is wrong/);
      assert.match(ended.stdout, /\nsteady\n/);
      assert.not.match(ended.stdout, /\nplanted\n/);
      const results = readResults(file);
      assert.is(problem(results), undefined);
      const [{ cases, incomplete } = { cases: [], incomplete: [] }] = results.runs;
      assert.equal(
        cases.map(({ name }) => name),
        ["steady"],
      );
      assert.equal(incomplete, ["fixture, js: planted is wrong"]);
    }),
  );

  bench("a suite whose process dies is named with the signal, and what its earlier processes measured is kept", () =>
    inFolder((folder) => {
      const file = join(folder, "bench.json");
      const words = [script, "--quick", "--processes", "3", "--json", file];
      const ended = run(
        process.execPath,
        words,
        withFixture({ WASM_SHM_BENCH_DIES: "2", WASM_SHM_BENCH_TURNS: join(folder, "turns") }),
      );
      assert.is(ended.code, 1);
      const message = "2 of 3, fixture, js: fixture on the js core ended with SIGKILL";
      assert.match(ended.stderr, new RegExp(`bench: ${message}`));
      const [{ cases, incomplete } = { cases: [], incomplete: [] }] = readResults(file).runs;
      assert.equal(incomplete, [message]);
      assert.equal(
        cases.map(({ name, rivals }) => [name, ...rivals.map(({ times }) => times.length)]),
        [
          ["steady", 1, 1, 1],
          ["planted", 1, 1, 1],
        ],
      );
    }),
  );

  bench("SIGINT ends the run, and what was measured is kept", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
    try {
      const file = join(folder, "bench.json");
      const child = spawn(process.execPath, [script, "--processes", "100", "--json", file], {
        ...withFixture({ WASM_SHM_BENCH_INTERRUPTED: "3", WASM_SHM_BENCH_TURNS: join(folder, "turns") }),
        stdio: "ignore",
      });
      const [code] = await once(child, "exit");
      assert.is(code, 130);
      const [{ cases, incomplete } = { cases: [], incomplete: [] }] = readResults(file).runs;
      assert.equal(incomplete, ["3 of 100, fixture, js: interrupted"]);
      assert.equal(
        cases.map(({ name, rivals }) => [name, rivals[0]?.times.length]),
        [
          ["steady", 2],
          ["planted", 2],
        ],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  bench("--plant makes the last rival of each group do more", () =>
    inFolder((folder) => {
      const ratioOf = (percent: string): number => {
        const file = join(folder, `${percent}.json`);
        const ended = run(process.execPath, [script, "--quick", "--plant", percent, "--json", file], withFixture());
        assert.is(ended.code, 0, ended.stderr);
        const results = readResults(file);
        assert.is(problem(results), undefined);
        assert.is(results.runs[0]?.conditions.planted, Number(percent));
        const ratio = results.runs[0]?.cases[1]?.rivals[2]?.ratio as { median: number } | undefined;
        return ratio?.median ?? Number.NaN;
      };
      const more = ratioOf("100") / ratioOf("0");
      assert.ok(more > 1.5 && more < 2.7, `${more}`);
    }),
  );

  bench("the schema refuses what it does not know", () =>
    inFolder((folder) => {
      const file = join(folder, "bench.json");
      assert.is(run(process.execPath, [script, "--quick", "--json", file], withFixture()).code, 0);
      const good = readResults(file);
      assert.is(problem(good), undefined);
      const changed = (change: (results: Results) => void): string | undefined => {
        const copy = structuredClone(good);
        change(copy);
        return problem(copy);
      };
      const rival = (results: Results) => results.runs[0]?.cases[0]?.rivals[0] as Case["rivals"][0];
      assert.match(changed((results) => Object.assign(results, { format: 2 })) ?? "", /format/);
      assert.match(changed((results) => Object.assign(rival(results), { speed: 1 })) ?? "", /additional properties/);
      assert.match(changed((results) => Object.assign(rival(results), { times: [[0]] })) ?? "", /times/);
      assert.match(changed((results) => delete (rival(results) as { name?: string }).name) ?? "", /name/);
    }),
  );

  bench("refuses unknown suites and options, and numbers out of range", () => {
    for (const wrong of [
      ["bogus"],
      ["--bogus"],
      ["--processes", "0"],
      ["--processes", "1.5"],
      ["--nodes", "newest"],
      ["--threshold", "5"],
      ["--plant", "5"],
      ["--minutes", "soon"],
      ["--compare", "one.json"],
      ["--compare", "/nowhere/one.json", "/nowhere/two.json"],
      ["--compare", `${root}package.json`, `${root}package.json`],
    ]) {
      const { code, stderr, stdout } = run(process.execPath, [script, ...wrong]);
      assert.is(code, 1, wrong.join(" "));
      assert.match(stderr, /^bench: /);
      assert.is(stdout, "", wrong.join(" "));
    }
    assert.match(run(process.execPath, [script, "--help"]).stdout, /Usage: npm run bench/);
  });
}
bench.run();
