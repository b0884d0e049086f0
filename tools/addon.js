// Builds the addon with node-gyp, incrementally; or, given a folder, the one there. With --optional
// (npm's install step) a machine that cannot build it still gets the package, whose sysv host then says
// why: a failed build leaves native/build/failed.log, which src/host/missing.ts reads.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const named = process.argv.slice(2).find((argument) => !argument.startsWith("--"));
const folder = named === undefined ? fileURLToPath(new URL("../native", import.meta.url)) : resolve(named);
const optional = process.argv.includes("--optional");

/** The headers that came with the running node, if they did: building then needs no network and no home. */
function bundledHeaders() {
  const prefix = resolve(process.execPath, "../..");
  return existsSync(join(prefix, "include/node/node_api.h")) ? prefix : undefined;
}

/** node-gyp's script: that of this checkout, else the one that npm names to every install step. */
function nodeGyp() {
  try {
    return createRequire(import.meta.url).resolve("node-gyp/bin/node-gyp.js");
  } catch {
    return process.env.npm_config_node_gyp;
  }
}

/** Runs node-gyp. @returns why it failed, and what it printed; undefined if it did not fail */
function build() {
  const script = nodeGyp();
  if (!script) return { why: "node-gyp was not found: run this through npm, or install node-gyp", printed: "" };
  const args = [script, "configure", "build", "--directory", folder, "--loglevel", "error"];
  const chosen = process.env.npm_config_nodedir ?? process.env.npm_package_config_node_gyp_nodedir;
  const headers = chosen ? undefined : bundledHeaders();
  if (headers) args.push("--nodedir", headers);
  const { status, error, stdout, stderr } = spawnSync(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 2 ** 26, // bytes; spawnSync ends a child that prints more
  });
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
  const failure = build();
  if (failure) {
    log(failure);
    console.error(`wasm-shm: the addon of the sysv host was not built: ${failure.why}`);
    if (optional) console.error("wasm-shm: installed all the same; without the addon only the local host works");
    process.exitCode = optional ? 0 : 1;
  } else {
    rmSync(join(folder, "build/failed.log"), { force: true });
  }
}
