// npm run bench -- messaging: every transport proves its messages and reports its figures, and nothing is left, however
// it ends.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { run, works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { signalProcess } from "../support/processes.js";
import { type Case, midway, programOf, quick, type Running } from "./group.js";

const blocking = ["segment, spins 50 µs, then woken", "segment, spinning"];
const transports = [
  "process.send, JSON",
  "process.send, advanced",
  "Unix socket",
  "postMessage, copied",
  "postMessage, transferred",
  "segment, woken",
  "segment, spins 10 µs, then naps",
  ...blocking,
].sort();

/** The groups of channels: what each is beside, and how many goals it has. On one core only the first two can be measured. */
const channels: readonly [name: string, others: readonly string[], goals: number][] = [
  ["round trip, channel, answered at once (64 B)", ["Unix socket"], 2],
  ["round trip, channel, asleep, 1 ms apart (64 B)", ["Unix socket"], 2],
  ["round trip, channel, spinning (64 B)", ["Unix socket", "C ring of the same layout"], 2],
  [
    "one-way throughput, channel, unbatched (64 B)",
    ["Unix socket, a write each", "C ring of the same layout", "shared-memory-disruptor"],
    2,
  ],
  ["one-way throughput, channel, in batches (64 B)", ["C ring, in batches"], 1],
  ["one-way throughput, channel, unbatched (4 KiB)", ["Unix socket, a write each", "C ring of the same layout"], 1],
  ["one-way throughput, channel, claim and commit (1 MiB)", ["process.send, advanced"], 1],
  ["one-way throughput, channel, claim and commit, untouched (1 MiB)", ["process.send, advanced"], 0],
];

const names = (all: readonly { name: string }[]): string[] => all.map(({ name }) => name).sort();

/** Every rival has these figures, and every figure is a positive number. */
function expectFigures({ name, rivals }: Case, wanted: readonly string[]): void {
  for (const { name: transport, figures, nanoseconds } of rivals) {
    assert.ok(Number.isFinite(nanoseconds.median) && nanoseconds.median > 0, `${name}, ${transport}`);
    for (const one of wanted) assert.ok(names(figures).includes(one), `${name}, ${transport}: no ${one}`);
    for (const { name: one, value } of figures)
      assert.ok(Number.isFinite(value) && value > 0, `${name}, ${transport}: ${one}`);
  }
}

/** The first core that this process may use. */
const firstCore = (): string =>
  /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "0";

/** Calls `work` while both receiver processes run. */
const inTheMiddle = (work: (running: Running) => Promise<void>): Promise<void> =>
  midway("messaging", "receiver.child", 2, work);

const messaging = suite("npm run bench -- messaging");

if (nativePairs.length === 0) messaging.skip("runs", "there is no sysv host on this platform");
else {
  messaging("--quick proves every transport, and reports times, percentiles and throughput", () => {
    const all = quick("messaging");
    const cases = all.slice(0, 4);
    assert.equal(
      cases.map(({ operation, pattern, size, bytes }) => [operation, pattern, size, bytes]),
      [
        ["round trip", "untouched", 64, undefined],
        ["round trip", "touched", 65536, undefined],
        ["one-way throughput", "untouched", 64, 64],
        ["one-way throughput", "touched", 65536, 65536],
      ],
    );
    for (const one of cases) {
      assert.equal(names([...one.rivals, ...one.absent]), transports);
      assert.equal(names(one.absent), availableParallelism() < 2 ? [...blocking].sort() : []);
      expectFigures(one, one.operation === "round trip" ? ["p50"] : ["messages"]);
      for (const { name, figures } of one.rivals) {
        const value = (figure: string): number => figures.find((other) => other.name === figure)?.value ?? Number.NaN;
        if (names(figures).includes("p99")) assert.ok(value("p99") >= value("p50"), name);
        // A quick run of a fast transport is too short for it. Node has helper threads.
        if (names(figures).includes("busy"))
          assert.ok(value("busy") <= availableParallelism() + 3, `${name}: ${value("busy")} cores`);
      }
    }
    const judged = availableParallelism() < 2 ? channels.slice(0, 2) : channels;
    assert.equal(
      all.slice(4).map(({ name }) => name),
      judged.map(([name]) => name),
    );
    for (const [index, [name, others, goals]] of judged.entries()) {
      const { rivals, absent } = all[4 + index] as Case;
      assert.equal([...rivals.slice(0, -1), ...absent].map((rival) => rival.name).sort(), [...others].sort(), name);
      const own = rivals.at(-1) as (typeof rivals)[number];
      assert.match(own.name, /^channel/);
      assert.is(own.goals.length, goals - absent.length, name);
      for (const { nanoseconds } of rivals) assert.ok(nanoseconds.median > 0, name);
    }
    const left = readdirSync("/dev/shm").filter((file) => /^wasm-shm-bench-\d+/.test(file));
    const isOver = (file: string): boolean => !existsSync(`/proc/${/\d+/.exec(file)?.[0]}`);
    assert.equal(left.filter(isOver), []);
  });

  if (!works("taskset", ["--version"])) messaging.skip("one core", "there is no taskset");
  else
    messaging("on one core the transports that spin are listed as absent, and the others work", () => {
      const source = `
        const { messaging } = await import(${JSON.stringify(new URL("../../bench/suites/messaging/messaging.js", import.meta.url).href)});
        try {
          await messaging("js", async ({ rivals, absent }) => {
            for (const { prove } of rivals) await prove();
            console.log(JSON.stringify({ rivals: rivals.map(({ name }) => ({ name })), absent }));
            throw new Error("enough");
          }, "quick");
        } catch (error) {
          if (error.message !== "enough") throw error;
        }`;
      const words = ["--cpu-list", firstCore(), process.execPath, "--input-type=module", "--eval", source];
      const { code, stdout, stderr } = run("taskset", words);
      assert.is(code, 0, stderr);
      const { rivals, absent } = JSON.parse(stdout) as Pick<Case, "rivals" | "absent">;
      assert.equal(names(absent), [...blocking].sort());
      for (const { reason } of absent) assert.match(reason, /one core/);
      assert.equal(names([...rivals, ...absent]), transports);
    });

  messaging("SIGTERM in the middle ends all processes", () =>
    inTheMiddle(async ({ child, end }) => {
      child.kill("SIGTERM");
      assert.is(await end(), 143);
    }),
  );

  messaging("so does SIGTERM to every process", () =>
    inTheMiddle(async ({ pids, end }) => {
      for (const pid of pids) signalProcess(pid, "SIGTERM");
      assert.is(await end(), 143);
    }),
  );

  messaging("so does SIGKILL of the command, which then cannot clean up", () =>
    inTheMiddle(async ({ child, end }) => {
      child.kill("SIGKILL");
      assert.is(await end(), "SIGKILL");
    }),
  );

  messaging("so does SIGKILL of the process that measures, which the command reports", () =>
    inTheMiddle(async ({ pids, end }) => {
      const [measuring] = pids.filter((pid) => programOf(pid) === "job");
      signalProcess(measuring as number, "SIGKILL");
      assert.is(await end(), 1);
    }),
  );
}
messaging.run();
