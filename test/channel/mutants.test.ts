// Faults in the code of channels that steps.test.ts must find: it runs on a copy of the package with one of them.
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { type Ended, root, run } from "../support/child.js";
import { inFolder } from "../support/folder.js";

/** The fault, the compiled file, the code, and what takes its place. */
const mutants: [fault: string, file: string, there: RegExp, instead: string][] = [
  [
    "a writer of a channel rings nobody",
    "producers",
    /(Ring\.Tail, this\.#position\);)\s+participant\.waits\.ring\(readersMask\);/,
    "$1",
  ],
  [
    "a reader that makes room rings nobody",
    "consumers",
    /(Ring\.Head, this\.#head\);)\s+participant\.waits\.ring\(writersMask\);/,
    "$1",
  ],
  [
    "a claim is skipped although its producer lives",
    "consumers",
    /if \(this\.isLivingId\(state\)\)\s+return undefined;/,
    "",
  ],
  [
    "a dead consumer's message is dropped",
    "sharedconsumer",
    /this\.#redelivers = redelivers;/,
    "this.#redelivers = false;",
  ],
  [
    "a topic overwrites without telling",
    "subscriptions",
    /Atomics\.store\(words, base \+ TopicWord\.Intent, end\);/,
    "",
  ],
];

const COPIED = [
  ...[
    "package.json",
    "dist",
    "build/src",
    "build/types",
    "build/test/channel",
    "build/test/support",
    "build/test/sync",
  ],
  ...["build/test/engines", "build/test/suite.js", "build/test/tally.js", "tools"],
];

/** Runs steps.test.ts on a copy of the package, which `change` may edit before it is bundled. */
const runSteps = (change: (folder: string) => void): Promise<Ended> =>
  inFolder((folder) => {
    for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
    for (const name of ["node_modules", "native"]) symlinkSync(join(root, name), join(folder, name));
    change(folder);
    const bundled = run(process.execPath, ["tools/bundle.js"], { cwd: folder });
    assert.is(bundled.code, 0, bundled.stderr);
    return run(process.execPath, ["build/test/channel/steps.test.js"], { cwd: folder });
  });

const tests = suite("Mutants of channels");
tests("a copy without a fault passes", async () => {
  const { code, stdout, stderr } = await runSteps(() => {});
  assert.is(code, 0, stdout + stderr);
});
for (const [fault, file, there, instead] of mutants)
  tests(`found: ${fault}`, async () => {
    const { code, stdout } = await runSteps((folder) => {
      const path = join(folder, `build/src/channel/${file}.js`);
      const text = readFileSync(path, "utf8");
      assert.ok(there.test(text), `the code to change is not in ${file}.js`);
      writeFileSync(path, text.replace(there, instead));
    });
    assert.is.not(code, 0);
    assert.match(stdout, "FAIL");
  });
tests.run();
