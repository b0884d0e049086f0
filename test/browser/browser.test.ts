// wasm-shm/portable in browsers: a page and its module worker, bundled by Vite and esbuild as they are by default, under two
// Content-Security-Policies; and conformance tests in the page and in a worker.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { toolNode } from "../support/engine.js";
import { absent } from "../support/peers.js";
import type { Tally } from "../tally.js";
import { answerOf, browsers } from "./browsers.js";

const here = join(root, "test/browser");
const out = join(root, "build/browser");
const WASM = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const NO_WASM = "default-src 'self'; script-src 'self'";

/** Files of test/conformance that need nothing of Node but what test/browser/shims has. */
const FILES = [
  "cursor/cursor",
  "cursor/float16",
  "cursor/scalar",
  "cursor/varint",
  "hazards/canary",
  "hazards/states",
  "range/fill",
  "range/utf8",
  "segment/access",
];

interface Answer {
  page: string[];
  worker: string[];
}

interface Tested {
  page: Tally & { said: string[] };
  worker: Tally & { said: string[] };
}

function tool(command: string, args: string[], cwd = here): void {
  const ended = run(command, args, { cwd });
  if (ended.code !== 0) throw new Error(`${args.join(" ")}: ${ended.stdout}${ended.stderr}`);
}

const esbuild = join(here, "node_modules/esbuild/bin/esbuild");

/** The page and the package as a project has them. */
function project(): string {
  const folder = join(out, "project");
  mkdirSync(join(folder, "node_modules/wasm-shm"), { recursive: true });
  cpSync(join(here, "app"), folder, { recursive: true });
  for (const part of ["dist", "package.json"])
    cpSync(join(root, part), join(folder, "node_modules/wasm-shm", part), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  return folder;
}

const builders: Record<string, (folder: string) => string> = {
  Vite: (folder) => {
    const page = join(out, "vite");
    tool(toolNode, [
      join(here, "node_modules/vite/bin/vite.js"),
      "build",
      folder,
      "--outDir",
      page,
      "--logLevel",
      "error",
    ]);
    return page;
  },
  esbuild: (folder) => {
    const page = join(out, "esbuild");
    const args = ["main.js", "worker.js", "--bundle", "--format=esm", `--outdir=${page}`, "--log-level=error"];
    tool(esbuild, args, folder);
    cpSync(join(folder, "index.html"), join(page, "index.html"));
    return page;
  },
};

/** The conformance tests as one script. */
function conformance(): string {
  const page = join(out, "conformance");
  mkdirSync(page, { recursive: true });
  const compiled = join(root, "build/test");
  const entry = join(page, "entry.js");
  const files = FILES.map((file) => `import ${JSON.stringify(join(compiled, `conformance/${file}.test.js`))};\n`);
  writeFileSync(
    entry,
    `import ${JSON.stringify(join(here, "shims/globals.js"))};\n${files.join("")}import ${JSON.stringify(join(here, "shims/answer.js"))};\n`,
  );
  const alias = {
    "wasm-shm": join(root, "dist/portable.js"),
    "wasm-shm-tests": compiled,
    "node:zlib": join(here, "shims/zlib.js"),
    "node:buffer": join(here, "shims/buffer.js"),
  };
  const aliases = Object.entries(alias).map(([name, path]) => `--alias:${name}=${path}`);
  tool(esbuild, [
    entry,
    "--bundle",
    "--format=esm",
    `--outfile=${join(page, "main.js")}`,
    "--log-level=error",
    ...aliases,
  ]);
  cpSync(join(here, "app/index.html"), join(page, "index.html"));
  return page;
}

const hasTools = existsSync(esbuild) && createRequire(`${here}/package.json`).resolve.paths("vite") !== null;
rmSync(out, { recursive: true, force: true });

const chosen = process.env["WASM_SHM_BROWSER"]; // test/engines/run.ts names one
for (const browser of browsers.filter(({ name }) => chosen === undefined || name.toLowerCase() === chosen)) {
  const tests = suite(`wasm-shm/portable in ${browser.name}`);
  if (!hasTools) absent(tests, "works in a page", "the bundlers are not installed: npm ci --prefix test/browser");
  else if (browser.program === undefined) absent(tests, "works in a page", `there is no ${browser.name}`);
  else {
    for (const [bundler, build] of Object.entries(builders)) {
      tests(
        `bundled by ${bundler}: each core works in a page and in a module worker, with 'wasm-unsafe-eval'`,
        async () => {
          const { page, worker } = await answerOf<Answer>(browser, build(project()), WASM);
          assert.equal(page, worker);
          assert.is(page.length, 3);
          const sums = page.map((line) => {
            assert.match(line, /^(wasm|auto|js) local text \d+$/);
            return line.split(" ").at(-1);
          });
          assert.is(new Set(sums).size, 1);
        },
      );

      tests(
        `bundled by ${bundler}: without it the wasm core is refused and names the JS core; the others work`,
        async () => {
          const { page, worker } = await answerOf<Answer>(browser, build(project()), NO_WASM);
          for (const [wasm, ...others] of [page, worker]) {
            assert.match(
              wasm as string,
              /^wasm ERR_SHM_UNSUPPORTED the WebAssembly core is not supported: .*core: "js"/,
            );
            assert.equal(
              others.map((line) => line.split(" ").slice(0, 3).join(" ")),
              ["auto local text", "js local text"],
            );
          }
        },
      );
    }

    tests("passes the conformance tests, in a page and in a module worker", async () => {
      const answer = await answerOf<Tested>(browser, conformance(), WASM);
      for (const { passed, failed, problems, said } of [answer.page, answer.worker]) {
        assert.equal([failed, problems], [0, []], said?.join("\n"));
        assert.ok(passed > 800, `${passed} passed`);
      }
    });
  }
  tests.run();
}
