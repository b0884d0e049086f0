// An engine by its program: which one it is, and how it runs a script.
import { spawnSync } from "node:child_process";
import type { Engine } from "./race.js";

/** Of `deno --version`, `bun --version` and `node --version`: the first number that it prints. */
export function engineOf(path: string): Engine {
  const { stdout, error } = spawnSync(path, ["--version"], { encoding: "utf8" });
  const version = /\d+\.\d+\.\d+/.exec(stdout ?? "")?.[0];
  if (version === undefined) throw new Error(`${path} --version does not say which engine it is`, { cause: error });
  const [major, minor] = version.split(".") as [string, string];
  if (/^deno/.test(stdout)) return { name: `Deno ${major}.${minor}`, version, path, args: ["run", "-A", "--quiet"] };
  if (!stdout.startsWith("v")) return { name: `Bun ${major}.${minor}`, version, path, args: ["run"] };
  return { name: `Node ${major}`, version, path, args: ["--no-warnings"] };
}
