// wasm-shm open and read: bytes in, bytes out, and no segment left where an input fails.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { destroySegment, list, open } from "wasm-shm";
import { suite } from "../suite.js";
import { isRoot, root } from "../support/child.js";
import { code, nativePairs, randomBytes } from "../support/pairs.js";
import { cli, environment, hasTerminal, main, onTerminal, script } from "./shell.js";

const KEY = 0x57000000 | process.pid;
const keyText = `0x${KEY.toString(16)}`;

/** What open made, for as long as `use` runs. */
function withOpened<T>(args: (string | number)[], input: string, use: (id: number, stderr: string) => T): T {
  const ended = cli(["open", ...args], { input });
  assert.is(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /^\d+\n$/);
  const id = Number(ended.stdout);
  try {
    return use(id, ended.stderr);
  } finally {
    if (list().some((info) => info.id === id)) destroySegment(id);
  }
}

const madeBy = (pid: number | undefined): number[] => list().flatMap(({ id, cpid }) => (cpid === pid ? [id] : []));
const ids = (): Set<number> => new Set(list().map(({ id }) => id));

const opening = suite("wasm-shm open");
if (nativePairs.length === 0) opening.skip("makes segments", "there is no native host");
else {
  opening("makes a segment of zeros, of the size and mode, and prints its id alone", () => {
    withOpened(["--size", "3333", "--mode", "640"], "", (id, stderr) => {
      const { size, mode, key } = open(id).stat();
      assert.equal([size, mode & 0o777, key, stderr], [3333, 0o640, 0, ""]);
      assert.equal(open(id).readChunk(-1), new Uint8Array(3333));
    });
  });

  opening("puts standard input in at the offset, and says on standard error how much", () => {
    withOpened(["-s", "64K", "--offset", "0x1001"], "hello", (id, stderr) => {
      assert.is(stderr, "wrote 5 bytes at 4097\n");
      assert.equal(Buffer.from(open(id).readChunk(7, 4096)).toString(), "\0hello\0");
      const again = cli(["open", id, "--offset", "4098"], { input: "ELL" });
      assert.equal([again.code, again.stdout], [0, `${id}\n`]);
      assert.is(cli(["read", id, "--offset", "4097", "--size", "5"]).stdout, "hELLo");
    });
  });

  opening("with a key opens the one there is, or makes it; --exclusive will not", () => {
    assert.is(cli(["open", "--key", keyText]).code, 1); // none to open
    withOpened(["--key", keyText, "--size", "100"], "first", (id) => {
      assert.is(open({ key: KEY }).id, id);
      for (const args of [["--key", keyText], ["--key", keyText, "--size", "50"], [`key:${keyText}`]])
        assert.is(cli(["open", ...args]).stdout, `${id}\n`);
      const refused = cli(["open", "--key", keyText, "--size", "100", "--exclusive"]);
      assert.is(refused.code, 1);
      assert.match(refused.stderr, /EEXIST.*without --exclusive it is opened$/m);
      const larger = cli(["open", "--key", keyText, "--size", "200"]);
      assert.is(larger.code, 1);
      assert.match(larger.stderr, /EINVAL.*smaller/);
    });
  });

  opening("removes what it made where the input does not fit, and says how many bytes landed", () => {
    const before = ids();
    const ended = cli(["open", "--size", "10"], { input: "0123456789A" });
    assert.equal([ended.code, ended.stdout], [1, ""]);
    assert.match(
      ended.stderr,
      /more bytes than fit: 10 were written to segment \d+.*the new segment was removed again/,
    );
    const id = Number(/segment (\d+)/.exec(ended.stderr)?.[1]);
    assert.not.ok(ids().has(id) && !before.has(id));
  });

  opening("leaves one there was, with what landed, where the input does not fit", () => {
    withOpened(["--size", "10"], "", (id) => {
      const ended = cli(["open", id, "--offset", "8"], { input: "abc" });
      assert.is(ended.code, 1);
      assert.match(ended.stderr, new RegExp(`2 were written to segment ${id}, up to its end$`, "m"));
      assert.is(cli(["read", id, "--offset", "8"]).stdout, "ab");
    });
  });

  opening("removes what it made where the input cannot be read", () => {
    const folder = openSync(root, "r");
    try {
      const ended = cli(["open", "--size", "10"], { stdio: [folder, "pipe", "pipe"], input: undefined as never });
      assert.is(ended.code, 1);
      assert.match(ended.stderr, /^wasm-shm: EISDIR: .*; the new segment was removed again$/m);
    } finally {
      closeSync(folder);
    }
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const)
    opening(`removes what it made where ${signal} ends it in the middle of its input`, async () => {
      const child = spawn(process.execPath, [main, "open", "--size", "1M"], { env: environment });
      try {
        child.stdin.write("some of it");
        const gone = once(child, "exit");
        const limit = Date.now() + 20_000;
        while (madeBy(child.pid).length === 0)
          // strikes at once: it may still be making it
          assert.ok(Date.now() < limit, "it made no segment");
        child.kill(signal);
        assert.equal(await gone, [null, signal]);
        assert.equal(madeBy(child.pid), []);
      } finally {
        child.kill("SIGKILL");
      }
    });

  opening("removes what it made where nobody reads the id", async () => {
    const child = spawn(process.execPath, [main, "open", "--size", "1M"], { env: environment });
    child.stdout.destroy();
    child.stdin.end("input");
    await once(child, "exit");
    assert.equal(madeBy(child.pid), []);
  });

  opening("puts a file in, and read brings it out again: 100 MB through pipes", () => {
    const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
    try {
      const bytes = randomBytes(100e6 + 1);
      writeFileSync(join(folder, "in"), bytes);
      const ended = script(
        `set -e; id=$(shm open --size 100000001 < in); shm read $id > out; cat in | shm open $id; shm read $id | cmp - in; shm rm $id`,
        { cwd: folder },
      );
      assert.is(ended.code, 0, ended.stderr);
      assert.is(Buffer.compare(readFileSync(join(folder, "out")), bytes), 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  opening("reaches past 4 GiB, and across the edge of a window", () => {
    withOpened(["--size", "5G", "--no-reserve"], "", (id) => {
      for (const offset of [2 ** 30 - 2, 2 ** 32 + 2 ** 30 - 5]) {
        const ended = cli(["open", id, "--offset", offset], { input: "hello" });
        assert.is(ended.code, 0, ended.stderr);
        assert.is(cli(["read", id, "--offset", offset, "--size", "5"]).stdout, "hello");
      }
      assert.is(cli(["open", id, "--offset", "5G"], { input: "x" }).code, 1); // no room at all
    });
  });

  if (!hasTerminal) opening.skip("does not wait for a terminal", "no script(1)");
  else
    opening("does not wait for a terminal", async () => {
      const ended = await onTerminal(`'${process.execPath}' '${main}' open --size 100`);
      const id = Number(ended.stdout);
      try {
        assert.is(ended.code, 0, ended.stdout);
        assert.is(open(id).size, 100);
      } finally {
        destroySegment(id);
      }
    });

  for (const [args, told] of [
    [["open"], /or create one with --size/],
    [["open", "5", "--size", "10"], /--size is for a new segment/],
    [["open", "5", "--key", "0x51"], /not by both/],
    [["open", "5", "--mode", "600"], /--mode is for a new segment/],
    [["open", "--size", "10", "--offset", "11"], /offset 11 is past the end/],
    [["open", "--size", "0"], /size/],
    [["open", "--size", "ten"], /A size is a number of bytes/],
    [["open", "--size", "1", "--mode", "9"], /octal/],
    [["open", "--size", "1", "--key", "0"], /0 means that a segment has no key/],
    [["open", "x"], /A segment is named by its id/],
    [["open", "1", "2"], /too many arguments/],
  ] as const)
    opening(`${args.join(" ")} is misuse: code 2, nothing on standard output`, () => {
      const ended = cli(args);
      assert.equal([ended.code, ended.stdout], [2, ""]);
      assert.match(ended.stderr, told);
    });
}
opening.run();

const reading = suite("wasm-shm read");
if (nativePairs.length === 0) reading.skip("reads segments", "there is no native host");
else {
  reading("writes the range to standard output, byte for byte, and nothing else", () => {
    withOpened(["--size", "3333"], "0123456789", (id) => {
      const outputs = [[], ["-o", "3", "-s", "4"], ["-o", "3333"], ["-s", "0"], ["-o", "3330", "-s", "1G"]].map(
        (args) => {
          const ended = cli(["read", id, ...args]);
          assert.equal([ended.code, ended.stderr], [0, ""]);
          return ended.stdout;
        },
      );
      assert.equal(outputs, ["0123456789".padEnd(3333, "\0"), "3456", "", "", "\0\0\0"]);
      const past = cli(["read", id, "--offset", "3334"]);
      assert.equal([past.code, past.stdout], [2, ""]);
      assert.match(past.stderr, /offset 3334 is past the end: the segment has 3333 bytes/);
    });
  });

  reading("into a closed pipe ends quietly, with 100 MB too", () => {
    withOpened(["--size", "100M"], "0123456789ABC", (id) => {
      const ended = script(`set -o pipefail; shm read ${id} | head -c 10`);
      assert.equal([ended.code, ended.stdout, ended.stderr], [0, "0123456789", ""]);
    });
  });

  reading("says in one line that standard output is full", () => {
    withOpened(["--size", "1M"], "", (id) => {
      const ended = script(`shm read ${id} > /dev/full`);
      assert.equal([ended.code, ended.stderr.split("\n").length], [1, 2]);
      assert.match(ended.stderr, /^wasm-shm: writing to standard output: ENOSPC/);
    });
  });

  reading("goes on where the segment is destroyed meanwhile", async () => {
    const id = Number(cli(["open", "--size", "20M"], { input: "x" }).stdout);
    const child = spawn(process.execPath, [main, "read", String(id)], { env: environment });
    let bytes = 0;
    await once(child.stdout, "readable"); // a pipe's worth is there, and it waits for us
    destroySegment(id);
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    assert.equal(await once(child, "exit"), [0, null]);
    assert.is(bytes, 20 * 2 ** 20);
    assert.throws(() => open(id), code("EINVAL"));
  });

  if (!isRoot) reading.skip("says that the mode refuses", "another user is needed: run as root");
  else
    reading("says that the mode refuses, and reads where it lets one read alone", () => {
      withOpened(["--size", "10", "--mode", "644"], "abc", (id) => {
        const asNobody = (args: string[], input = "") => cli(args, { uid: 65534, gid: 65534, input });
        assert.is(asNobody(["read", String(id), "-s", "3"]).stdout, "abc");
        const written = asNobody(["open", String(id)], "x");
        assert.is(written.code, 1);
        assert.match(written.stderr, /EACCES: .*does not let this user read and write it$/m);
        assert.is(asNobody(["open", String(id)]).stdout, `${id}\n`); // no input: nothing is attached
        open(id).setPermissions({ mode: 0o600 });
        assert.match(asNobody(["read", String(id)]).stderr, /EACCES: .*does not let this user read it$/m);
        assert.is(JSON.parse(asNobody(["stat", String(id), "--json"]).stdout).size, 10); // as ls does
      });
    });
}
reading.run();
