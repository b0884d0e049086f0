// Writes the types of the core's exports, from what asc says of them: npm run build:glue.
import { readFileSync } from "node:fs";
import { generated } from "./generated.js";

const declarations = readFileSync(new URL("../build/core.debug.d.ts", import.meta.url), "utf8");

/** What asc writes for each export: a comment that names its file and the types that WebAssembly sees, and its type. */
const EXPORT = /\/\*\*\s(?:\s+\*\s)?(assembly\/\S+)\/\w+\s(.*?)\*\/\s+export (function|const) (.*?)(?:;|: \{)/gs;

/** A signature by JS. A boolean crosses as a number, which WebAssembly would make of it at each call. */
function signatureOf(comment, declaration) {
  const result = /@returns `(\w+)`/.exec(comment)?.[1];
  const unsigned = result === "u32" || result === "u64" ? ` // ${result}` : "";
  return `${declaration.replaceAll(": boolean", ": number")};${unsigned}`;
}

const byFile = new Map();
for (const [, file, comment, kind, declaration] of declarations.matchAll(EXPORT)) {
  const line = kind === "const" ? `readonly ${declaration}: WebAssembly.Global;` : signatureOf(comment, declaration);
  byFile.set(file, [...(byFile.get(file) ?? []), line]);
}

const groups = [...byFile].map(([file, lines]) => `  // ${file}.ts\n${lines.map((line) => `  ${line}\n`).join("")}`);

generated(
  "src/core/wasm/exports.ts",
  `// Made by tools/exports.js from assembly/index.ts: npm run build:glue.

/**
 * The core's exports. What each does, and when it traps, is said in its file. A cursor is a record's number, and a
 * boolean crosses as 0 or 1. WebAssembly has no unsigned types: results marked u32 or u64 arrive signed. Functions are called
 * as methods of this object: lazy.ts.
 */
export interface Exports {
${groups.join("\n")}}
`,
);
