// Puts the release build of the core into a JS module. Node, a bundler and a browser then load it in the same way,
// without reading a file or a URL. Its constants are put there as numbers, so that no program must instantiate the core
// to learn them. The loader runs here and not in programs: it assigns Object.hasOwn, which frozen intrinsics forbid.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { instantiateSync } from "@assemblyscript/loader";

const target = new URL("../dist/core/", import.meta.url);
const binary = readFileSync(new URL("../build/core.wasm", import.meta.url));
const { instance } = instantiateSync(binary, { env: { memory: new WebAssembly.Memory({ initial: 1 }) } });
const constants = Object.fromEntries(
  Object.entries(instance.exports)
    .filter(([name]) => /^[A-Z_]+$/.test(name))
    .map(([name, { value }]) => [name, value]),
);
mkdirSync(target, { recursive: true });
writeFileSync(
  new URL("binary.js", target),
  `export const core = "${binary.toString("base64")}";\nexport const constants = Object.freeze(${JSON.stringify(constants)});\n`,
);
