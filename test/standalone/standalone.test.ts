// The guard and the windows as a plain C++ program: alone, with AddressSanitizer and UndefinedBehaviorSanitizer in it, with
// ThreadSanitizer, and under valgrind, which lacks MREMAP_DONTUNMAP and so takes the way of kernels before 5.7. Four threads
// map, discard, unmap, store and grow at random in one memory.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { type Ended, root, run, works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";

const headers = resolve(process.execPath, "../../include/node");
const compiler = process.env["CXX"] ?? "g++";
const unsanitized = { ...process.env, LD_PRELOAD: undefined }; // this test may run with a sanitizer itself

const built = new Set<string>();

/** Builds the program and its engine in a folder of their own; returns the program's path. */
function build(kind: string, flags: string[]): string {
  const folder = join(root, "build/standalone", kind);
  mkdirSync(folder, { recursive: true });
  const { include_dir: addonApi } = createRequire(import.meta.url)("node-addon-api") as { include_dir: string };
  const common = [
    ...["-std=c++17", "-g1", "-O0", "-Wall", "-Wextra", "-ffunction-sections", "-fdata-sections", ...flags],
    ...["-DNAPI_VERSION=8", "-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "-DNODE_ADDON_API_DISABLE_DEPRECATED"],
    ...["-Inative", `-isystem${headers}`, `-isystem${resolve(root, addonApi)}`],
  ];
  const guard = readdirSync(`${root}native/guard`).filter((file) => file.endsWith(".cc"));
  const sources = [
    "test/standalone/program.cc",
    ...["native/arguments.cc", "native/map/budget.cc", "native/sysv/attach.cc"],
    ...guard.map((file) => `native/guard/${file}`),
  ];
  const program = join(folder, "standalone");
  if (built.has(program)) return program;
  const header = join(folder, "napi.h"); // precompiled: reading it takes most of the time of each file
  writeFileSync(header, "#include <napi.h>\n");
  const before = [...common, "-include", header];
  for (const args of [
    [...common, "-x", "c++-header", header, "-o", `${header}.gch`],
    [...common, "-shared", "-fPIC", "test/standalone/engine.cc", "-o", join(folder, "libengine.so")],
    // What makes and reads JavaScript's values is not reached, so it is left out.
    [
      ...before,
      ...sources,
      "-pthread",
      "-Wl,--gc-sections",
      `-L${folder}`,
      "-lengine",
      "-Wl,-rpath,$ORIGIN",
      "-o",
      program,
    ],
  ]) {
    const { code, stderr } = run(compiler, args, { env: unsanitized });
    if (code !== 0) throw new Error(`${kind} was not built: ${stderr}`);
  }
  built.add(program);
  return program;
}

function check({ code, signal, stdout, stderr }: Ended): void {
  assert.is(code, 0, `${signal ?? ""} ${stderr}`);
  const [, mapped] = /^(\d+) windows mapped\n$/.exec(stdout) ?? [];
  assert.ok(Number(mapped) > 10, stdout);
}

const standalone = suite("The guard without an engine");
if (nativePairs.length === 0) standalone.skip("all", "there is no addon on this platform");
else if (!existsSync(join(headers, "node_api.h"))) standalone.skip("all", "Node's headers are not beside this node");
else {
  const rounds = campaign(500, 20_000);

  standalone("works", () => {
    const program = build("plain", []);
    for (let n = 0; n < 3; n++) check(run(program, [String(rounds)], { env: unsanitized }));
  });

  for (const [kind, flags, options] of [
    [
      "address",
      ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"],
      { ASAN_OPTIONS: "handle_segv=0:allow_user_segv_handler=1" },
    ],
    ["thread", ["-fsanitize=thread", "-Wno-tsan"], { TSAN_OPTIONS: "handle_segv=0:allow_user_segv_handler=1" }],
  ] as const)
    standalone(`works with -fsanitize=${kind}`, () => {
      const program = build(kind, [...flags]);
      check(run(program, [String(rounds / 5)], { env: { ...unsanitized, ...options }, timeout: 600_000 }));
    });

  const underValgrind = "works under valgrind, which finds no error";
  if (!works("valgrind", ["--version"])) absent(standalone, underValgrind, "valgrind is not installed");
  else
    standalone(underValgrind, () => {
      // It runs one thread at a time: a thread that spins for the lock must give its turn away.
      const args = [
        "-q",
        "--fair-sched=yes",
        "--error-exitcode=9",
        "--leak-check=full",
        build("plain", []),
        String(rounds / 20),
      ];
      check(run("valgrind", args, { env: unsanitized, timeout: 600_000 }));
    });
}
standalone.run();
