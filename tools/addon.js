// Builds the addon with node-gyp, incrementally; or, given a folder, the one there. A build that fails leaves the reason in
// build/failed.log of that folder, which src/host/missing.ts reads. An installed package runs this as `wasm-shm build`: its
// sources are in dist/native, and are built in native/, too.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({ options: { arch: { type: "string" } }, allowPositionals: true });
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = resolve(positionals[0] ?? join(root, "native"));
const installed = positionals.length === 0 && !existsSync(join(root, "src")); // or a copy of what a clone has built

/** The headers that came with the running node, if they did: building then needs no network and no home. */
function bundledHeaders() {
  const prefix = resolve(process.execPath, "../..");
  return existsSync(join(prefix, "include/node/node_api.h")) ? prefix : undefined;
}

/** A file of node-gyp as `from` would import it; undefined if there is none. */
function resolved(from) {
  try {
    return createRequire(from).resolve("node-gyp/bin/node-gyp.js");
  } catch {
    return undefined;
  }
}

/**
 * node-gyp's script. npm has one, and names it to what it runs; other package managers do not. So: that of this package
 * or of the project, then npm's, by its name or beside a node of PATH.
 */
function nodeGyp() {
  const own = resolved(import.meta.url) ?? resolved(join(process.cwd(), "package.json"));
  if (own ?? process.env.npm_config_node_gyp) return own ?? process.env.npm_config_node_gyp;
  const folders = [dirname(process.execPath), ...(process.env.PATH ?? "").split(delimiter)];
  return folders
    .flatMap((bin) =>
      ["../lib/node_modules/npm/package.json", "../share/nodejs/npm/package.json"].map((npm) => join(bin, npm)),
    )
    .filter((npm) => existsSync(npm))
    .map(resolved)
    .find((script) => script !== undefined);
}

/** Puts the package's sources in place. @returns why it failed; undefined if it did not */
function copySources() {
  try {
    cpSync(join(root, "dist/native"), folder, { recursive: true });
    return undefined;
  } catch (error) {
    return { why: `the sources were not copied: ${error.message}`, printed: "" };
  }
}

/** Runs node-gyp. @returns why it failed, and what it printed; undefined if it did not fail */
function build() {
  const script = nodeGyp();
  if (!script)
    return { why: "node-gyp was not found: run npm install --global node-gyp, or add it to your project", printed: "" };
  const args = [script, "configure", "build", "--directory", folder, "--loglevel", "error", "--jobs", "max"];
  if (values.arch) args.push("--arch", values.arch);
  const chosen = process.env.npm_config_nodedir ?? process.env.npm_package_config_node_gyp_nodedir;
  const headers = chosen ? undefined : bundledHeaders();
  if (headers) args.push("--nodedir", headers);
  const options = {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 2 ** 26, // bytes; spawnSync ends a child that prints more
  };
  // Two builds at once would remove each other's files. flock would make a file of a folder that does not exist.
  const canLock = existsSync(folder) && spawnSync("flock", [folder, "true"]).status === 0;
  const [program, ...rest] = [...(canLock ? ["flock", folder] : []), process.execPath, ...args];
  const { status, error, stdout, stderr } = spawnSync(program, rest, options);
  process.stderr.write(stderr ?? ""); // the compiler's warnings
  if (status === 0) return undefined;
  process.stderr.write(stdout ?? "");
  const why = error?.message ?? "node-gyp failed; it needs python3, make and a C++17 compiler";
  return { why, printed: `${stderr ?? ""}${stdout ?? ""}` };
}

/** Leaves the reason for who uses the package later. */
function log({ why, printed }) {
  const file = join(folder, "build/failed.log");
  try {
    mkdirSync(join(folder, "build"), { recursive: true });
    writeFileSync(file, `${why}\n${printed}`);
  } catch (error) {
    console.error(`wasm-shm: the log was not written: ${error.message}`);
  }
}

if (process.platform !== "linux") {
  console.error(`wasm-shm: no sysv host on ${process.platform}; the local host will be used`);
} else {
  const failure = (installed ? copySources() : undefined) ?? build();
  if (failure) {
    log(failure);
    console.error(`wasm-shm: the addon of the sysv host was not built: ${failure.why}`);
    process.exitCode = 1;
  } else {
    rmSync(join(folder, "build/failed.log"), { force: true });
  }
}
