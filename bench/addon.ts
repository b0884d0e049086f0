// The bench's own addon, bench/native: the bare system calls. Built here, by who needs it, and by no install.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

interface BareCalls {
  /** Nanoseconds of `count` times shmat(2) and shmdt(2), or -errno. */
  attach(id: number, count: number): number;
  /** Nanoseconds of `count` segments made, attached, detached and removed, or -errno. */
  create(size: number, count: number): number;
}

const root = fileURLToPath(new URL("../..", import.meta.url)); // this file runs from build/bench

/** @throws {Error} it did not compile; the compiler's words are on stderr */
export function buildAddon(): void {
  const { status } = spawnSync(process.execPath, ["native/build.js", "bench/native"], { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error("bench/native was not built");
}

let loaded: BareCalls | undefined;

export function bareCalls(): BareCalls {
  loaded ??= (createRequire(import.meta.url)("node-gyp-build") as (folder: string) => BareCalls)(`${root}bench/native`);
  return loaded;
}
