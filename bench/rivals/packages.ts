// The packages that wasm-shm is measured against. bench/package.json names them and has a lock of its own. Three of
// them are native. They are built here, by the same tool as the package's own addon: no install script runs. A package that
// cannot be installed or built is listed as absent in the tables.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Absence } from "../harness/result.js";
import { benchRequire, root } from "../harness/root.js";

const folder = `${root}bench`;

/** Two are written for nan: a build of one major version of Node does not load in another. */
const nativePackages = ["shm-typed-array", "mmap-io", "shared-memory-disruptor"] as const;
export type NativePackage = (typeof nativePackages)[number];

/** All but hash-wasm are in bench/node_modules; that is in the root's. */
const compared = [...nativePackages, "hash-wasm", "@bokuweb/zstd-wasm"] as const;

/** The versions that are installed. */
export function rivalVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const name of compared)
    for (const modules of [`${folder}/node_modules`, `${root}node_modules`]) {
      const file = `${modules}/${name}/package.json`;
      if (existsSync(file)) versions[name] = (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
    }
  return versions;
}

/** The folder of a native package, built for one version of Node's native interface (`process.versions.modules`). */
const builtFolder = (name: NativePackage, abi: string): string => `${folder}/node_modules/.abi-${abi}/${name}`;

/** The module of a native package, or why there is none. */
export function loadNative(name: NativePackage): { readonly module: unknown } | Absence {
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

/** Loads it in a process of its own, which a native module may crash without harm. */
const loads = (built: string, binary: string): boolean =>
  spawnSync(binary, ["-e", `require(${JSON.stringify(built)})`]).status === 0;

/** npm writes it after an install. */
const LISTED = "node_modules/.package-lock.json";

function isInstalled(): boolean {
  const installed = `${folder}/${LISTED}`;
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${folder}/package-lock.json`).mtimeMs;
}

/**
 * Installs the packages of bench/, unless they are there. Several benches may do so at once: each makes a folder of its own, and
 * the first that is done moves it into place.
 *
 * @returns whether they are there; npm says on stderr why not
 */
export function installPackages(): boolean {
  if (isInstalled()) return true;
  const making = `${root}build/bench-${process.pid}`;
  mkdirSync(making, { recursive: true });
  try {
    for (const name of ["package.json", "package-lock.json"]) cpSync(`${folder}/${name}`, `${making}/${name}`);
    spawnSync("npm", ["ci", "--prefix", making, "--ignore-scripts", "--no-audit", "--no-fund"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (isInstalled() || !existsSync(`${making}/${LISTED}`)) return isInstalled();
    if (existsSync(`${folder}/node_modules`)) renameSync(`${folder}/node_modules`, `${making}/outdated`);
    renameSync(`${making}/node_modules`, `${folder}/node_modules`);
    return true;
  } catch {
    return isInstalled(); // another bench was first
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/**
 * Installs the packages, and builds the native ones that do not load: a copy for each version of the native interface,
 * by the headers of that Node. A build that fails says so on stderr, and the package is then absent from the tables.
 *
 * @param binaries the Nodes that measure
 */
export function preparePackages(binaries: readonly string[]): void {
  if (!installPackages()) return;
  // mmap-io asks for C++11, with which V8's headers no longer compile; the last -std counts. Its warnings are not
  // shown.
  const flags = { CXXFLAGS: "-std=c++20 -w" };
  for (const binary of binaries) {
    // npm tells its children where the headers of its own Node are. Those of another Node lie beside its binary.
    const headers = binary === process.execPath ? {} : { npm_config_nodedir: dirname(dirname(binary)) };
    const env = { ...process.env, ...flags, ...headers };
    const abi = execFileSync(binary, ["-p", "process.versions.modules"], { encoding: "utf8" }).trim();
    for (const name of nativePackages) {
      const built = builtFolder(name, abi);
      if (!existsSync(`${folder}/node_modules/${name}`) || loads(built, binary)) continue;
      const making = `${built}.${process.pid}`; // several benches may build at once
      cpSync(`${folder}/node_modules/${name}`, making, { recursive: true });
      spawnSync(binary, ["tools/addon.js", making], { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
      try {
        if (loads(making, binary)) renameSync(making, built);
      } catch {
        // another bench was first: its folder is not empty
      } finally {
        rmSync(making, { recursive: true, force: true });
      }
    }
  }
}
