// uvu's suites, with a tally of our own. uvu 0.5.6 says nothing of a suite without .run(), and exits with 0 when a
// hook throws; here every test that was written down must have passed, failed or been skipped by name.
import { suite as uvuSuite } from "uvu";
import { TALLY_MARK, type Tally } from "./tally.js";

interface Suite {
  (title: string, test: () => void | Promise<void>): void;
  /** A test that cannot run here, and why; it is counted and printed. */
  skip(title: string, reason: string): void;
  run(): void;
}

const suites: { name: string; written: number; passed: number; skips: string[]; ran: boolean }[] = [];

export function suite(name: string): Suite {
  const test = uvuSuite(name);
  const record = { name, written: 0, passed: 0, skips: [] as string[], ran: false };
  suites.push(record);
  const add = (title: string, body: () => void | Promise<void>): void => {
    record.written++;
    test(title, async () => {
      await body();
      record.passed++;
    });
  };
  return Object.assign(add, {
    skip(title: string, reason: string) {
      record.skips.push(`${name}: ${title}: ${reason}`);
    },
    run() {
      record.ran = true;
      test.run();
    },
  });
}

process.on("exit", () => {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0, problems: [] };
  for (const { name, written, passed, skips, ran } of suites) {
    tally.passed += passed;
    tally.failed += written - passed;
    tally.skipped += skips.length;
    for (const skip of skips) console.log(`skipped: ${skip}`);
    if (!ran) tally.problems.push(`suite ${name} has no .run()`);
    else if (written + skips.length === 0) tally.problems.push(`suite ${name} has no tests`);
  }
  if (suites.length === 0) tally.problems.push("no suite was written down");
  console.log(TALLY_MARK + JSON.stringify(tally));
});
