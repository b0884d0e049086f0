// The C headers and the Python package of channels, topics and services: each call, and each error that it tells.
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { absent, compile, TIME_LIMIT_MS } from "../support/peers.js";
import { lacking, peerPath } from "../sync/kills.js";
import { kernelHosts } from "../sync/support.js";
import { BYTES } from "./work.js";

const tests = suite("Peers of channels");
const [host] = kernelHosts;
const warnings = ["-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-pthread"];
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/** Runs a program with a segment of zeros. */
function check(command: string, args: string[], env = process.env): void {
  host?.withSegment(BYTES, (segment) => {
    segment.attach().join({ slots: 16 });
    const ended = run(command, [...args, String(segment.id)], { env, timeout: TIME_LIMIT_MS });
    assert.is(ended.stdout, "all as it should be\n", ended.stderr);
  });
}

if (!host) tests.skip("keep their promises", "this platform has no sysv host");
else {
  for (const [title, extra] of [
    ["in C", []],
    ["in C, under the sanitizers", sanitizers],
  ] as const)
    if (lacking.c) absent(tests, title, lacking.c);
    else
      tests(title, () => {
        const flags = [...warnings, ...extra, "-I", join(root, "include")];
        const { program, ended } = compile("../../channel/programs/calls.c", flags);
        if (ended.code !== 0 && extra.length > 0 && /cannot find -l|cannot find .*(asan|ubsan)/.test(ended.stderr))
          return;
        assert.is(ended.code, 0, ended.stderr);
        check(program, []);
      });
  if (lacking.python) absent(tests, "in Python", lacking.python);
  else tests("in Python", () => check("python3", [join(root, "test/channel/programs/calls.py")], peerPath));
}
tests.run();
