// The runner itself, given bad test files on purpose (test/fixtures/runner). Each run is a process of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { list, shm } from "wasm-shm";
import { hasTerminal, onTerminal } from "./cli/shell.js";
import { inOrder, nearMatches, selectFiles, testFiles } from "./runner/files.js";
import { ALONE, LONGEST, QUIET } from "./runner/order.js";
import { suite } from "./suite.js";
import { type Ended, end, root, run } from "./support/child.js";
import { inFolder } from "./support/folder.js";
import { absent } from "./support/peers.js";
import { isRunning, signalProcess } from "./support/processes.js";
import { until } from "./support/waiting.js";
import { splitOutput, type Tally, tallyLine } from "./tally.js";

const script = `${root}build/test/run.js`;
const FOLDER = "fixtures/runner";

const runner = (...args: string[]): Ended => run(process.execPath, [script, "--folder", FOLDER, ...args]);

const lastLine = ({ stdout }: Ended): string | undefined => stdout.trimEnd().split("\n").at(-1);

/** The lines about one file. */
const linesOf = ({ stdout }: Ended, file: string): string[] => stdout.split("\n").filter((line) => line.includes(file));

const isThere = (segment: number): boolean => list().some(({ id }) => id === segment);

const good = suite("npm test, of files that pass");

good("prints a line for each, the skips with their reasons, the counts last, and exits with 0", () => {
  const ended = runner("passes");
  assert.is(ended.code, 0, ended.stdout + ended.stderr);
  assert.match(
    ended.stdout,
    /^passes +2 tests +1 skipped +\d+\.\d s\n\nskipped: no such peer on this machine\n {2}Good: needs a peer\n\n2 passed, 0 failed, 1 skipped\n$/,
  );
});

good("prints no control characters into a pipe", () => {
  assert.not.ok([...runner("passes").stdout].some((character) => character < " " && character !== "\n"));
});

if (!hasTerminal) absent(good, "counts along on a terminal", "no script(1)");
else
  good("counts along on a terminal", async () => {
    const { stdout } = await onTerminal(`"${process.execPath}" "${script}" --folder ${FOLDER} passes`);
    assert.match(stdout, "\u001b[K0 of 1 file, 0 tests; running passes");
    assert.match(stdout, /\n2 passed, 0 failed, 1 skipped\r\n$/);
  });
good.run();

const bad = suite("npm test, of files that do not");
const outcome = runner("fails", "no-run", "no-tests", "hook", "at-once", "crashes", "exits", "never-settles", "passes");

bad("fails, with everything that failing files printed and nothing that passing files did", () => {
  assert.is(outcome.code, 1);
  assert.match(outcome.stdout, /output of a file that fails$/m);
  assert.not.match(outcome.stdout, /output of a file that passes/);
  assert.is(lastLine(outcome), "5 passed, 8 failed, 1 skipped");
});

bad("names the files that failed at the end", () => {
  const failed = /^failed: (.*)$/m.exec(outcome.stdout)?.[1]?.split(", ").sort();
  const names = ["crashes", "exits", "fails", "never-settles", "no-run", "no-tests", "throwing-hook", "throws-at-once"];
  assert.equal(failed, names);
});

for (const [title, file, problem] of [
  ["a failed test", "fails", /^FAILED fails: 1 passed, 1 failed, 0 problems, /],
  ["a suite without .run()", "no-run", /problem: no-run: suite Forgotten has no \.run\(\)/],
  ["a suite without tests", "no-tests", /problem: no-tests: suite Empty has no tests/],
  [
    "a `before` hook that throws, in a suite of uvu's own",
    "throwing-hook",
    /problem: throwing-hook: ended with code 0, and did not report on its tests/,
  ],
  ["an error outside every test", "throws-at-once", /1 of the 1 tests of suite Early did not run to their end/],
  ["a crash", "crashes", /problem: crashes: ended with SIGSEGV/],
  ["a call of process.exit", "exits", /problem: exits: 2 of the 3 tests of suite Exit did not run to their end/],
  ["a promise that never settles", "never-settles", /1 of the 1 tests of suite Promise did not run to their end/],
] as const)
  bad(`tells ${title}`, () => {
    const lines = linesOf(outcome, file);
    assert.ok(
      lines.some((line) => problem.test(line)),
      lines.join("\n"),
    );
  });

bad("keeps what a file printed before it crashed", () => {
  assert.match(outcome.stdout, /output before the crash$/m);
});

bad("ends a file past the time limit, and the processes that it started", async () => {
  const ended = runner("hangs", "--time-limit", "1");
  assert.is(ended.code, 1);
  assert.match(ended.stdout, /problem: hangs: still running after 1 seconds/);
  const child = Number(/child (\d+)$/m.exec(ended.stdout)?.[1]);
  await until("the end of the child", () => !isRunning(child));
});

bad("does not wait for a process that keeps the output open, and tells of it", () => {
  const ended = runner("leaves-process");
  assert.is(ended.code, 1);
  assert.match(ended.stdout, /problem: leaves-process: left a process that holds its output open/);
  signalProcess(Number(/child (\d+)$/m.exec(ended.stdout)?.[1]), "SIGKILL");
});

bad("tells of a process of its group that does not end after it, and ends that", async () => {
  const ended = runner("leaves-member");
  assert.is(ended.code, 1);
  const child = Number(/child (\d+)$/m.exec(ended.stdout)?.[1]);
  assert.match(ended.stdout, `problem: leaves-member: left a process: ${child} (`);
  await until("the end of the process", () => !isRunning(child));
});

bad("takes a file's own report, not that of a child whose output it passed on", () => {
  const [ofChild, own] = [1, 2].map((passed) => ({ passed, failed: 0, skips: [], problems: [] }));
  const output = `${tallyLine(ofChild as Tally)}\n${tallyLine(own as Tally)}\n`;
  assert.equal(splitOutput(output), { text: "", tally: own });
});
bad.run();

const segments = suite("npm test, and segments that are left");

/** Starts a run of the file that waits beside another run; `use` is given its segment and its process. */
async function withWaiting(
  use: (waiting: { child: ChildProcess; segment: number; pid: number; letGo: () => Promise<string> }) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const [ready, go] = [join(folder, "ready"), join(folder, "go")];
    const child = spawn(process.execPath, [script, "--folder", FOLDER, "waits"], {
      cwd: root,
      env: { ...process.env, WASM_SHM_READY: ready, WASM_SHM_GO: go },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const closed = once(child, "close");
    try {
      let said: string[] = [];
      await until("the segment of the run that waits", () => {
        if (readdirSync(folder).length > 0) said = readFileSync(ready, "utf8").split(" ");
        return said.length === 2;
      });
      const [segment, pid] = said.map(Number) as [number, number];
      const letGo = async (): Promise<string> => {
        writeFileSync(go, "");
        await closed;
        return output;
      };
      await use({ child, segment, pid, letGo });
    } finally {
      await end(child);
    }
  });
}

if (shm.host.name !== "sysv") segments.skip("are told and removed", "there are no System V segments on this platform");
else {
  segments("are told by the file that left them, and removed", () => {
    const ended = runner("leaks", "passes");
    assert.is(ended.code, 1);
    const id = Number(/segment (\d+)$/m.exec(ended.stdout)?.[1]);
    assert.match(
      ended.stdout,
      new RegExp(
        `problem: leaks: left segments in the system: ${id} \\(4321 bytes, key 0, mode 600, attached 0 times, `,
      ),
    );
    assert.is(lastLine(ended), "3 passed, 1 failed, 1 skipped");
    assert.not.ok(isThere(id));
  });

  segments("of another run on the same machine are left alone", async () => {
    await withWaiting(async ({ segment, letGo }) => {
      const ended = runner("leaks");
      assert.match(
        ended.stdout,
        /problem: leaks: left segments in the system: \d+ \([^,]*,[^,]*,[^,]*,[^,]*,[^,]*\)\n/,
      );
      assert.not.match(ended.stdout, new RegExp(`\\b${segment} \\(`));
      assert.ok(isThere(segment));
      assert.match(await letGo(), /\n1 passed, 0 failed, 0 skipped\n$/);
      assert.not.ok(isThere(segment));
    });
  });

  segments("are removed when the run is interrupted, and its processes end", async () => {
    await withWaiting(async ({ child, segment, pid }) => {
      const exit = once(child, "exit");
      child.kill("SIGINT");
      assert.equal(await exit, [null, "SIGINT"]);
      assert.not.ok(isThere(segment));
      await until("the end of the file", () => !isRunning(pid));
    });
  });
}
segments.run();

const choice = suite("npm test -- WORD");

choice("refuses a word that no file matches, and lists what is near", () => {
  const ended = runner("pases", "leaks");
  assert.is(ended.code, 2);
  assert.is(ended.stdout, "");
  assert.is(ended.stderr, "no test file matches pases; near it: passes\n");
  assert.is(runner("xyzxyzxyz").stderr, "no test file matches xyzxyzxyz; --list prints all\n");
});

choice("refuses an option that there is not, and a time limit that is none", () => {
  assert.is(runner("--bogus").code, 2);
  assert.match(runner("--bogus").stderr, /--bogus/);
  assert.is(runner("--time-limit", "0").stderr, "--time-limit must be a number of seconds above 0\n");
});

choice("is explained by --help, and --list prints the names", () => {
  const help = runner("--help");
  assert.is(help.code, 0);
  assert.match(help.stdout, /^Usage: npm test -- \[options\] \[WORD\.\.\.\]\n/);
  assert.is(runner("--list", "no-").stdout, "no-run\nno-tests\n");
});

choice("does not run a compiled file whose source is gone", () => {
  const stale = `stale-${process.pid}`;
  const compiled = `${root}build/test/${FOLDER}/${stale}.test.js`;
  writeFileSync(compiled, 'throw new Error("stale");\n');
  try {
    assert.is(runner("stale").code, 2);
    assert.not.match(runner("--list").stdout, stale);
  } finally {
    rmSync(compiled);
  }
});

choice("takes parts of paths, and paths as a shell completes them", () => {
  const files = ["bench/run", "conformance/cursor/text", "run"];
  assert.equal(selectFiles(files, []), { selected: files, unknown: [] });
  assert.equal(selectFiles(files, ["cursor"]).selected, ["conformance/cursor/text"]);
  assert.equal(selectFiles(files, ["test/run.test.ts", "nope"]), { selected: ["run"], unknown: ["nope"] });
  assert.equal(selectFiles(files, ["./test/conformance/cursor/text.test.ts"]).selected, ["conformance/cursor/text"]);
  assert.equal(selectFiles(files, [], ["cursor/", "nope"]), { selected: ["bench/run", "run"], unknown: ["nope"] });
  assert.equal(selectFiles(files, ["run"], ["bench"]).selected, ["run"]);
  assert.equal(nearMatches("cursr", files), ["conformance/cursor/text"]);
  assert.equal(nearMatches("zzzzzzzz", files), []);
});
choice.run();

const order = suite("The order of test files");

order("begins with the longest, and ends with those that run alone", () => {
  const files = ["a", "b", "c", "d", "e"];
  assert.equal(inOrder(files, ["d", "b"], ["a"], ["e"]), { together: ["d", "b", "c"], quiet: ["a"], alone: ["e"] });
});

order("names only files that there are, each once", () => {
  const named = [...QUIET, ...ALONE, ...LONGEST];
  const files = testFiles();
  for (const file of named) assert.ok(files.includes(file), file);
  assert.is(new Set(named).size, named.length);
});
order.run();

const sources = suite("The sources of tests");

sources("take their suites from test/suite.ts, which counts them", () => {
  const folder = `${root}test/`;
  const others = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && /^import .* from "uvu";$/m.test(readFileSync(folder + file, "utf8")))
    .sort();
  assert.equal(others, [`${FOLDER}/throwing-hook.test.ts`, "suite.ts"]);
});
sources.run();
