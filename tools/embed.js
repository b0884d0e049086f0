// Puts the release build of the core into a JS module. Node, a bundler and a browser then load it in the same way,
// without reading a file or a URL.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const target = new URL("../dist/core/", import.meta.url);
const base64 = readFileSync(new URL("../build/core.wasm", import.meta.url)).toString("base64");
mkdirSync(target, { recursive: true });
writeFileSync(new URL("binary.js", target), `export const core = "${base64}";\n`);
