// Why some tests fail on arm64 under qemu-user: what the emulator makes of system calls, asked by a C program. If a later
// emulator does more, the lists of test/engines/differences.ts and docs/engines.md must follow.
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run, works } from "../support/child.js";
import { isNode } from "../support/engine.js";
import { inFolder } from "../support/folder.js";
import { absent } from "../support/peers.js";

/** Of qemu-user 7.2. A kernel does all of them, but for the arguments that are wrong on purpose. */
const EMULATED: Readonly<Record<string, string>> = {
  IPC_STAT: "works",
  SHM_STAT_ANY: "EINVAL",
  "mremap of an old size of 0": "ENOMEM",
  seccomp: "ENOSYS",
  futex_waitv: "ENOSYS",
};

const tests = suite("System calls under qemu-user");
const title = "are refused as docs/engines.md says";
if (!isNode || process.arch !== "x64") tests.skip(title, "the machine's own Node on x64 runs it");
else if (!works("qemu-aarch64", ["--version"]) || !works("aarch64-linux-gnu-gcc", ["--version"]))
  absent(tests, title, "qemu-user or the cross compiler is not installed");
else
  tests(title, () =>
    inFolder((folder) => {
      const program = join(folder, "limits");
      const source = join(root, "test/engines/qemu/limits.c");
      const built = run("aarch64-linux-gnu-gcc", ["-Wall", "-Wextra", "-Werror", "-static", "-o", program, source]);
      assert.is(built.code, 0, built.stderr);
      const { stdout } = run("qemu-aarch64", [program]);
      const said = Object.fromEntries(
        stdout
          .trim()
          .split("\n")
          .map((line) => line.split(": ")),
      );
      assert.equal(said, EMULATED);
    }),
  );
tests.run();
