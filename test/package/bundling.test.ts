// docs/bundling.md: each recipe makes a bundle of the packed package, which then runs alone in another folder.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { type Ended, run } from "../support/child.js";
import { blocksOf, textOf } from "../support/pages.js";
import { engine, inFolder, inProject, prebuilt, toolFile, withTools } from "../support/tarball.js";

const bundling = suite("docs/bundling.md");
const blocks = blocksOf(textOf("docs/bundling.md"));
const addon = prebuilt(process.arch);
const addons = { "npm run build:prebuilds": addon };
const EXPECTED = "sysv 42 5000\n";

/** The body of the block that begins with a word, or has it. */
function block(language: string, word: string): string {
  const found = blocks.filter((each) => each.language === language && each.body.includes(word));
  assert.is(found.length, 1, `${language} with ${word}`);
  return found[0]?.body as string;
}

/** Writes the page's programs into the project. */
function writePage(project: string): void {
  for (const { language, body } of blocks) {
    const name = language === "javascript" ? /^\/\/ (\S+)\n/.exec(body)?.[1] : undefined;
    if (name !== undefined) writeFileSync(join(project, name), body);
  }
  const settings = block("json", '"main"').replace("linux-x64", `linux-${process.arch}`);
  writeFileSync(join(project, "sea.json"), settings);
}

/** Runs commands of the page, with these programs in PATH. */
function shell(project: string, commands: string, programs: Record<string, string>): void {
  mkdirSync(join(project, "bin"));
  for (const [name, program] of Object.entries(programs)) symlinkSync(program, join(project, "bin", name));
  const ended = run("bash", ["-euo", "pipefail", "-c", commands], {
    cwd: project,
    env: { ...process.env, PATH: `${join(project, "bin")}:${process.env["PATH"]}` },
  });
  assert.is(ended.code, 0, ended.stderr);
}

/** Copies a folder of output to where there is no node_modules, and runs a file of it. */
async function alone(out: string, command: (folder: string) => [string, ...string[]]): Promise<Ended> {
  let ended: Ended | undefined;
  await inFolder((folder) => {
    cpSync(out, folder, { recursive: true });
    const [program, ...args] = command(folder);
    ended = run(program, args, { cwd: folder });
  });
  return ended as Ended;
}

function check(ended: Ended): void {
  assert.is(ended.stdout, EXPECTED, ended.stderr);
  assert.is(ended.code, 0, ended.stderr);
}

const esbuild = toolFile("esbuild/bin/esbuild");
for (const format of ["esm", "cjs"])
  withTools(bundling, `esbuild, format ${format}`, { ...addons, esbuild }, () =>
    inProject(async (project) => {
      writePage(project);
      let recipe = block("javascript", "esbuild.mjs");
      if (format === "cjs") {
        const banner = /\n {2}banner: \{.*?\n {2}\},/s;
        assert.match(recipe, banner);
        recipe = recipe.replace(banner, "").replace('format: "esm"', 'format: "cjs"').replace('".mjs"', '".cjs"');
        const app = block("javascript", "// app.js").replace(/(import .*\n\n)(.*)/s, "$1(async () => {\n$2})();\n"); // no await of a module
        writeFileSync(join(project, "app.js"), app);
      }
      writeFileSync(join(project, "recipe.mjs"), recipe);
      const made = run(process.execPath, ["recipe.mjs"], { cwd: project });
      assert.is(made.code, 0, made.stderr);
      assert.is(made.stderr, "");
      const file = format === "esm" ? "app.mjs" : "app.cjs";
      check(await alone(join(project, "out"), () => [process.execPath, file]));
    }),
  );

withTools(bundling, "esbuild without a require: the error points to the page", { ...addons, esbuild }, () =>
  inProject(async (project) => {
    writePage(project);
    const args = [
      "app.js",
      "--bundle",
      "--platform=node",
      "--format=esm",
      "--loader:.node=copy",
      "--outfile=out/app.mjs",
    ];
    assert.is(run(esbuild as string, args, { cwd: project }).code, 0);
    const ended = await alone(join(project, "out"), () => [process.execPath, "app.mjs"]);
    assert.match(ended.stderr, /ERR_SHM_UNSUPPORTED/);
    assert.match(ended.stderr, "see docs/bundling.md, or leave wasm-shm out of the bundle (external)");
  }),
);

const webpackFolder = toolFile("webpack/package.json");
withTools(
  bundling,
  "webpack",
  { ...addons, webpack: webpackFolder, "node-loader": toolFile("node-loader/package.json") },
  () =>
    inProject(async (project) => {
      writePage(project);
      const load = createRequire(webpackFolder as string);
      const webpack = load("webpack") as (config: object, done: (error: unknown, stats: Stats) => void) => void;
      const { default: config } = await import(pathToFileURL(join(project, "webpack.config.mjs")).href);
      const resolveLoader = { modules: [dirname(dirname(webpackFolder as string))] };
      const stats = await new Promise<Stats>((resolve, reject) =>
        webpack(
          { ...config, context: project, output: { ...config.output, path: join(project, "out") }, resolveLoader },
          (error, made) => (error ? reject(error) : resolve(made)),
        ),
      );
      assert.is(stats.toString({ all: false, errors: true, warnings: true }), "");
      check(await alone(join(project, "out"), () => [process.execPath, "app.cjs"]));
    }),
);

interface Stats {
  toString(options: object): string;
}

const bun = engine("bun");
withTools(bundling, "bun build --compile", { ...addons, bun }, () =>
  inProject(async (project) => {
    writePage(project);
    shell(project, block("bash", "bun build"), { bun: bun as string });
    check(await alone(join(project, "out"), (folder) => [join(folder, "app")]));
  }),
);

const node26 = engine("node26");
withTools(bundling, "a single executable of Node 26", { ...addons, node26, esbuild }, () =>
  inProject(async (project) => {
    writePage(project);
    shell(project, block("bash", "--build-sea"), { node: node26 as string, esbuild: esbuild as string });
    check(await alone(join(project, "out"), (folder) => [join(folder, "app")]));
  }),
);

withTools(bundling, "by hand, from CommonJS and from an ES module", addons, () =>
  inProject((project) => {
    writePage(project);
    check(run(process.execPath, ["by-hand.cjs"], { cwd: project }));
    const source = `import addon from "wasm-shm/addon";
      import { createShm, createSandbox } from "wasm-shm";
      import { createRequire } from "node:module";
      const file = createRequire(import.meta.url).resolve("wasm-shm/prebuilds/linux-${process.arch}.node");
      for (const given of [addon, file]) {
        const segment = createShm({ addon: given }).create(10);
        console.log(segment.readChunk(1)[0]);
        segment[Symbol.dispose]();
      }`;
    writeFileSync(join(project, "by-hand.mjs"), source);
    const ended = run(process.execPath, ["by-hand.mjs"], { cwd: project });
    assert.is(ended.stdout, "0\n0\n", ended.stderr);
  }),
);
bundling.run();
