// Makes dist/, which programs import, from build/src/, which tsc has compiled: few files instead of some seventy, as an
// import spends most of its time on finding and reading files. tools/types.js makes the types.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { minify } from "rolldown/utils";
import { writeSources } from "./sources.js";
import { writeTypes } from "./types.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiled = join(root, "build/src");
const types = join(root, "build/types");
const target = join(root, "dist");
const entries = ["index", "portable", "x11/provider"];

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  external: ["*.node"],
  legalComments: "none",
  logLevel: "warning",
  packages: "external",
};

/** How the text of a module is written: short lines, as an uncaught error shows its line. */
const written = { target: shared.target, minifySyntax: true, minifyWhitespace: true, lineLimit: 300 };

/**
 * Shortens the names of parameters and local variables alone: those of functions, classes and properties stay, as stacks and
 * messages show them. esbuild shortens all or none.
 *
 * esbuild makes `var Name = class _Name {…}` of a class that names itself, and messages show a class's name. Its option
 * keepNames would give each closure a name, too, whenever one is made.
 *
 * esbuild also makes `var` of the constants of a file. Those that are functions taken from an object become constants again:
 * of a `var` V8 loads and compares the function at each call (readUint32: 1.8 against 1.5 ns; Node 20, x86-64).
 */
async function shortened(path, text) {
  const constant = text.replaceAll(
    /^var (\{[^{}]*\} = \w+)(;|, )/gm,
    (_, of, next) => `const ${of};${next === ";" ? "" : "var "}`,
  );
  const mangle = { toplevel: false, keepNames: true };
  const { code, errors } = await minify(path, constant, { module: true, compress: false, mangle, codegen: false });
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  const whole = (await transform(code, written)).code;
  const renamed = [...whole.matchAll(/\b(\w+) ?= ?class _\1\b/g)].map(([, name]) => name);
  return renamed.length === 0 ? whole : whole.replaceAll(new RegExp(`\\b_(${renamed.join("|")})\\b`, "g"), "$1");
}

const shortNames = {
  name: "short names",
  setup({ initialOptions, onEnd }) {
    initialOptions.write = false;
    onEnd(async ({ outputFiles }) => {
      for (const { path, text } of outputFiles) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, await shortened(path, text));
      }
    });
  },
};

/**
 * Who starts a guest has loaded the addon, and said why if that failed. If it fails in the guest none the less, the loader's
 * words will do: the search of the files for a reason is a tenth of the text.
 */
const unexplained = {
  name: "unexplained",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/host\/missing\.js$/ }, () => ({
      contents: 'export const whyNotLoaded = (root, given, error) => ({ reason: "its addon did not load: " + error });',
    })),
};

/** Of what esbuild has minified, another minifier makes a text whose gzip is a thirtieth smaller. */
async function minifiedTwice(path, text) {
  const { code, errors } = await minify(path, text, { compress: { target: shared.target }, mangle: true });
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  return code;
}

/** A script that is evaluated has `require`; node:module, which takes 1 ms, would be loaded for nothing else. */
const evaluated = {
  name: "evaluated",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:module$/ }, ({ path }) => ({ path, namespace: "evaluated" }));
    onLoad({ filter: /^/, namespace: "evaluated" }, () => ({
      contents: "export const createRequire = () => require;",
    }));
  },
};

/** A guest's thread or process runs one script, which is a text: in a bundle of a program there is no file to start it from. */
async function sandboxSource() {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: [join(compiled, "sandbox/main.js")],
    packages: "bundle",
    format: "cjs",
    minify: true,
    write: false,
    plugins: [unexplained, evaluated],
  });
  const code = await minifiedTwice("source.js", outputFiles[0].text);
  const text = `'${code.replace(/[\\']/g, "\\$&").replaceAll("\n", "\\n")}'`;
  writeFileSync(join(compiled, "sandbox/source.js"), `export const source = ${text};\n`);
  mkdirSync(join(target, "sandbox"), { recursive: true });
  writeFileSync(join(target, "sandbox/source.cjs"), `exports.source = ${text};\n`);
}

/** Files of CommonJS, by the names that package.json has for them. */
const named = {
  name: "named",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^#loader$|^\.\.\/source\.js$/ }, ({ path }) => ({
      path: path === "#loader" ? path : "#source",
      external: true,
    })),
};

/** The entry points, which share their common parts. */
function modules() {
  const entryPoints = entries.map((file) => join(compiled, `${file}.js`));
  return build({
    ...shared,
    entryPoints,
    outbase: compiled,
    outdir: target,
    format: "esm",
    splitting: true,
    minifySyntax: true, // here too: it removes what the other modules make unused
    chunkNames: "shared/[name]-[hash]",
    plugins: [shortNames, named],
  });
}

/**
 * The command line, in one file that runs a command's part when it is wanted. CommonJS, which Node starts 5 ms sooner than an
 * ES module, and without a search of commander's text for exports, which takes as long. The commands that need the library
 * import it.
 */
async function commandLine() {
  const node = join(compiled, "node.js");
  const imported = { path: "../index.js", external: true }; // it has what node.js has
  const outfile = join(target, "cli/main.cjs");
  const { outputFiles } = await build({
    ...shared,
    entryPoints: [join(compiled, "cli/main.js")],
    outfile,
    write: false,
    format: "cjs",
    define: { "import.meta.url": "__filename" },
    minify: true,
    plugins: [
      named,
      {
        name: "library",
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/node\.js$/ }, ({ path, resolveDir }) =>
            join(resolveDir, path) === node ? imported : undefined,
          ),
      },
    ],
  });
  mkdirSync(dirname(outfile), { recursive: true });
  writeFileSync(outfile, await minifiedTwice(outfile, outputFiles[0].text), { mode: 0o755 });
}

/**
 * What `require` finds. A Node whose `require` takes an ES module has the condition module-sync, and bundlers have module:
 * these never see it. For the others it is an error that says so, not a second copy of the package: that is a fifth of the
 * size that it may have, and its classes are not those that `import` gives.
 */
function commonJs() {
  const folder = join(target, "cjs");
  mkdirSync(join(folder, "x11"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "commonjs" }\n');
  const message =
    "wasm-shm is an ES module, and require takes those from Node 20.19 and 22.12 on; use import() in this Node";
  const refusal = `throw Object.assign(new Error(${JSON.stringify(message)}), { code: "ERR_REQUIRE_ESM" });\n`;
  for (const entry of entries) writeFileSync(join(folder, `${entry}.js`), refusal);
}

rmSync(target, { recursive: true, force: true });
mkdirSync(target);
for (const file of ["loader.cjs", "addon.cjs"]) copyFileSync(join(compiled, file), join(target, file));
copyFileSync(join(types, "addon.d.cts"), join(target, "addon.d.cts"));
await sandboxSource();
await modules();
await commandLine();
commonJs();
await writeTypes(types, target, entries);
writeSources(join(root, "native"), join(target, "native"));
