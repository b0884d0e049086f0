// What a figure means nothing without: the code, the machine and the engine it comes from.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, type } from "node:os";
import { fileURLToPath } from "node:url";
import { peerVersions } from "../rivals/peers.js";
import type { Conditions } from "./result.js";

const root = fileURLToPath(new URL("../../..", import.meta.url)); // this file runs from build/bench/…

function git(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** What the kernel says in a file of one line; undefined where it does not. */
function told(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The commit, and whether what is measured still is that commit's. */
function commit(): Pick<Conditions, "commit" | "dirty"> {
  const id = git("rev-parse", "--short=12", "HEAD");
  if (id === undefined) return { commit: "unknown", dirty: true };
  const changes = git("status", "--porcelain", "--", "src", "assembly", "native", "bench", "package-lock.json");
  return { commit: id.slice(0, 12), dirty: changes !== "" };
}

/** @param binary the Node that measures */
export function conditions(binary: string, pace: Conditions["pace"], processes: number): Conditions {
  const versions = JSON.parse(
    execFileSync(binary, ["-p", "JSON.stringify(process.versions)"], { encoding: "utf8" }),
  ) as NodeJS.ProcessVersions;
  const governor = told("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  const smt = told("/sys/devices/system/cpu/smt/active");
  return {
    ...commit(),
    cpu: cpus()[0]?.model.trim() || "unknown",
    cores: availableParallelism(),
    architecture: process.arch,
    ...(governor === undefined ? {} : { governor }),
    ...(smt === undefined ? {} : { smt: smt === "1" }),
    kernel: `${type()} ${release()}`,
    node: `v${versions.node}`,
    v8: versions.v8,
    date: new Date().toISOString(),
    pace,
    processes,
    loadAverage: loadavg()[0] as number,
    peers: peerVersions(),
  };
}
