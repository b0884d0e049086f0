// Parts of Node that many programs never use, loaded at their first use: an import of the package would else take 3 ms more.
// Node has process.getBuiltinModule for this only from 20.16 on. A module of Node's is found from any path.
import { createRequire } from "node:module";

const load = createRequire("/");

/** Not by an import, which looks at each export of node:fs and so loads node:stream. */
export const fs = load("node:fs") as typeof import("node:fs");

export function nodeStream(): typeof import("node:stream") {
  return load("node:stream");
}

export function nodeV8(): typeof import("node:v8") {
  return load("node:v8");
}

export function nodeThreads(): typeof import("node:worker_threads") {
  return load("node:worker_threads");
}

export function nodeChildren(): typeof import("node:child_process") {
  return load("node:child_process");
}

export function nodeZlib(): typeof import("node:zlib") {
  return load("node:zlib");
}

export function nodeOs(): typeof import("node:os") {
  return load("node:os");
}
