// npm start, run as a user would: its output, its exit code, and that it leaves no segment however it ends.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, truncateSync } from "node:fs";
import * as assert from "uvu/assert";
import { list, SegmentStatus } from "wasm-shm";
import { suite } from "../suite.js";
import { type Ended, root, run, works } from "../support/child.js";
import { withFile } from "../support/folder.js";
import { adlerOracle } from "../support/oracle.js";
import { nativePairs, randomBytes } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { childrenOf, signalProcess } from "../support/processes.js";
import { segmentsOf, until } from "../support/waiting.js";

const script = `${root}build/examples/start/main.js`;
const start = (...args: string[]): Ended => run(process.execPath, [script, ...args]);

/** The value after a label of the table. */
const cell = (output: string, label: string): string => new RegExp(`^${label} +(.*)$`, "m").exec(output)?.[1] ?? "";

/** A file of zeros, without blocks on the disk, for as long as `use` runs. */
const withZeros = <T>(size: number, use: (path: string) => T | Promise<T>): Promise<T> =>
  withFile(new Uint8Array(0), (path) => {
    truncateSync(path, size);
    return use(path);
  });

/** Starts it on a file of 400 MB, so that there is time to interfere, and waits for its segment. */
async function interfere(use: (child: ChildProcess & { pid: number }) => Promise<void>): Promise<string> {
  return withZeros(400e6, async (path) => {
    const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "pipe"] });
    const said: string[] = [];
    child.stdout.on("data", (chunk: Buffer) => said.push(chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => said.push(chunk.toString()));
    const pid = child.pid as number;
    try {
      await until("the segment", () => segmentsOf(pid).some(({ mode }) => mode & SegmentStatus.Destroyed));
      await use(Object.assign(child, { pid }));
      await until("the segment's end", () => segmentsOf(pid).length === 0);
    } finally {
      child.kill("SIGKILL");
    }
    return said.join("");
  });
}

const main = suite("npm start");
if (nativePairs.length === 0) main.skip("runs", "there is no sysv host on this platform");
else {
  main("on a file: reads it into a segment, checksums it in a second process, verifies", async () => {
    const content = randomBytes(1_234_567);
    await withFile(content, (path) => {
      const ended = start(path);
      assert.is(ended.code, 0, ended.stderr);
      assert.is(cell(ended.stdout, "file"), path);
      assert.match(cell(ended.stdout, "bytes"), /^1,234,567 /);
      assert.match(cell(ended.stdout, "segment id"), /^\d+$/);
      assert.match(cell(ended.stdout, "address"), /^0x[0-9a-f]{8,}$/);
      assert.match(cell(ended.stdout, "attached"), /^2 times: this process, \d+, and \d+$/);
      for (const step of [
        "create and attach",
        "read the file into it",
        "adler32 in \\d+, wasm",
        "the same again",
        "adler32 of the file, zlib",
      ])
        assert.match(cell(ended.stdout, step), /^[\d.]+ ms/, step);
      const expected = adlerOracle(content).toString(16).padStart(8, "0");
      assert.match(ended.stdout, new RegExp(`^adler32 +0x${expected} in the segment, 0x${expected} in the file$`, "m"));
      assert.is(cell(ended.stdout, "verified"), "yes");
      assert.is(ended.stderr, ""); // the progress bar is drawn on terminals only
      assert.not.ok(list().some(({ id }) => id === Number(cell(ended.stdout, "segment id"))));
    });
  });

  main("on no file: the running node", () => {
    const ended = start();
    assert.is(ended.code, 0, ended.stderr);
    assert.is(cell(ended.stdout, "file"), process.execPath);
    assert.is(cell(ended.stdout, "bytes").split(" ")[0], statSync(process.execPath).size.toLocaleString("en-US"));
    assert.is(cell(ended.stdout, "verified"), "yes");
  });

  main("on a wrong file says which and why, and exits with 1", async () => {
    for (const [path, words] of [
      ["/no/such/file", /cannot read \/no\/such\/file: ENOENT/],
      ["/", /is not a regular file/],
      ["/dev/zero", /is not a regular file/],
    ] as const) {
      const ended = start(path);
      assert.is(ended.code, 1);
      assert.match(ended.stderr, words);
      assert.is(ended.stdout, "");
    }
    await withFile(new Uint8Array(1), (path) => {
      assert.is(run("mkfifo", [`${path}.fifo`]).code, 0);
      const ended = start(`${path}.fifo`); // opening it would wait for a writer
      assert.is(ended.code, 1);
      assert.match(ended.stderr, /is not a regular file/);
    });
    await withFile(new Uint8Array(0), (path) => {
      const ended = start(path);
      assert.is(ended.code, 1);
      assert.match(ended.stderr, /is empty/);
    });
  });

  main("used wrongly prints its usage and exits with 2; --help with 0", () => {
    for (const args of [["a", "b"], ["--bogus"]]) {
      const ended = start(...args);
      assert.is(ended.code, 2);
      assert.match(ended.stderr, /Usage: npm start/);
    }
    const help = start("--help");
    assert.is(help.code, 0);
    assert.match(help.stdout, /Usage: npm start/);
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    main(`stopped by ${signal} leaves no segment, and says so`, async () => {
      const said = await interfere(async (child) => {
        child.kill(signal);
        assert.equal(await once(child, "close"), [null, signal]);
      });
      assert.match(said, new RegExp(`${signal}: stopped`));
    });

  main("stopped by SIGKILL leaves no segment", async () => {
    await interfere(async (child) => {
      child.kill("SIGKILL");
      await once(child, "close");
    });
  });

  main("says that the second process failed, leaves no segment, and exits with 1", async () => {
    const said = await interfere(async (child) => {
      await until("the second process", () => childrenOf(child.pid).length === 1);
      signalProcess(childrenOf(child.pid)[0] as number, "SIGKILL");
      const [code] = (await once(child, "close")) as [number];
      assert.is(code, 1);
    });
    assert.match(said, /the second process ended with SIGKILL before it answered/);
    assert.not.match(said, /verified/);
  });

  if (!works("script", ["--version"])) absent(main, "draws a progress bar on a terminal", "script(1) is not installed");
  else
    main("draws a progress bar on a terminal", async () => {
      await withZeros(100e6, (path) => {
        const ended = run("script", ["-qec", `"${process.execPath}" "${script}" "${path}"`, "/dev/null"]);
        assert.is(ended.code, 0);
        assert.match(ended.stdout, /reading .*\d+% \| /);
        assert.is(cell(ended.stdout.replaceAll("\r", ""), "verified"), "yes");
      });
    });
}
main.run();
