// Which package manager installed this package, and the command by which it runs the package's own build. Each leaves a
// file of its own in node_modules, or beside it.
import { basename, dirname, join } from "node:path";
import { fs } from "./builtin.js";

const { existsSync, readFileSync } = fs;

/** A file's text; undefined if there is no such file. Throws if it may not be read. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

const commands = {
  npm: "npx wasm-shm build",
  pnpm: "pnpm exec wasm-shm build",
  yarn: "yarn wasm-shm build",
  bun: "bunx wasm-shm build",
  // Deno runs no program of a package that is not a dependency of the folder, and needs its permissions for one that is.
  deno: "deno run --allow-all npm:wasm-shm build",
} as const;

const markers: readonly (readonly [string, keyof typeof commands])[] = [
  [".modules.yaml", "pnpm"],
  [".bun", "bun"],
  [".deno", "deno"],
  [".yarn-state.yml", "yarn"], // Yarn 2 and later
  [".yarn-integrity", "yarn"], // Yarn 1
  [".package-lock.json", "npm"],
  ["../bun.lock", "bun"],
  ["../bun.lockb", "bun"],
];

/** @param root the package's folder @returns undefined if no package manager's mark is above it, as in a clone */
export function buildCommand(root: string): string | undefined {
  // Plug'n'Play: .yarn/unplugged/wasm-shm-npm-0.2.0-…/node_modules/wasm-shm
  if (/\/\.yarn\/(?:cache|unplugged|berry|__virtual__)\//.test(root)) return commands.yarn;
  for (let folder = root; folder !== dirname(folder); folder = dirname(folder)) {
    if (basename(folder) !== "node_modules") continue;
    const found = markers.find(([mark]) => existsSync(join(folder, mark)));
    if (found) return commands[found[1]];
  }
  return undefined;
}
