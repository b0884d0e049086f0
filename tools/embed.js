// Puts the release build of the core into a JS module, so that Node, a bundler and a browser load it alike, without
// a file or network access of their own.
import { readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../dist/core/", import.meta.url);
const base64 = (file) => readFileSync(new URL(file, folder)).toString("base64");
writeFileSync(new URL("binary.js", folder), `export const core = "${base64("core.wasm")}";\n`);
