// uvu's suites, with a tally of each file. uvu 0.5.6 is silent about a suite without .run(), and exits with code 0 when a
// hook throws. Here every test must pass, fail or be skipped by name; anything else is a problem, and fails the run.
import { suite as uvuSuite } from "uvu";
import { differenceOf, mustDiffer } from "./engines/differences.js";
import { type Skip, type Tally, tallyLine } from "./tally.js";

interface Suite {
  (title: string, test: () => void | Promise<void>): void;
  /** A test that cannot run on this machine, and why. The run counts it and prints the reason. */
  skip(title: string, reason: string): void;
  run(): void;
}

interface Outcome {
  readonly name: string;
  written: number;
  passed: number;
  failed: number;
  /** Of those written, tests that were run and had to fail in this engine. They are skips, too. */
  differed: number;
  skips: Skip[];
  ran: boolean;
}

const outcomes: Outcome[] = [];

export function suite(name: string): Suite {
  const test = uvuSuite(name);
  const outcome: Outcome = { name, written: 0, passed: 0, failed: 0, differed: 0, skips: [], ran: false };
  outcomes.push(outcome);
  const skip = (title: string, reason: string): void => {
    outcome.skips.push({ title: `${name}: ${title}`, reason });
  };
  const add = (title: string, body: () => void | Promise<void>): void => {
    const difference = differenceOf(name, title);
    if (difference?.isRun === false) {
      skip(title, difference.reason);
      return;
    }
    outcome.written++;
    test(title, async () => {
      try {
        if (difference === undefined) {
          await body();
          outcome.passed++;
        } else {
          await mustDiffer(body);
          outcome.differed++;
          skip(title, difference.reason);
        }
      } catch (error) {
        outcome.failed++;
        throw error;
      }
    });
  };
  return Object.assign(add, {
    skip,
    run() {
      outcome.ran = true;
      test.run();
    },
  });
}

function problemOf({ name, written, passed, failed, differed, skips, ran }: Outcome): string | undefined {
  if (!ran) return `suite ${name} has no .run()`;
  if (written + skips.length === 0) return `suite ${name} has no tests`;
  const unfinished = written - passed - failed - differed;
  if (unfinished === 0) return undefined;
  return `${unfinished} of the ${written} tests of suite ${name} did not run to their end`;
}

/** What came of the suites so far. */
export function tallyNow(): Tally {
  const tally: Tally = { passed: 0, failed: 0, skips: [], problems: [] };
  for (const outcome of outcomes) {
    tally.passed += outcome.passed;
    tally.failed += outcome.failed;
    tally.skips.push(...outcome.skips);
    const problem = problemOf(outcome);
    if (problem !== undefined) tally.problems.push(problem);
  }
  if (outcomes.length === 0) tally.problems.push("the file has no suite");
  return tally;
}

process.on("exit", () => console.log(tallyLine(tallyNow())));
