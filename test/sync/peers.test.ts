// The peers in C and Python, beside the campaigns of kills.test.ts: the headers alone, fork, and the sample of
// docs/coordination.md.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { blocksOf, textOf } from "../support/pages.js";
import { nativePairs } from "../support/pairs.js";
import { absent, compile } from "../support/peers.js";
import { withMembers } from "./support.js";

const peers = suite("Peers of domains");
const [host] = nativePairs;
const warnings = ["-std=gnu11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-pthread"];

if (!host) peers.skip("in C and Python", "this platform has no sysv host");
else {
  const { checksPath, lacking, peerPath } = await import("./kills.js");
  if (lacking.c) absent(peers, "in C", lacking.c);
  else {
    for (const header of readdirSync(join(root, "include/wasm_shm")))
      peers(`wasm_shm/${header} compiles alone without a warning`, () => {
        const flags = [
          "-D_GNU_SOURCE",
          "-I",
          join(root, "include"),
          "-Wno-unused-function",
          "-include",
          `wasm_shm/${header}`,
        ];
        const { ended } = compile("../../sync/programs/forked.c", [...warnings, ...flags]);
        assert.is(ended.code, 0, ended.stderr);
      });

    for (const [title, source] of [
      ["a child of fork takes no part", "forked.c"],
      ["no call of one that has left touches its window", "left.c"],
      ["a read lock that can never come is told", "deadlock.c"],
    ] as const)
      peers(title, () => {
        const { program, ended } = compile(`../../sync/programs/${source}`, [...warnings, "-I", join(root, "include")]);
        assert.is(ended.code, 0, ended.stderr);
        withMembers(host, 1, ({ segment, domains: [domain] }) => {
          const { code, stdout, stderr } = run(program, [String(segment.id)]);
          assert.equal([code, stdout], [0, "ok\n"], stderr);
          assert.is(domain?.peers().length, 1);
        });
      });

    peers("one that returns from main without a leave is told dead at once", () => {
      const { program, ended } = compile("../../sync/programs/returned.c", [...warnings, "-I", join(root, "include")]);
      assert.is(ended.code, 0, ended.stderr);
      withMembers(host, 1, ({ segment, domains: [domain] }) => {
        const { code, stdout } = run(program, [String(segment.id)]);
        assert.equal([code, stdout], [0, "ok\n"]);
        assert.is(domain?.mutex(4096).tryLock()?.ownerDied, true);
      });
    });
  }

  if (lacking.python) absent(peers, "in Python", lacking.python);
  else {
    peers("the sample of docs/coordination.md runs, and is told of a dead owner", () => {
      const [sample] = blocksOf(textOf("docs/coordination.md")).filter(({ language }) => language === "python");
      withMembers(host, 2, ({ segment, words, domains: [first, second] }) => {
        first?.mutex(4096).lockSync();
        first?.leave();
        const { code, stderr } = run("python3", ["-c", `segment_id = ${segment.id}\n${sample?.body}`], {
          env: peerPath,
        });
        assert.is(code, 0, stderr);
        assert.is(words[8192 / 4], 1);
        assert.is(second?.mutex(4096).tryLock()?.ownerDied, false);
        assert.is(second?.peers().length, 1);
      });
    });

    peers("the locks in Python keep their promises beside words that change", () =>
      host.withSegment(1 << 22, (segment) => {
        segment.attach().join({ slots: 4 });
        const program = join(root, "test/sync/programs/calls.py");
        const { code, stdout, stderr } = run("python3", [program, String(segment.id)], { env: checksPath });
        assert.equal([code, stdout], [0, "all as it should be\n"], stderr);
      }),
    );

    peers("pip installs the Python peer from its folder", () => {
      const where = join(root, "build/test/sync/site");
      const flags = ["--quiet", "--no-index", "--disable-pip-version-check", "--upgrade", "--target"];
      const { code, stderr } = run("python3", ["-m", "pip", "install", ...flags, where, join(root, "peers/python")]);
      assert.is(code, 0, stderr);
      const env = { ...process.env, PYTHONPATH: where, PYTHONDONTWRITEBYTECODE: "1" };
      const imported = run("python3", ["-c", "import wasm_shm; print(wasm_shm.Mutex.__name__)"], { env });
      assert.equal([imported.code, imported.stdout], [0, "Mutex\n"], imported.stderr);
    });
  }
}
peers.run();
