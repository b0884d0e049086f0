// Result files. They are written whole or not at all, and are read only if they are what the schema says.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ResultFile } from "./result.js";
import { root } from "./root.js";

const schemaFile = `${root}bench/harness/schema.json`;

/** How the value differs from the schema; undefined if it does not. */
export function problem(value: unknown): string | undefined {
  const ajv = new Ajv2020({ strict: true });
  if (ajv.validate(JSON.parse(readFileSync(schemaFile, "utf8")) as object, value)) return undefined;
  return ajv.errorsText(ajv.errors, { dataVar: "the file" });
}

/** @throws {Error} the file cannot be read, or is not a result file */
export function readResults(path: string): ResultFile {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
  const wrong = problem(value);
  if (wrong !== undefined) throw new Error(`${path} is not a result file of this bench: ${wrong}`);
  return value as ResultFile;
}

export function writeResults(path: string, results: ResultFile): void {
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, `${JSON.stringify(results)}\n`);
  renameSync(part, path);
}
