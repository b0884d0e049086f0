// Finds the addon. By literal paths, which bundlers follow: no disk is searched. CommonJS, because a .node file is loaded by
// `require`, and that is what bundlers look for.

/** The package's folder. Undefined in a bundle: nothing of the package must be looked for beside that. */
function packageFolder(): string | undefined {
  // A bundle has the __filename of its own file, or none.
  const own = typeof __filename === "string" ? __filename : "";
  return /^(.+)[\\/]dist[\\/]loader\.cjs$/.exec(own)?.[1];
}

const root = packageFolder();

/** What a build from source leaves: `npm run build:native` in a clone, `wasm-shm build` in an install. */
const built = root && `${root}/native/build/Release/wasm_shm.node`;

function exists(file: string): boolean {
  // If a bundler makes an ES module of this, there is no `require`.
  const { existsSync } = process.getBuiltinModule?.("node:fs") ?? require("node:fs");
  return existsSync(file);
}

/** Loads a file of the addon. Not by `require`, for which a bundler would want to know the file. */
function open(file: string): unknown {
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports;
}

/**
 * Loads the addon: the one that was built from source here, else the one that the package has for this processor.
 * @throws {Error} what Node's loader says
 */
function load(): unknown {
  if (built !== undefined && exists(built)) return open(built);
  if (process.arch === "x64") return require("../prebuilds/linux-x64.node");
  if (process.arch === "arm64") return require("../prebuilds/linux-arm64.node");
  throw Object.assign(new Error(`there is no prebuilt addon for ${process.arch}`), { code: "MODULE_NOT_FOUND" });
}

export = { root, built, open, load };
