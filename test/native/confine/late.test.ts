// The addon's first steps in a process that did not load it first, as the loader ignores LD_PRELOAD for a program with
// privileges of its own.
import * as assert from "uvu/assert";
import { suite } from "../../suite.js";
import { runModule } from "../../support/child.js";
import { nativePairs } from "../../support/pairs.js";

const tests = suite("A runner whose addon comes late");
if (nativePairs.length === 0) tests.skip("keeps the descriptors of its engine", "this platform has no sysv host");
else
  tests("keeps the descriptors of its engine", () => {
    const ended = runModule(
      `import { readFile } from "node:fs/promises";
      process.env.WASM_SHM_RUNNER_OF = String(process.ppid);
      const { create } = await import("wasm-shm");
      create(4096, { ephemeral: true });
      console.log((await readFile("/proc/self/comm", "latin1")).length > 0, process.env.WASM_SHM_RUNNER_OF);`,
    );
    assert.equal([ended.stdout, ended.code], ["true undefined\n", 0], ended.stderr);
  });
tests.run();
