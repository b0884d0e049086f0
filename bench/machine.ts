// What a figure means nothing without: the code, the machine and the engine it comes from.
import { spawnSync } from "node:child_process";
import { availableParallelism, cpus, release, type } from "node:os";
import { fileURLToPath } from "node:url";

export interface Machine {
  readonly commit: string;
  readonly cpu: string;
  readonly kernel: string;
  readonly node: string;
  readonly v8: string;
  readonly date: string;
}

function git(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync("git", args, {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** The commit, and whether the tree still is that commit. */
function commit(): string {
  const id = git("rev-parse", "--short=12", "HEAD");
  if (id === undefined) return "unknown";
  return git("status", "--porcelain", "--", "src", "assembly", "native", "bench", "package-lock.json") === ""
    ? id
    : `${id}, changed since`;
}

export function machine(): Machine {
  return {
    commit: commit(),
    cpu: `${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} cores, ${process.arch}`,
    kernel: `${type()} ${release()}`,
    node: process.version,
    v8: process.versions.v8,
    date: new Date().toISOString(),
  };
}
