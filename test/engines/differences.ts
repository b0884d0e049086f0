// What engines other than Node cannot do, or do in their own way: each test that does not run there, and why. The page
// docs/engines.md has these reasons. A run of all files fails if an entry matches no test.
import { isBun, isDeno, isEmulated } from "../support/engine.js";

export interface Difference {
  readonly engines: readonly ("bun" | "deno" | "arm64")[];
  /** Each of the suite's name, a space, and the test's title. */
  readonly tests: readonly RegExp[];
  readonly reason: string;
}

export const differences: readonly Difference[] = [
  {
    engines: ["bun", "deno"],
    tests: [
      /^An endless loop /,
      /^util\.inspect of a sandbox in a thread/,
      /^createSandbox \[worker\] wrong options/,
      /^Damaged modules .* with loops, in workers/,
      /^Calls of a worker sandbox close during a call/,
    ],
    reason: "a thread that computes cannot be ended, so a sandbox with a time limit is refused",
  },
  {
    engines: ["bun", "deno"],
    tests: [/^A guest's memory that the engine moved /, /many signals \(--cpu-prof/, /^Little address space/],
    reason: "the flag is Node's, and so are the figures of address space",
  },
  {
    engines: ["bun"],
    tests: [
      /^The garbage collector \[sysv, .*\] detaches an attachment that was dropped/,
      /^Guarded windows a view alone/,
    ],
    reason: "the collector is conservative: some of the attachments that were dropped stay attached",
  },
  {
    engines: ["deno"],
    tests: [/^The hostile guests reach Function if the imports are a plain object/],
    reason: "Deno has no Object.prototype.__proto__",
  },
  {
    engines: ["deno"],
    tests: [/^A worker terminated in the middle of a call .* attach/],
    reason: "a thread that computes cannot be ended, so it stays attached",
  },
];

const here = isBun ? "bun" : isDeno ? "deno" : isEmulated ? "arm64" : undefined;
const differencesHere = differences.filter(({ engines }) => here !== undefined && engines.includes(here));

/** Why a test does not run in this engine; undefined if it does. */
export const reasonNot = (suite: string, title: string): string | undefined =>
  differencesHere.find(({ tests }) => tests.some((test) => test.test(`${suite} ${title}`)))?.reason;
