// Packages that only the bench needs, in bench/package.json with a lock of their own. The two that are native are built
// here, as the package's own addon is: no install script runs. One that cannot be had is an absence in the tables.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Absence } from "../harness/result.js";

const root = fileURLToPath(new URL("../../..", import.meta.url)); // this file runs from build/bench/…
const folder = `${root}bench`;
const benchRequire = createRequire(`${folder}/package.json`);

/** Both are written for nan: built for one major version of Node, and loaded by no other. */
export const nativePeers = ["shm-typed-array", "mmap-io"] as const;
export type PeerName = (typeof nativePeers)[number];

/** Those of the bench's own folder, and those of the root's. */
const compared = [...nativePeers, "hash-wasm"] as const;

/** The versions that are installed. */
export function peerVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const name of compared)
    for (const modules of [`${folder}/node_modules`, `${root}node_modules`]) {
      const file = `${modules}/${name}/package.json`;
      if (existsSync(file)) versions[name] = (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
    }
  return versions;
}

/** Where a native peer lies built for one version of Node's native interface (`process.versions.modules`). */
const builtFolder = (name: PeerName, abi: string): string => `${folder}/node_modules/.abi-${abi}/${name}`;

/** A peer's module, or why there is none. */
export function loadPeer(name: PeerName): { readonly module: unknown } | Absence {
  if (!existsSync(`${folder}/node_modules/${name}`)) return { name, reason: "not installed: npm ci in bench/ does it" };
  const built = builtFolder(name, process.versions.modules);
  if (!existsSync(built))
    return { name, reason: `not built for Node ${process.versions.node}: npm run bench does it, or says why not` };
  try {
    return { module: benchRequire(built) };
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    return { name, reason: `does not load in Node ${process.versions.node}: ${line?.replaceAll(root, "")}` };
  }
}

/** In a process of its own: a native module that fails halfway is no matter there. */
const loads = (built: string, binary: string): boolean =>
  spawnSync(binary, ["-e", `require(${JSON.stringify(built)})`]).status === 0;

function isInstalled(): boolean {
  const installed = `${folder}/node_modules/.package-lock.json`; // npm's own note of what it put there
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${folder}/package-lock.json`).mtimeMs;
}

/** Installs what the lock of bench/ says, where that is not done yet. @returns whether it is there; npm says why not */
export function installPeers(): boolean {
  if (isInstalled()) return true;
  const { status } = spawnSync("npm", ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return status === 0;
}

/**
 * Installs the peers, and builds those that do not load, by the headers that come with each Node: a copy for each native
 * interface. What fails says so on stderr, and is absent from then on.
 */
export function preparePeers(binaries: readonly string[]): void {
  if (!installPeers()) return;
  // mmap-io asks for C++11, with which V8's headers no longer compile; the last -std counts. Warnings are its authors' affair.
  const flags = { CXXFLAGS: "-std=c++20 -w" };
  for (const binary of binaries) {
    // npm tells its children where the headers of the Node it runs in are; another's lie beside its binary.
    const headers = binary === process.execPath ? {} : { npm_config_nodedir: dirname(dirname(binary)) };
    const env = { ...process.env, ...flags, ...headers };
    const abi = execFileSync(binary, ["-p", "process.versions.modules"], { encoding: "utf8" }).trim();
    for (const name of nativePeers) {
      const built = builtFolder(name, abi);
      if (!existsSync(`${folder}/node_modules/${name}`) || loads(built, binary)) continue;
      const making = `${built}.${process.pid}`; // several benches may be at it at once
      cpSync(`${folder}/node_modules/${name}`, making, { recursive: true });
      spawnSync(binary, ["tools/addon.js", making], { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
      try {
        if (loads(making, binary)) renameSync(making, built);
      } catch {
        // another was first: its folder is not empty
      } finally {
        rmSync(making, { recursive: true, force: true });
      }
    }
  }
}
