// Runs the tests of the addon with AddressSanitizer and UndefinedBehaviorSanitizer in it; with --thread, ThreadSanitizer.
// The addon is built in a copy of the package, build/sanitize-address or build/sanitize-thread, so that the ordinary build
// stays as it is. Words choose test files as in `npm test`.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

// Node itself is built without the sanitizers, so their runtimes must be loaded first. The guard's own handler gets SIGSEGV.
const kinds = {
  address: {
    flags: "-fsanitize=address,undefined -fno-sanitize-recover=undefined",
    runtimes: ["libasan.so", "libubsan.so"],
    options: {
      // The engine frees nothing at its exit, which is not a leak of the addon's.
      ASAN_OPTIONS: "handle_segv=0:allow_user_segv_handler=1:detect_leaks=0:abort_on_error=1",
      UBSAN_OPTIONS: "print_stacktrace=1",
    },
    tests: [
      "native/addon",
      "native/copies",
      "native/fault",
      "native/guard",
      "native/mappings",
      "native/overlap",
      "native/transfer",
      "sync/domain",
      "sync/door",
    ],
  },
  thread: {
    // The guard's table is read by the rules of a seqlock, whose fences the sanitizer does not know. All that these order
    // are atomics, so it takes nothing for a race.
    flags: "-fsanitize=thread -Wno-tsan",
    runtimes: ["libtsan.so"],
    options: {
      // The engine's accesses are not instrumented, so neither are those that the C library makes for it.
      TSAN_OPTIONS: "ignore_noninstrumented_modules=1:handle_segv=0:allow_user_segv_handler=1:exitcode=66",
    },
    tests: ["native/addon", "native/copies", "native/fault", "native/overlap", "storm/", "sync/process"],
  },
};

const kind = process.argv.includes("--thread") ? "thread" : "address";
const { flags, runtimes, options, tests } = kinds[kind];
const words = process.argv.slice(2).filter((argument) => argument !== "--thread");
const copy = join(root, `build/sanitize-${kind}`);
const BUILT = [
  "build/src",
  "build/test",
  "dist",
  "include",
  "native",
  "peers",
  "test/native",
  "test/peers",
  "test/runner",
  "test/fixtures",
  "test/storm",
  "test/sync",
];

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

for (const part of BUILT) rmSync(join(copy, part), { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
const isSource = (path) => !/\/native\/build(\/|$)/.test(path);
for (const part of ["package.json", "tools/addon.js", ...BUILT])
  cpSync(join(root, part), join(copy, part), { recursive: true, filter: isSource });
if (!existsSync(join(copy, "node_modules"))) symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));

const compilerFlags = `${flags} -fno-omit-frame-pointer -g -O1`;
run(process.execPath, ["tools/addon.js", "native"], {
  env: { ...process.env, CXXFLAGS: compilerFlags, LDFLAGS: compilerFlags },
});

run(process.execPath, ["build/test/run.js", ...(words.length > 0 ? words : tests)], {
  env: { ...process.env, LD_PRELOAD: runtimes.map(compilerFile).join(" "), ...options },
});
