// Source that is made rather than written, and checked in: writes it, or with --check only says whether it is as it
// should be.
import { readFileSync, writeFileSync } from "node:fs";

const root = new URL("../", import.meta.url);
const isCheck = process.argv.includes("--check");

/** @param path from the root of the repository */
export function generated(path, text) {
  const file = new URL(path, root);
  if (!isCheck) {
    writeFileSync(file, text);
    return;
  }
  if (readFileSync(file, "utf8") === text) return;
  console.error(`${path} is not what npm run build:glue makes`);
  process.exitCode = 1;
}
