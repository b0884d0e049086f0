// Runs the tests of the addon with AddressSanitizer and UndefinedBehaviorSanitizer in it. The addon is built in a copy of
// the package, build/sanitize, so that the ordinary build stays as it is. Words choose test files as in `npm test`.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const copy = join(root, "build/sanitize");
const words = process.argv.slice(2);
const TESTS = ["addon", "copies", "fault", "guard", "mappings"].map((name) => `native/${name}`);

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: copy, stdio: "inherit", ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** A file that the compiler installs, by its own account. */
function compilerFile(name) {
  const { stdout } = spawnSync(process.env.CXX ?? "g++", [`-print-file-name=${name}`], { encoding: "utf8" });
  const path = stdout?.trim();
  if (!path || !existsSync(path)) throw new Error(`the compiler has no ${name}`);
  return path;
}

for (const part of ["build/src", "build/test", "dist", "native", "test/native", "test/runner", "test/fixtures"])
  rmSync(join(copy, part), { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
const isSource = (path) => !/\/native\/build(\/|$)/.test(path);
for (const part of [
  "package.json",
  "tools/addon.js",
  "build/src",
  "build/test",
  "dist",
  "native",
  "test/native",
  "test/runner",
  "test/fixtures",
])
  cpSync(join(root, part), join(copy, part), { recursive: true, filter: isSource });
if (!existsSync(join(copy, "node_modules"))) symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));

const flags = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g -O1";
run(process.execPath, ["tools/addon.js"], { env: { ...process.env, CXXFLAGS: flags, LDFLAGS: flags } });

run(process.execPath, ["build/test/run.js", ...(words.length > 0 ? words : TESTS)], {
  env: {
    ...process.env,
    // node itself is built without the sanitizer, so its runtime must be loaded first.
    LD_PRELOAD: [compilerFile("libasan.so"), compilerFile("libubsan.so")].join(" "),
    // The guard's own handler gets SIGSEGV. The engine frees nothing at its exit, which is not a leak of the addon's.
    ASAN_OPTIONS: "handle_segv=0:allow_user_segv_handler=1:detect_leaks=0:abort_on_error=1",
    UBSAN_OPTIONS: "print_stacktrace=1",
  },
});
