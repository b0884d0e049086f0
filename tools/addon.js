// Builds the addon with node-gyp, incrementally; or, given a folder, the one there. With --optional
// (npm's install step) a machine that cannot build it still gets the package: it then works with the
// local host, and says so.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
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

/** Runs node-gyp; returns why it failed, or undefined. */
function build() {
  const script = nodeGyp();
  if (!script) return "node-gyp was not found: run this through npm, or install node-gyp";
  const args = [script, "configure", "build", "--directory", folder, "--loglevel", "error"];
  const chosen = process.env.npm_config_nodedir ?? process.env.npm_package_config_node_gyp_nodedir;
  const headers = chosen ? undefined : bundledHeaders();
  if (headers) args.push("--nodedir", headers);
  const { status, error, stdout } = spawnSync(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status === 0) return undefined;
  process.stderr.write(stdout ?? "");
  return error?.message ?? "node-gyp failed; it needs python3, make and a C++17 compiler";
}

if (process.platform !== "linux") {
  console.error(`wasm-shm: no sysv host on ${process.platform}; the local host will be used`);
} else {
  const failure = build();
  if (failure) {
    console.error(`wasm-shm: the addon of the sysv host was not built: ${failure}`);
    if (optional) console.error("wasm-shm: installed all the same, with the local host");
    process.exitCode = optional ? 0 : 1;
  }
}
