// The C headers and the Python package of channels, topics and services: each call, and each error that it tells.
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { assertRuns, end, root, run, startModule, works } from "../support/child.js";
import { absent, compile, TIME_LIMIT_MS } from "../support/peers.js";
import { checksPath, lacking, peerPath } from "../sync/kills.js";
import { kernelHosts } from "../sync/support.js";
import { BYTES } from "./work.js";

const tests = suite("Peers of channels");
const [host] = kernelHosts;
const warnings = ["-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-pthread"];
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const lacksSanitizers =
  lacking.c ??
  (works("sh", ["-c", `echo "int main(void) { return 0; }" | gcc ${sanitizers.join(" ")} -x c -o /dev/null -`])
    ? undefined
    : "gcc has no libasan and libubsan");

/** Runs a program with a segment of zeros. */
function check(command: string, args: string[], env = process.env): void {
  host?.withSegment(BYTES, (segment) => {
    segment.attach().join({ slots: 16 });
    const ended = run(command, [...args, String(segment.id)], { env, timeout: TIME_LIMIT_MS });
    assert.equal([ended.code, ended.stdout], [0, "all as it should be\n"], ended.stderr);
  });
}

/** Runs a program beside a process that writes random words into all of its segment. */
async function disturb(command: string, args: string[], env = process.env): Promise<void> {
  const size = 65536;
  await host?.withSegment(size, async (segment) => {
    const child = await startModule(`
      import { open } from "wasm-shm";
      const { memory, byteOffset } = open(${segment.id}).attach();
      const words = new Int32Array(memory.buffer, byteOffset, ${size / 4});
      const likely = [0, 1, 2, 3, 8, 16, 64, 256, 504, 512, 1024, 0x101, 0x102, 0x201, 0x202, 0x40000000, 0x40000101,
        0x40000201, -0x80000000, -0x40000000, -0x60000000, -0x7ffffff8, -8, -1, 4096, 8192];
      const pick = (most) => Math.floor(Math.random() * most);
      console.log("writes");
      for (;;) {
        const line = 16 * (Math.random() < 0.02 ? pick(10) : ${(size - 16384) / 64} + pick(256));
        const value = Math.random() < 0.7 ? likely[pick(likely.length)] : Math.random() * 2 ** 32;
        Atomics.store(words, line + pick(Math.random() < 0.7 ? 5 : 16), value | 0);
        if (Math.random() < 0.01) words.fill(0, 0, Math.random() < 0.5 ? 144 : ${size / 4});
        const until = performance.now() + Math.random() * 0.2;
        while (performance.now() < until);
      }`);
    try {
      const seconds = campaign(3, 600);
      const told = [...args, segment.id, size, seconds].map(String);
      const ended = run(command, told, { env, timeout: 1000 * seconds + TIME_LIMIT_MS });
      assert.equal([ended.code, ended.stdout], [0, "all as it should be\n"], `${ended.signal} ${ended.stderr}`);
      await assertRuns(child);
    } finally {
      await end(child, "SIGKILL");
    }
  });
}

if (!host) tests.skip("keep their promises", "this platform has no sysv host");
else {
  for (const [title, source, extra] of [
    ["in C", "calls.c", []],
    ["in C, under the sanitizers", "calls.c", sanitizers],
    ["in C, damaged", "damage.c", []],
    ["in C, damaged, under the sanitizers", "damage.c", sanitizers],
  ] as const) {
    const lacks = extra.length > 0 ? lacksSanitizers : lacking.c;
    if (lacks) absent(tests, title, lacks);
    else
      tests(title, () => {
        const flags = [...warnings, ...extra, "-I", join(root, "include")];
        const { program, ended } = compile(`../../channel/programs/${source}`, flags);
        assert.is(ended.code, 0, ended.stderr);
        check(program, []);
      });
  }
  if (lacking.c) absent(tests, "in C, beside a hostile peer", lacking.c);
  else
    tests("in C, beside a hostile peer", async () => {
      const { program, ended } = compile("../../channel/programs/hostile.c", [
        ...warnings,
        "-I",
        join(root, "include"),
      ]);
      assert.is(ended.code, 0, ended.stderr);
      await disturb(program, []);
    });
  if (lacking.python) absent(tests, "in Python", lacking.python);
  else {
    const file = (name: string): string => join(root, "test/channel/programs", name);
    tests("in Python", () => check("python3", [file("calls.py")], checksPath));
    tests("in Python, damaged", () => check("python3", [file("damage.py")], checksPath));
    tests("in Python, beside a hostile peer", () => disturb("python3", [file("hostile.py")], peerPath));
  }
}
tests.run();
