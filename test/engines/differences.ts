// What engines other than Node cannot do, or do in their own way: each test that does not run there, and why. The page
// docs/engines.md has these reasons.
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
    tests: [
      /^A guest's memory that the engine moved /,
      /many signals \(--cpu-prof/,
      /a profiler's signals come through/,
      /^Little address space/,
    ],
    reason: "the flag is Node's, and so are the figures of address space",
  },
  {
    engines: ["bun", "deno"],
    tests: [
      /^Crashes and other handlers beside the write guard (if SIGSEGV was ignored|Node's own ends)/,
      /^An uncaught error after a detach/,
      /^Several copies of the package in one process two copies of 0\.1\.0 alone/,
    ],
    reason: "the engine has handlers and reports of crashes of its own",
  },
  {
    engines: ["bun"],
    tests: [
      /^The garbage collector \[sysv, .*\] detaches an attachment that was dropped/,
      /^Threads and the write guard a worker that is terminated in the middle of a storm/,
    ],
    reason: "the collector is conservative: some of the attachments that were dropped stay attached",
  },
  {
    engines: ["bun"],
    tests: [/^Several copies of the package in one process .*(0\.1\.0|\b[no]*o[no]* in the order)/],
    reason: "version 0.1.0 ends the process there by itself",
  },
  {
    engines: ["bun"],
    tests: [
      /^Stores into guarded windows at the limit of mappings attach until ENOMEM/,
      /^Out of address space is ENOMEM, names/,
      /^Many attachments .* 4,000 at once/,
      /^The kernel's mapping .* into a memory of the caller's/,
    ],
    reason: "the engine moves a plain memory that grows, and takes minutes for thousands of memories",
  },
  {
    engines: ["deno"],
    tests: [
      /process\.kill ends the process with SIGSEGV/,
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
    tests: [/^Guarded windows needs no permission to write/],
    reason: "Deno has no process.setgroups",
  },
  {
    engines: ["deno"],
    tests: [
      /^A worker terminated in the middle of a call .* attach/,
      /^Threads and the write guard a worker that is terminated in the middle of a storm/,
    ],
    reason: "a thread that computes cannot be ended, so it stays attached",
  },
  {
    engines: ["deno"],
    tests: [/^Memory of a process that moves 256 MiB segment to (segment|file)/],
    reason: "the process holds up to 70 MiB of chunks, which Deno's collector frees later",
  },
  {
    engines: ["bun"],
    tests: [
      /^A worker thread \[.*\] attaches by id, and its end by terminate/,
      /^Memory of a process that moves 256 MiB segment to (segment|file)/,
    ],
    reason:
      "the collector is late: memories of a thread that has ended, and chunks that were read, stay for seconds and more",
  },
  {
    engines: ["bun"],
    tests: [/^A hostile call \[worker\] /, /^A hostile module \[worker\] (memory-64|start-trap|initialize-trap)/],
    reason: "a guest that does not end cannot be ended, and the engine has other words for traps",
  },
  {
    engines: ["arm64"],
    tests: [
      /^create, open \[sysv, .*\] makes a segment of that many bytes/,
      /^The segment's own cursor \[sysv, .*\] goes with destroy/,
      /^The system's own view \[sysv, .*\] list shows another user's segment/,
    ],
    reason:
      "qemu-user 7.2 translates struct shmid_ds wrongly: dtime is another time, and the upper half of the mode is noise",
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

/** Why a test does not run in this engine; undefined if it does. */
export const reasonNot = (suite: string, title: string): string | undefined =>
  differencesHere.find(({ tests }) => tests.some((test) => test.test(`${suite} ${title}`)))?.reason;
