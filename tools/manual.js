// Generates the manual of the command line from its definitions: docs/wasm-shm.1 and docs/cli.md.
import { writeFileSync } from "node:fs";
import { manualMarkdown, manualPage } from "../build/src/cli/manual.js";
import { makeProgram } from "../build/src/cli/program.js";

const program = await makeProgram();
for (const [file, text] of [
  ["wasm-shm.1", manualPage(program)],
  ["cli.md", manualMarkdown(program)],
])
  writeFileSync(new URL(`../docs/${file}`, import.meta.url), text);
