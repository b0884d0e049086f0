// Puts the release build of the core into a JS module. Node, a bundler and a browser then load it in the same way,
// without reading a file or a URL. Its constants are put there as numbers, so that no program must instantiate the core
// to learn them. The loader runs here and not in programs: it assigns Object.hasOwn, which frozen intrinsics forbid.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { instantiateSync } from "@assemblyscript/loader";

const target = new URL("../build/src/core/", import.meta.url);
const binary = readFileSync(new URL("../build/core.wasm", import.meta.url));
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const { instance } = instantiateSync(binary, { env: { memory } });
const constants = Object.fromEntries(
  Object.entries(instance.exports)
    .filter(([name]) => /^[A-Z_]+$/.test(name))
    .map(([name, { value }]) => [name, value]),
);

// The import's limits: of a shared memory (3), one page at least (1), 65536 at most (LEB128). core/wasm/build.ts puts
// a plain memory's in their place.
const entry = Buffer.from("\x03env\x06memory\x02\x03\x01\x80\x80\x04", "latin1");
const limits = binary.indexOf(entry) + entry.length - 5;
if (binary.indexOf(entry) < 0 || binary.indexOf(entry) !== binary.lastIndexOf(entry))
  throw new Error("build/core.wasm does not import env.memory, shared, of 1 to 65536 pages");

mkdirSync(target, { recursive: true });
writeFileSync(
  new URL("binary.js", target),
  `export const core = "${binary.toString("hex")}";\nexport const memoryLimits = ${limits};\nexport const constants = Object.freeze(${JSON.stringify(constants)});\n`,
);
