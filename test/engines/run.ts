// npm run test:nodes and npm run test:engines: the tests on the engines of test/engines, one engine after the other.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { browsers } from "../browser/browsers.js";
import { type Engine, engineNames, engineOf } from "../runner/engine.js";
import { root } from "../support/child.js";
import { unmet } from "./differences.js";
import { ALIKE, ALIKE_ON_NODE, ENGINE_ROOMS, NODE_ROOMS, OTHER_ROOMS, RANDOM_ROOMS, SHORT_TURN } from "./files.js";
import { type Result, type Results, resultsFile } from "./results.js";

const browserNames = browsers.map(({ name }) => name.toLowerCase());
const names = [...engineNames, ...browserNames];

const HELP = `Usage: npm run test:nodes -- [options]
       npm run test:engines -- ENGINE... [options]

Runs the tests whose results depend on the engine (test/engines/files.ts) on each engine: ${names.join(", ")}.
npm run test:nodes takes Node 22, 24 and 26; npm test runs on the machine's own. Install the engines first:
npm ci --prefix test/engines, and for arm64 npm ci --prefix test/engines/arm64 --force.

  --all      runs all files; elsewhere than on Node those that are not about Node, npm and compilers
  --short    runs a short turn
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

type Files = Exclude<Result["files"], "page">;

const isNode = (name: string): boolean => name.startsWith("node");

/** For each file of a whole turn, which is run by hand: on a busy machine some take Deno over 300 s. */
const SECONDS = "900";

/** The words of test/run.js that choose the files; none chooses all. */
function roomsOf(name: string, which: Files): string[] {
  if (browserNames.includes(name)) return ["browser/"];
  if (which === "short") return ["--engine", name, ...SHORT_TURN];
  if (which !== "all") {
    const rooms = isNode(name) ? ENGINE_ROOMS : [...ENGINE_ROOMS, ...RANDOM_ROOMS];
    const options = ["--engine", name, ...(isNode(name) ? [] : ["--time-limit", SECONDS])];
    const alike = isNode(name) ? [...ALIKE, ...ALIKE_ON_NODE] : ALIKE;
    return [...options, ...rooms, ...alike.flatMap((word) => ["--without", word])];
  }
  if (isNode(name)) return ["--engine", name];
  const others = Object.keys(OTHER_ROOMS).filter((room) => !NODE_ROOMS.includes(room));
  return ["--engine", name, "--time-limit", SECONDS, ...ENGINE_ROOMS, ...others.map((room) => `${room}/`)];
}

/** Runs the tests, shows what they print, and returns the counts of the last line. */
async function runOn(name: string, which: Files): Promise<{ passed: number; failed: number; skipped: number }> {
  const isBrowser = browserNames.includes(name);
  const words = roomsOf(name, which);
  const child = spawn(process.execPath, [join(root, "build/test/run.js"), ...words], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...(isBrowser && { WASM_SHM_BROWSER: name }) },
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    process.stdout.write(part);
    text += part;
  });
  await once(child, "close");
  const counts = /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(text.slice(-200));
  if (!counts) throw new Error(`${name}: the run did not end with counts`);
  const [passed, failed, skipped] = counts.slice(1).map(Number) as [number, number, number];
  const met = [...text.matchAll(/^ {2}(.+?): (.*)$/gm)].map(([, suite, title]) => `${suite} ${title}`);
  const stale = which === "all" ? unmet(name, met) : [];
  for (const test of stale)
    console.log(`${name}: no test is named ${test}: take it out of test/engines/differences.ts`);
  return { passed, failed: failed + stale.length, skipped };
}

const { values, positionals } = parseArgs({
  options: {
    all: { type: "boolean" },
    short: { type: "boolean" },
    record: { type: "boolean" },
    help: { type: "boolean" },
  },
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
  const which = values.all ? "all" : values.short ? "short" : "engine";
  for (const name of positionals) {
    const isBrowser = browserNames.includes(name);
    const known = isBrowser ? browserOf(name) : versionOf(engineOf(name));
    console.log(`\n${name}: ${known.version}, ${known.architecture}`);
    const counts = await runOn(name, which);
    if (counts.failed > 0) process.exitCode = 1;
    told.push(`${name} ${known.version}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    results[name] = { ...known, libc: "glibc", files: isBrowser ? "page" : which, ...counts };
    const inOrder = Object.fromEntries(names.flatMap((each) => (results[each] ? [[each, results[each]]] : [])));
    if (values.record) writeFileSync(resultsFile, `${JSON.stringify(inOrder, null, 2)}\n`);
  }
  const sum = (part: RegExp): number => told.reduce((total, line) => total + Number(part.exec(line)?.[1]), 0);
  console.log(`\n${told.join("\n")}\n`);
  console.log(`${sum(/(\d+) passed/)} passed, ${sum(/(\d+) failed/)} failed, ${sum(/(\d+) skipped/)} skipped`);
}
