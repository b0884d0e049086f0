// What engines other than Node cannot do, or do in their own way: each test that does not run there, and why. The page
// docs/engines.md has these reasons. A run of all files fails if an entry matches no test.
import { isBun, isDeno, isEmulated } from "../support/engine.js";

export interface Difference {
  readonly engine: "bun" | "deno" | "arm64";
  /** Of the suite's name, a space, and the test's title. */
  readonly test: RegExp;
  readonly reason: string;
}

const NODE_FLAG = "the flag is Node's";
const TIME_LIMIT = "Deno does not end a thread that computes, so a sandbox with a time limit is refused there";

export const differences: readonly Difference[] = [
  { engine: "deno", test: /^An endless loop .*/, reason: TIME_LIMIT },
  { engine: "deno", test: /^util\.inspect of a sandbox in a thread/, reason: TIME_LIMIT },
  { engine: "deno", test: /^createSandbox \[worker\] wrong options/, reason: TIME_LIMIT },
  { engine: "deno", test: /^Damaged modules .* with loops, in workers/, reason: TIME_LIMIT },
  { engine: "deno", test: /^Calls of a worker sandbox close during a call/, reason: TIME_LIMIT },
  {
    engine: "deno",
    test: /^Little address space/,
    reason: "Deno itself takes more address space than the test allows",
  },
  { engine: "deno", test: /^A guest's memory that the engine moved/, reason: NODE_FLAG },
  { engine: "deno", test: /many signals \(--cpu-prof/, reason: NODE_FLAG },
  {
    engine: "bun",
    test: /^The garbage collector \[sysv, .*\] detaches an attachment that was dropped/,
    reason: "JavaScriptCore's collector is conservative: some of the attachments that were dropped stay attached",
  },
  { engine: "bun", test: /^A guest's memory that the engine moved/, reason: NODE_FLAG },
  { engine: "bun", test: /^Little address space/, reason: NODE_FLAG },
];

const here = isBun ? "bun" : isDeno ? "deno" : isEmulated ? "arm64" : undefined;

/** The differences of the engine that runs this. */
export const differencesHere: readonly Difference[] = differences.filter(({ engine }) => engine === here);

/** Why a test does not run in this engine; undefined if it does. */
export const reasonNot = (suite: string, title: string): string | undefined =>
  differencesHere.find(({ test }) => test.test(`${suite} ${title}`))?.reason;
