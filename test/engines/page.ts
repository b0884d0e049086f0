// npm run build:engines: writes the tables of docs/engines.md and the README from test/engines/results.json and differences.ts.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../support/child.js";
import { differences } from "./differences.js";
import { type Results, resultsFile, shortTableOf, tableOf } from "./results.js";

const begin = (name: string): string => `<!-- ${name}: npm run build:engines -->\n`;
const END = "<!-- end -->";

/** The text with the part between the marks of that name made again. */
function replaced(text: string, name: string, part: string): string {
  const start = text.indexOf(begin(name));
  const end = text.indexOf(END, start);
  if (start < 0 || end < 0) throw new Error(`no place for ${name}`);
  return text.slice(0, start + begin(name).length) + part + text.slice(end);
}

const TITLES = { bun: "Bun", deno: "Deno", arm64: "arm64 under qemu-user" };

function reasonsTable(): string {
  const rows = differences.map(
    ({ engines, reason }) => `| ${engines.map((name) => TITLES[name]).join(", ")} | ${reason} |`,
  );
  return ["| engine | why some tests do not run there |", "| --- | --- |", ...rows, ""].join("\n");
}

/** Each page and its text as it must be. */
export function pagesOf(): [file: string, text: string][] {
  const results = JSON.parse(readFileSync(resultsFile, "utf8")) as Results;
  const page = join(root, "docs/engines.md");
  const readme = join(root, "README.md");
  const text = replaced(readFileSync(page, "utf8"), "results", tableOf(results));
  return [
    [page, replaced(text, "differences", reasonsTable())],
    [readme, replaced(readFileSync(readme, "utf8"), "engines", shortTableOf(results))],
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const [file, text] of pagesOf()) writeFileSync(file, text);
