// Puts the release build of the core into a JS module. Node, a bundler and a browser then load it in the same way,
// without reading a file or a URL. Its constants are put there as numbers, so that no program must instantiate the core
// to learn them. The loader runs here and not in programs: it assigns Object.hasOwn, which frozen intrinsics forbid.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { instantiateSync } from "@assemblyscript/loader";
import binaryen from "assemblyscript/binaryen";

const target = new URL("../build/src/core/", import.meta.url);
const built = readFileSync(new URL("../build/core.wasm", import.meta.url));
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const { instance } = instantiateSync(built, { env: { memory } });
const constants = Object.fromEntries(
  Object.entries(instance.exports)
    .filter(([name]) => /^[A-Z_]+$/.test(name))
    .map(([name, { value }]) => [name, value]),
);

/**
 * Exports one table of all functions instead of each by its name, and no constants. An engine makes a JS function of each
 * export whenever it instantiates, though few are called; of a table's it makes one when it is asked for.
 *
 * @returns the binary, and the functions' names in the table's order
 */
function withTable(bytes) {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(binaryen.Features.All); // it uses no more of them than the core does
  const exported = Array.from({ length: module.getNumExports() }, (_, index) =>
    binaryen.getExportInfo(module.getExportByIndex(index)),
  );
  const functions = exported.filter(({ kind }) => kind === binaryen.ExternalFunction);
  for (const { name } of functions) module.removeExport(name);
  for (const name of Object.keys(constants)) module.removeExport(name);
  const { length } = functions;
  module.addTable("functions", length, length);
  const places = functions.map(({ value }) => value);
  module.addActiveElementSegment("functions", "all", places, module.i32.const(0));
  module.addTableExport("functions", "functions");
  if (!module.validate()) throw new Error("the core with a table of its functions is not valid");
  return { binary: Buffer.from(module.emitBinary()), names: functions.map(({ name }) => name) };
}

const { binary, names } = withTable(built);

// The import's limits: of a shared memory (3), one page at least (1), 65536 at most (LEB128). core/wasm/build.ts puts
// a plain memory's in their place.
const entry = Buffer.from("\x03env\x06memory\x02\x03\x01\x80\x80\x04", "latin1");
const limits = binary.indexOf(entry) + entry.length - 5;
if (binary.indexOf(entry) < 0 || binary.indexOf(entry) !== binary.lastIndexOf(entry))
  throw new Error("build/core.wasm does not import env.memory, shared, of 1 to 65536 pages");

const declared = {
  core: binary.toString("hex"),
  memoryLimits: limits,
  functions: names.join(" "),
};
const lines = Object.entries(declared).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`);

mkdirSync(target, { recursive: true });
writeFileSync(
  new URL("binary.js", target),
  `${lines.join("")}export const constants = Object.freeze(${JSON.stringify(constants)});\n`,
);
