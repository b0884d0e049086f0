// Builds the addons that the npm package has: prebuilds/linux-ARCH.node, one for each architecture. Each serves glibc and
// musl, as native/binding.gyp says. They are made at `npm pack`, not kept in git: a binary in git can differ from its
// source, and nobody could tell. They are built from dist/native, as a package has it, so that is tried. An architecture whose compiler is absent is left out of a package for a test; a package
// to be published must have all.
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "prebuilds");

/** By Node's name of an architecture: the prefix of its compiler, and the package of Debian that has it. */
const architectures = {
  x64: { prefix: "x86_64-linux-gnu-", provider: "g++-x86-64-linux-gnu" },
  arm64: { prefix: "aarch64-linux-gnu-", provider: "g++-aarch64-linux-gnu" },
};

const all = process.env.npm_command === "publish" || process.env.WASM_SHM_PEERS === "required";

/**
 * Fails unless the addon loads in every process: it names no library, and so no version of one, and takes no symbol of
 * libstdc++ or of new glibcs alone.
 */
function check(file) {
  const args = ["--dynamic", "--version-info", "--dyn-syms", "--wide", file];
  const { status, stdout, stderr, error } = spawnSync("readelf", args, { encoding: "utf8" });
  if (error ?? status !== 0) throw error ?? new Error(stderr);
  const named = stdout.match(/\(NEEDED\).*|.*\bVersion needs section\b.*|UND (?:_Z|__isoc23_|__.*_chk)\S*/g);
  if (named) throw new Error(`${file} does not load under every C library: ${named.join("; ")}`);
}

function prebuild(arch, { prefix, provider }) {
  const compiler = arch === process.arch ? "" : prefix;
  if (spawnSync(`${compiler}g++`, ["--version"]).error) {
    const absent = `${compiler}g++ is absent (Debian: ${provider})`;
    if (all) throw new Error(`linux-${arch} cannot be built: ${absent}`);
    console.error(`wasm-shm: the package will lack linux-${arch}: ${absent}`);
    return;
  }
  const folder = join(root, "build/prebuild", arch);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(root, "dist/native"), folder, { recursive: true });
  const tools = { CXX: `${compiler}g++`, CC: `${compiler}gcc`, AR: `${compiler}ar`, LDFLAGS: "-s" };
  const { status } = spawnSync(process.execPath, [join(root, "tools/addon.js"), folder, "--arch", arch], {
    stdio: "inherit",
    env: { ...process.env, ...tools },
  });
  if (status !== 0) throw new Error(`linux-${arch} was not built`);
  const file = join(target, `linux-${arch}.node`);
  copyFileSync(join(folder, "build/Release/wasm_shm.node"), file);
  check(file);
}

rmSync(target, { recursive: true, force: true });
mkdirSync(target);
try {
  for (const [arch, tools] of Object.entries(architectures)) prebuild(arch, tools);
} catch (error) {
  console.error(`wasm-shm: ${error.message}`);
  process.exitCode = 1;
}
