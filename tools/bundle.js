// Makes dist/, which programs import, from build/src/, which tsc has compiled: few files instead of some seventy, as an
// import spends most of its time on finding and reading files. tsc writes the types into dist/ itself.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiled = join(root, "build/src");
const target = join(root, "dist");

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

/**
 * esbuild makes `var Name = class _Name {…}` of a class that names itself, and messages show a class's name. Its option
 * keepNames would give each closure a name, too, whenever one is made.
 */
const keepClassNames = {
  name: "class names",
  setup({ initialOptions, onEnd }) {
    initialOptions.write = false;
    onEnd(({ outputFiles }) => {
      for (const { path, text } of outputFiles) {
        const renamed = [...text.matchAll(/\b(\w+) ?= ?class _\1\b/g)].map(([, name]) => name);
        const own = new RegExp(`\\b_(${renamed.join("|")})\\b`, "g");
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, renamed.length === 0 ? text : text.replaceAll(own, "$1"));
      }
    });
  },
};

/** What a sandbox's thread never calls of an attachment: without it the script has half the size. */
const absent = {
  "domain/domain.js": "export const checkJoin = absent, joinDomain = absent;",
  "cursor/cursor.js": "export const openCursor = absent;",
  "range/range.js": "export class Ranges {}",
  "core/js/cursor.js": "export const JsCursor = absent;",
  "core/js/range.js": "export const JsRange = absent;",
};
const attachmentsAlone = {
  name: "attachments alone",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const contents = absent[relative(compiled, path)];
      const refusal = 'function absent() { throw new Error("a guest\'s thread has windows alone"); }';
      return contents && { contents: `${refusal}\n${contents}` };
    }),
};

/** A sandbox's thread runs one script, which is a text: in a bundle of a program there is no file to start it from. */
async function sandboxSource() {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: [join(compiled, "sandbox/worker.js")],
    packages: "bundle",
    format: "cjs",
    minify: true,
    plugins: [attachmentsAlone],
    write: false,
  });
  const text = JSON.stringify(outputFiles[0].text);
  writeFileSync(join(compiled, "sandbox/source.js"), `export const source = ${text};\n`);
  mkdirSync(join(target, "sandbox"), { recursive: true });
  writeFileSync(join(target, "sandbox/source.cjs"), `exports.source = ${text};\n`);
}

/** Files of CommonJS, by the names that package.json has for them. */
const named = {
  name: "named",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^#loader$|^\.\/source\.js$/ }, ({ path }) => ({
      path: path === "#loader" ? path : "#source",
      external: true,
    })),
};

/** The entry points, which share their common parts. Each command of the command line is a file of its own. */
function modules() {
  const entryPoints = ["index.js", "portable.js", "x11/provider.js", "cli/main.js"].map((file) => join(compiled, file));
  return build({
    ...shared,
    entryPoints,
    outbase: compiled,
    outdir: target,
    format: "esm",
    splitting: true,
    minifySyntax: true, // names stay, as stacks show them
    minifyWhitespace: true,
    lineLimit: 120, // an uncaught error shows its line: one of 260 KB would push the message out of sight
    chunkNames: "shared/[name]-[hash]",
    plugins: [keepClassNames, named],
  });
}

/**
 * What `require` finds. A Node whose `require` takes an ES module has the condition module-sync, and bundlers have module:
 * these never see it. For the others it is an error that says so, not a second copy of the package: that is a fifth of the
 * size that it may have, and its classes are not those that `import` gives.
 */
function commonJs() {
  const folder = join(target, "cjs");
  const entries = ["index", "portable", "x11/provider"];
  mkdirSync(join(folder, "x11"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "commonjs" }\n');
  const message =
    "wasm-shm is an ES module, and require takes those from Node 20.19 and 22.12 on; use import() in this Node";
  const refusal = `throw Object.assign(new Error(${JSON.stringify(message)}), { code: "ERR_REQUIRE_ESM" });\n`;
  for (const entry of entries) writeFileSync(join(folder, `${entry}.js`), refusal);
  // The same types, but of CommonJS modules, as TypeScript takes them in a folder of that type.
  const types = typesOf(entries.map((entry) => join(target, `${entry}.d.ts`)));
  // Without their comments, which are there once.
  for (const file of types) {
    const copy = join(folder, relative(target, file));
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, readFileSync(file, "utf8").replaceAll(/^ *\/\*\*.*?\*\/\n/gms, ""));
  }
}

/** Files of types, and all that they import. */
function typesOf(files) {
  const seen = new Set(files);
  for (const file of seen)
    for (const [, imported] of readFileSync(file, "utf8").matchAll(/["'](\.\.?\/[^"']*)\.js["']/g))
      seen.add(join(dirname(file), `${imported}.d.ts`));
  return seen;
}

function removeOldFiles() {
  const old = readdirSync(target, { recursive: true }).filter((file) => /\.c?js$/.test(file));
  for (const file of old) rmSync(join(target, file));
  rmSync(join(target, "cjs"), { recursive: true, force: true });
}

removeOldFiles();
for (const file of ["loader.cjs", "addon.cjs"]) copyFileSync(join(compiled, file), join(target, file));
await sandboxSource();
await modules();
commonJs();
