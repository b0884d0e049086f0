// What came of the tests on each engine, and the table that docs/engines.md and the README show of it.
import { join } from "node:path";
import { root } from "../support/child.js";

/** `npm run test:engines -- ENGINE --record` writes it. */
export const resultsFile = join(root, "test/engines/results.json");

export interface Result {
  readonly version: string;
  readonly architecture: string;
  readonly libc: string;
  /** All files, those or the short turn of test/engines/files.ts, or a page's. */
  readonly files: "all" | "engine" | "short" | "page";
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** By the engine's name. */
export type Results = Record<string, Result>;

/** What .ci/run runs: all of what a row says, or a short turn of it. */
const IN_CI = ["node20", "node22", "node24", "node26", "bun", "deno", "chromium", "firefox"];

const TITLES: Record<string, string> = { bun: "Bun", deno: "Deno", chromium: "Chromium", firefox: "Firefox" };
const FILES = {
  all: "all tests",
  engine: "the engine's tests",
  short: "a short turn",
  page: "the portable entry's tests",
};

function titleOf(name: string): string {
  return TITLES[name] ?? (name === "arm64" ? "Node, under qemu-user" : "Node");
}

const statusOf = (name: string): string => (IN_CI.includes(name) ? "in CI" : "tried");

/** The README's: engine, versions, architecture, C library and status. */
export function shortTableOf(results: Results): string {
  const rows = Object.entries(results).map(
    ([name, { version, architecture, libc }]) =>
      `| ${titleOf(name)} ${version} | ${architecture} | ${libc} | ${statusOf(name)} |`,
  );
  const head = ["| engine | architecture | C library | status |", "| --- | --- | --- | --- |"];
  return [...head, ...rows, ""].join("\n");
}

/** Rows of Markdown: engine, version, architecture, C library, status, and the counts. */
export function tableOf(results: Results): string {
  const rows = Object.entries(results).map(
    ([name, { version, architecture, libc, files, passed, failed, skipped }]) => {
      const counts = `${FILES[files]}: ${passed} passed, ${failed} failed, ${skipped} skipped`;
      return `| ${titleOf(name)} | ${version} | ${architecture} | ${libc} | ${statusOf(name)} | ${counts} |`;
    },
  );
  return [
    "| engine | version | architecture | C library | status | what ran |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
