// Faults in the code of channels that steps.test.ts must find: it runs on a copy of the package with one of them.
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { inFolder } from "../support/folder.js";

/** The fault, the code, and what takes its place. The bundler keeps the code, but not its lines. */
const mutants: [fault: string, there: RegExp, instead: string][] = [
  [
    "a writer of a channel rings nobody",
    /(Ring\.Tail, this\.#position\);)\s+participant\.waits\.ring\(readersMask\);(?!\s+\}\s+drop)/,
    "$1",
  ],
  [
    "a reader that makes room rings nobody",
    /(Ring\.Head, this\.#head\);)\s+participant\.waits\.ring\(writersMask\);/,
    "$1",
  ],
  ["a claim is skipped although its producer lives", /if \(this\.isLivingId\(state\)\)\s+return void 0;/, ""],
  ["a dead consumer's message is dropped", /this\.#redelivers = redelivers;/, "this.#redelivers = false;"],
  ["a topic overwrites without telling", /Atomics\.store\(words, base \+ TopicWord\.Intent, end\);/, ""],
];

const COPIED = [
  ...["package.json", "dist", "build/src", "build/test/channel", "build/test/support", "build/test/sync"],
  ...["build/test/engines", "build/test/suite.js", "build/test/tally.js"],
];

const tests = suite("Mutants of channels");
for (const [fault, there, instead] of mutants)
  tests(`found: ${fault}`, () =>
    inFolder((folder) => {
      for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
      for (const name of ["node_modules", "native"]) symlinkSync(join(root, name), join(folder, name));
      const shared = join(folder, "dist/shared");
      let count = 0;
      for (const file of readdirSync(shared)) {
        const text = readFileSync(join(shared, file), "utf8");
        if (!there.test(text)) continue;
        writeFileSync(join(shared, file), text.replace(there, instead));
        count++;
      }
      assert.is(count, 1, `the code to change is in ${count} files`);
      const ended = run(process.execPath, ["build/test/channel/steps.test.js"], { cwd: folder });
      assert.is.not(ended.code, 0);
      assert.match(ended.stdout, "FAIL");
    }),
  );
tests.run();
