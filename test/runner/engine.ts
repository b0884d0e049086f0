// The engines that the tests run on: the one that runs the runner, and those of test/engines.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/child.js";

export interface Engine {
  /** `node22`, `bun`; undefined for the engine of the runner itself. */
  readonly name: string | undefined;
  /** A program that is started as `node` is: flags, a file, and the file's arguments. */
  readonly program: string;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
}

const NODES = ["node20", "node22", "node24", "node26"];
const preloaded = join(root, "build/test/support/executable.js");

/** Folders of Node's and of the engines' packages. */
const installed = join(root, "test/engines/node_modules");
const installedArm64 = join(root, "test/engines/arm64/node_modules");

/** Where Debian's cross compiler has the libraries of arm64. */
const ARM64_LIBRARIES = "/usr/aarch64-linux-gnu";

/** Writes a script of sh in place of a program. */
function scriptOf(name: string, text: string): string {
  const folder = join(root, "build/engines", name);
  mkdirSync(folder, { recursive: true });
  const script = join(folder, "node");
  writeFileSync(script, `#!/bin/sh\n${text}`);
  chmodSync(script, 0o755);
  return script;
}

function program(path: string): string {
  if (existsSync(path)) return path;
  const folder = path.startsWith(installedArm64) ? "test/engines/arm64 --force" : "test/engines";
  throw new Error(`${path} is not there: npm ci --prefix ${folder}`);
}

function node(name: string): Engine {
  return { name, program: program(join(installed, name, "bin/node")), environment: {} };
}

function bun(): Engine {
  // Bun moves a plain memory that grows, except for those that it reserves 4 GiB for: 8 by default. The windows of the tests
  // may be in more (src/host/recycled.ts).
  const environment = { BUN_JSC_maxNumWasmFastMemories: "10000" };
  return { name: "bun", program: program(join(installed, "bun/bin/bun")), environment };
}

/** Deno starts with permissions to be asked for, and knows few of Node's flags. */
function deno(): Engine {
  const real = program(join(installed, "deno/deno"));
  const script = scriptOf(
    "deno",
    `while :; do case "$1" in --import|--require) shift 2;; -*) shift;; *) break;; esac; done
exec '${real}' run --quiet --allow-all --no-lock --preload '${preloaded}' "$@"\n`,
  );
  return {
    name: "deno",
    program: script,
    environment: { DENO_V8_FLAGS: "--expose-gc", DENO_NO_UPDATE_CHECK: "1", WASM_SHM_EXECUTABLE: script },
  };
}

/** Node for arm64 under qemu-user, which cannot start the children by itself without binfmt_misc(5). */
function arm64(): Engine {
  const real = program(join(installedArm64, "node22/bin/node"));
  const script = scriptOf("arm64", `exec qemu-aarch64-static -L ${ARM64_LIBRARIES} '${real}' "$@"\n`);
  return {
    name: "arm64",
    program: script,
    environment: {
      CXX: "aarch64-linux-gnu-g++",
      NODE_OPTIONS: `--import ${preloaded}`,
      WASM_SHM_EXECUTABLE: script,
      WASM_SHM_EMULATED: "1",
      WASM_SHM_HOST: undefined, // tools/arm64.js sets it for the runner, which cannot load the addon
    },
  };
}

const makers: Record<string, () => Engine> = {
  ...Object.fromEntries(NODES.map((name) => [name, () => node(name)])),
  bun,
  deno,
  arm64,
};

export const engineNames: readonly string[] = Object.keys(makers);

/** The engine of that name, of {@link engineNames}; without one, that of this process. Throws if it is not installed. */
export function engineOf(name: string | undefined): Engine {
  if (name === undefined) return { name, program: process.execPath, environment: {} };
  const make = makers[name];
  if (make === undefined) throw new Error(`${name} is not an engine: ${engineNames.join(", ")}`);
  return make();
}
