// The conditions of a run: the code, the machine and the engine. Without them a figure means nothing.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, type } from "node:os";
import type { Conditions } from "../harness/result.js";
import { root } from "../harness/root.js";
import { rivalVersions } from "../rivals/packages.js";

function git(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** A file of one line from the kernel; undefined if there is none, or nothing in it. */
function kernelFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The code, the guests and the headers that are measured, and what builds them. */
const measured = [
  "src",
  "assembly",
  "native",
  "include",
  "bench",
  "examples/guests",
  "test/fixtures",
  "tools",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "asconfig.json",
];

/** Results of the Nodes before, and pages. */
const unmeasured = [":!bench/results", ":!bench/report"];

/** The commit, and whether the measured code differs from it. */
function commit(): Pick<Conditions, "commit" | "dirty"> {
  const id = git("rev-parse", "--short=12", "HEAD");
  if (id === undefined) return { commit: "unknown", dirty: true };
  const changes = git("status", "--porcelain", "--", ...measured, ...unmeasured);
  return { commit: id.slice(0, 12), dirty: changes !== "" };
}

/** @param binary the Node that measures */
export function conditions(
  binary: string,
  { pace, processes, planted }: Pick<Conditions, "pace" | "processes" | "planted">,
): Conditions {
  const versions = JSON.parse(
    execFileSync(binary, ["-p", "JSON.stringify(process.versions)"], { encoding: "utf8" }),
  ) as NodeJS.ProcessVersions;
  const governor = kernelFile("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  const smt = kernelFile("/sys/devices/system/cpu/smt/active");
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
    ...(planted === undefined ? {} : { planted }),
    loadAverage: loadavg()[0] as number,
    rivals: rivalVersions(),
  };
}
