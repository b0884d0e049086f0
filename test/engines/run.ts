// npm run test:nodes and npm run test:engines: the tests on the engines of test/engines, one engine after the other.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { browsers } from "../browser/browsers.js";
import { type Engine, engineNames, engineOf } from "../runner/engine.js";
import { root } from "../support/child.js";
import { ENGINE_ROOMS } from "./files.js";
import { type Results, resultsFile } from "./results.js";

const browserNames = browsers.map(({ name }) => name.toLowerCase());
const names = [...engineNames, ...browserNames];

const HELP = `Usage: npm run test:nodes -- [options]
       npm run test:engines -- ENGINE... [options]

Runs the tests whose results depend on the engine (test/engines/files.ts) on each engine: ${names.join(", ")}.
npm run test:nodes takes Node 22, 24 and 26; npm test runs on the machine's own. Install the engines first:
npm ci --prefix test/engines, and for arm64 npm ci --prefix test/engines/arm64 --force.

  --all      runs all files
  --record   writes the counts into test/engines/results.json, from which npm run build:engines makes docs/engines.md
  --help     prints this

Exits with 0 if everything passed on every engine, with 1 if not, and with 2 if an argument is wrong.`;

interface Known {
  readonly version: string;
  readonly architecture: string;
}

function browserOf(name: string): Known {
  const program = browsers.find((browser) => browser.name.toLowerCase() === name)?.program;
  if (program === undefined) throw new Error(`${name} is not installed`);
  const said = spawnSync(program, ["--version"], { encoding: "utf8" }).stdout;
  return { version: /[\d.]+(esr)?/.exec(said)?.[0] ?? said.trim(), architecture: process.arch };
}

/** What the engine says of itself; bun and deno have both versions. */
function versionOf({ program, environment }: Engine): Known {
  const source = `const { bun, deno, node } = process.versions; console.log(JSON.stringify({ version: bun ?? deno ?? node, architecture: process.arch }))`;
  const file = join(root, "build/engines-version.cjs");
  writeFileSync(file, source);
  const ended = spawnSync(program, [file], { encoding: "utf8", env: { ...process.env, ...environment } });
  if (ended.status !== 0) throw new Error(`${program}: ${ended.error?.message ?? ended.stderr}`);
  return JSON.parse(ended.stdout) as Known;
}

/** Runs the tests, shows what they print, and returns the counts of the last line. */
async function runOn(name: string, all: boolean): Promise<{ passed: number; failed: number; skipped: number }> {
  const isBrowser = browserNames.includes(name);
  const words = isBrowser ? ["browser/"] : ["--engine", name, ...(all ? [] : ENGINE_ROOMS)];
  const child = spawn(process.execPath, [join(root, "build/test/run.js"), ...words], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...(isBrowser && { WASM_SHM_BROWSER: name }) },
  });
  let last = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    process.stdout.write(text);
    last = (last + text).slice(-200);
  });
  await once(child, "close");
  const counts = /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(last);
  if (!counts) throw new Error(`${name}: the run did not end with counts`);
  const [passed, failed, skipped] = counts.slice(1).map(Number) as [number, number, number];
  return { passed, failed, skipped };
}

const { values, positionals } = parseArgs({
  options: { all: { type: "boolean" }, record: { type: "boolean" }, help: { type: "boolean" } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !names.includes(name));
if (values.help) console.log(HELP);
else if (positionals.length === 0 || unknown.length > 0) {
  console.error(`name engines: ${names.join(", ")}${unknown.length > 0 ? `; not ${unknown.join(", ")}` : ""}`);
  process.exitCode = 2;
} else {
  const results = JSON.parse(readFileSync(resultsFile, "utf8")) as Results;
  const told: string[] = [];
  for (const name of positionals) {
    const isBrowser = browserNames.includes(name);
    const known = isBrowser ? browserOf(name) : versionOf(engineOf(name));
    console.log(`\n${name}: ${known.version}, ${known.architecture}`);
    const counts = await runOn(name, values.all === true);
    if (counts.failed > 0) process.exitCode = 1;
    told.push(`${name} ${known.version}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    results[name] = { ...known, libc: "glibc", files: isBrowser ? "page" : values.all ? "all" : "engine", ...counts };
    if (values.record) writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
  }
  const sum = (part: RegExp): number => told.reduce((total, line) => total + Number(part.exec(line)?.[1]), 0);
  console.log(`\n${told.join("\n")}\n`);
  console.log(`${sum(/(\d+) passed/)} passed, ${sum(/(\d+) failed/)} failed, ${sum(/(\d+) skipped/)} skipped`);
}
