// Puts the release build of the core into a JS module. Node, a bundler and a browser then load it in the same way,
// without reading a file or a URL.
import { readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../dist/core/", import.meta.url);
const base64 = readFileSync(new URL("core.wasm", folder)).toString("base64");
writeFileSync(new URL("binary.js", folder), `export const core = "${base64}";\n`);
