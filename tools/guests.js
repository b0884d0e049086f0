// node tools/guests.js [--out FOLDER]: rebuilds the guests of examples/guests and test/fixtures/hostile. Skips, with a
// message, a guest whose tool is missing.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import wabt from "wabt";

/** Debian 12's packages. Other releases write other bytes, so only these may replace the committed binary. */
const EMSCRIPTEN = "emcc 3.1.6 with clang 14.0.6";

const folder = fileURLToPath(new URL("../examples/guests/", import.meta.url));
const fixtures = fileURLToPath(new URL("../test/fixtures/", import.meta.url));
const compiler = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
const { values } = parseArgs({ options: { out: { type: "string" } } });

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: folder, stdio: "inherit", ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with code ${status}`);
}

/** The path of a guest's binary. Makes its folder. */
function target(guest, file) {
  const committed = guest === "hostile" ? fixtures : folder;
  const parent = join(values.out === undefined ? committed : resolve(values.out), guest);
  mkdirSync(parent, { recursive: true });
  return join(parent, file);
}

const built = (name) => console.log(`built ${name}`);
const skipped = (name, reason) => console.log(`skipped ${name}: ${reason}`);

function buildAssemblyScript(source, config, file) {
  run(process.execPath, [compiler, source, "--config", config, "--outFile", target("assemblyscript", file)], {
    cwd: join(folder, "assemblyscript"),
  });
  built(`assemblyscript/${file}`);
}

// Debian's emcc finds its JavaScript packages only by NODE_PATH, and its wasm-opt on PATH. There npm puts the wasm-opt of
// AssemblyScript's binaryen first, which is another release and writes other bytes.
const emccEnvironment = {
  ...process.env,
  NODE_PATH: "/usr/share/nodejs",
  PATH: (process.env.PATH ?? "")
    .split(delimiter)
    .filter((entry) => !entry.endsWith("node_modules/.bin"))
    .join(delimiter),
};

/** The emcc on PATH, in the form of EMSCRIPTEN; undefined if none works. */
function emccHere() {
  const { stdout, stderr, error } = spawnSync("emcc", ["-v"], { encoding: "utf8", env: emccEnvironment });
  const emcc = /^emcc .*?(\d+\.\d+\.\d+)/m.exec(stdout + stderr)?.[1];
  const clang = /clang version (\d+\.\d+\.\d+)/.exec(stdout + stderr)?.[1];
  return error || !emcc ? undefined : `emcc ${emcc} with clang ${clang}`;
}

function buildC() {
  const here = emccHere();
  if (here !== EMSCRIPTEN) {
    skipped("c/guest.wasm", `it needs ${EMSCRIPTEN}; here is ${here ?? "none"}`);
    return;
  }
  const flags = ["-std=c17", "-Wall", "-Wextra", "-Werror", "-O3", "-msimd128", "--no-entry"];
  const settings = [
    "STANDALONE_WASM",
    "IMPORTED_MEMORY",
    "ALLOW_MEMORY_GROWTH",
    "INITIAL_MEMORY=1MB",
    "MAXIMUM_MEMORY=4GB",
    "TOTAL_STACK=64KB",
    "EXPORTED_FUNCTIONS=_malloc,_free",
  ];
  const file = target("c", "guest.wasm");
  run("emcc", ["c/guest.c", ...flags, ...settings.map((setting) => `-s${setting}`), "-o", file], {
    env: emccEnvironment,
  });
  chmodSync(file, 0o644); // emcc makes a standalone module executable
  built("c/guest.wasm");
}

/** Features that wabt refuses by default. An engine may still refuse the guest. */
const FEATURES = { exceptions: true, memory64: true, multi_memory: true, threads: true };

/** Assembles with wabt, which does not optimise. Takes a string: of a Buffer, wabt 1.0.39 reads the whole pool it lies in. */
function assemble({ parseWat }, name, text) {
  const module = parseWat(name, text, FEATURES);
  try {
    module.resolveNames();
    module.validate(FEATURES);
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

/** Assembles with AssemblyScript's binaryen, as wabt cannot read the types of WasmGC yet. */
async function assembleGc(text) {
  const path = createRequire(compiler).resolve("binaryen");
  const { default: binaryen } = await import(pathToFileURL(path).href);
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(binaryen.Features.All);
    if (!module.validate()) throw new Error("binaryen refused it");
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

async function buildHostile() {
  const assembler = await wabt();
  const sources = readdirSync(join(fixtures, "hostile")).filter((file) => file.endsWith(".wat"));
  for (const source of sources) {
    const text = readFileSync(join(fixtures, "hostile", source), "utf8");
    const file = `${basename(source, ".wat")}.wasm`;
    const binary = source === "gc.wat" ? await assembleGc(text) : assemble(assembler, source, text);
    writeFileSync(target("hostile", file), binary);
    built(`hostile/${file}`);
  }
}

buildAssemblyScript("index.ts", "asconfig.json", "guest.wasm");
buildAssemblyScript("pixels.ts", "pixels.json", "pixels.wasm");
buildC();
await buildHostile();
