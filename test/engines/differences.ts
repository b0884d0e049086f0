// What engines other than Node cannot do, or do in their own way: each test that fails there, and why. It is run all the same,
// and must fail. The page docs/engines.md has these reasons.
import { isBun, isDeno, isEmulated } from "../support/engine.js";

export interface Difference {
  readonly engines: readonly ("bun" | "deno" | "arm64")[];
  /** Each of the suite's name, a space, and the test's title. */
  readonly tests: readonly RegExp[];
  readonly reason: string;
  /** The tests are not run: they do not end, take minutes, end the process, or fail only at times. */
  readonly isRun?: false;
}

export const differences: readonly Difference[] = [
  {
    engines: ["bun", "deno"],
    isRun: false, // some compute for ever
    tests: [
      /^An endless loop /,
      /^util\.inspect of a sandbox in a thread/,
      /^createSandbox \[thread\] wrong options/,
      /^Damaged modules .* with loops, each in a (thread|process)/,
      /^A guest that calls WASI without end .* \[thread\]/,
      /^A prepared guest \[thread\]/,
      /^Calls of a .* close during a call/,
    ],
    reason: "a thread that computes cannot be ended, so a sandbox with a time limit is refused",
  },
  {
    engines: ["bun", "deno"],
    tests: [/^A guest's memory that the engine moved /],
    reason: "the flag is Node's",
  },
  {
    engines: ["deno"],
    tests: [/many signals \(--cpu-prof/, /a profiler's signals come through/],
    reason: "Deno has a profiler of its own",
  },
  {
    engines: ["deno"],
    tests: [/^Little address space/],
    reason: "the figures of address space are Node's",
  },
  {
    engines: ["bun", "deno"],
    tests: [
      /^Crashes and other handlers beside the write guard Node's own ends/,
      /^An uncaught error after a detach/,
      /^Several copies of the package in one process two copies of 0\.1\.0 alone/,
    ],
    reason: "the engine has handlers and reports of crashes of its own",
  },
  {
    engines: ["bun"],
    tests: [/^Crashes and other handlers beside the write guard if SIGSEGV was ignored/],
    reason: "Bun's own handler comes first",
  },
  {
    engines: ["bun"],
    tests: [
      /^The garbage collector \[sysv, .*\] detaches an attachment that was dropped/,
      /^A memory in two threads \[.*\] stays attached as long as a thread holds it/,
      /^A guard goes with its memory (a later (plain|shared) memory at the address|the last of 20 dropped windows)/,
      /^Ends of participants an attachment that is collected/,
      /^Participants in other processes an attachment that is dropped/,
      /^Guarded windows one that is collected without a detach/,
      /^What the engine knows of a memory's size attachments with a (shared|plain) memory that a program drops/,
    ],
    reason: "an attachment that is dropped stays attached, as Bun does not unmap a memory that is collected",
  },
  {
    engines: ["bun", "deno"],
    isRun: false, // one run in four fails: if a window lies where the thread had one of 0.1.0
    tests: [/^Several copies of the package in one process onn in the order (01210|12010) in a worker that ends/],
    reason:
      "version 0.1.0 keeps the guards of a thread that ended, and takes the stores into a window that later lies there",
  },
  {
    engines: ["bun"],
    isRun: false,
    tests: [
      /^Stores into guarded windows at the limit of mappings attach until ENOMEM/,
      /^Out of address space /,
      /^When there is room again windows are attached: (mappings|address space)/,
      /^Many attachments .* 4,000 at once/,
      /^The kernel's mapping .* into a memory of the caller's/,
    ],
    reason: "the engine moves a plain memory that grows, and takes minutes for thousands of memories",
  },
  {
    engines: ["deno"],
    tests: [
      /process\.kill ends the process with SIGSEGV(?!, after installDefault)/,
      /^Threads and the write guard the handler outlives the only worker/,
    ],
    reason: "Deno ignores SIGSEGV that it sends to itself, also without this package",
  },
  {
    engines: ["deno"],
    tests: [/^The hostile guests reach Function if the imports are a plain object/],
    reason: "Deno has no Object.prototype.__proto__",
  },
  {
    engines: ["deno"],
    tests: [
      /^A worker terminated in the middle of a call .*: attach/,
      /^Threads and the write guard a worker that is terminated in the middle of a storm/,
      /^Ends of participants a worker that is terminated: blocked/,
      /^Participants in other processes a worker that is terminated while it waits/,
    ],
    reason: "a thread that computes or blocks cannot be ended, so it stays attached",
  },
  {
    engines: ["deno"],
    tests: [/^Memory of a process that moves 256 MiB .* collected at every 8 MiB/],
    reason: "the process holds up to 70 MiB of chunks, which Deno's collector frees later",
  },
  {
    engines: ["bun"],
    isRun: false, // one run in three fails
    tests: [/^Memory of a process that moves 256 MiB segment to segment: /],
    reason: "the collector is late: at times over 128 MiB of chunks that were read stay",
  },
  {
    engines: ["bun"],
    tests: [/^Threads and the write guard a shared memory that one worker attached into/],
    reason: "the end of a thread detaches what it attached, even if another thread has the memory",
  },
  {
    engines: ["bun", "deno"],
    tests: [/^The sandbox example /],
    reason: "the example has a time limit, which is refused",
  },
  {
    engines: ["bun"],
    tests: [/^A guest against WASI \[.*\] has no other descriptors/],
    reason: "an imported function that a guest exports again does not check its values",
  },
  {
    engines: ["bun"],
    tests: [/^Text that no string can hold is ENOMEM/],
    reason: "a string may be longer",
  },
  {
    engines: ["bun"],
    tests: [
      /^Participants in other processes (process\.exit with waits|an error that nobody catches)/,
      /^Ends of participants process\.exit with waits pending/,
    ],
    reason: "Bun runs no hooks of an addon at process.exit, so the others see a death in place of a leave",
  },
  {
    engines: ["deno"],
    tests: [/^Objects with segments of their own, and deaths process\.exit and an uncaught error/],
    reason: "Deno runs no hooks of an addon at an uncaught error, so a segment with a key stays until it is made again",
  },
  {
    engines: ["deno"],
    tests: [/^examples\/mapping makes . threads count/],
    reason: "parentPort has no close()",
  },
  {
    engines: ["deno"],
    tests: [/^When there is room again windows are attached: address space/],
    isRun: false,
    reason: "the engine itself takes address space meanwhile",
  },
  {
    engines: ["arm64"],
    tests: [
      /^The system's own view \[sysv, .*\] list shows another user's segment/,
      /^Another user \[sysv, .*\] an owner changes a mode of 0 back/,
    ],
    reason: "qemu-user 7.2 refuses SHM_STAT_ANY",
  },
  {
    engines: ["arm64"],
    tests: [/^Huge pages (map whole and in part|guarded: a store)/],
    reason: "qemu-user 7.2 chooses addresses for shmat(2) at which no huge page can be",
  },
  {
    engines: ["arm64"],
    tests: [/^Kills at random /],
    reason:
      "qemu-user 7.2 refuses mremap(2) of an old size of 0, so no process joins a domain: locks and channels are not run",
  },
  {
    engines: ["arm64"],
    tests: [/^The system's own view \[sysv, .*\] ftok is Perl's/],
    reason: "qemu-user looks paths up under its own root first, so / is another folder than Perl's",
  },
  {
    engines: ["arm64"],
    tests: [/^Out of address space /],
    reason: "an emulated process takes minutes for thousands of memories",
  },
];

const here = isBun ? "bun" : isDeno ? "deno" : isEmulated ? "arm64" : undefined;
const differencesHere = differences.filter(({ engines }) => here !== undefined && engines.includes(here));

/** What this engine does otherwise in a test; undefined if nothing. */
export const differenceOf = (suite: string, title: string): Difference | undefined =>
  differencesHere.find(({ tests }) => tests.some((test) => test.test(`${suite} ${title}`)));

/** Runs a test that must fail. @throws {Error} it does not */
export async function mustDiffer(body: () => void | Promise<void>): Promise<void> {
  try {
    await body();
  } catch {
    return;
  }
  throw new Error("it passes in this engine: take it out of test/engines/differences.ts");
}

/**
 * What no test of a whole run met: a test was renamed, or is no more.
 *
 * @param met the suite's name and the title of each test that differed
 */
export const unmet = (engine: string, met: readonly string[]): RegExp[] =>
  differences
    .filter(({ engines }) => (engines as readonly string[]).includes(engine))
    .flatMap(({ tests }) => tests)
    .filter((test) => !met.some((name) => test.test(name)));
