// wasm-shm open and read: bytes in, bytes out, and no segment is left if an input fails.
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
import { absent } from "../support/peers.js";
import { cli, environment, hasTerminal, main, onTerminal, script } from "./shell.js";

const KEY = 0x57000000 | process.pid;
const keyText = `0x${KEY.toString(16)}`;

/** A segment that wasm-shm open created or opened. It is removed after `use`. */
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

const createdBy = (pid: number | undefined): number[] => list().flatMap(({ id, cpid }) => (cpid === pid ? [id] : []));
const ids = (): Set<number> => new Set(list().map(({ id }) => id));

const opening = suite("wasm-shm open");
if (nativePairs.length === 0) opening.skip("creates segments", "this platform has no sysv host");
else {
  opening("creates a segment of zeros with the size and mode, and prints only its id", () => {
    withOpened(["--size", "3333", "--mode", "640"], "", (id, stderr) => {
      const { size, mode, key } = open(id).stat();
      assert.equal([size, mode & 0o777, key, stderr], [3333, 0o640, 0, ""]);
      assert.equal(open(id).readChunk(-1), new Uint8Array(3333));
    });
  });

  opening("writes standard input at the offset, and prints the number of bytes on standard error", () => {
    withOpened(["-s", "64K", "--offset", "0x1001"], "hello", (id, stderr) => {
      assert.is(stderr, "wrote 5 bytes at 4097\n");
      assert.equal(Buffer.from(open(id).readChunk(7, 4096)).toString(), "\0hello\0");
      const again = cli(["open", id, "--offset", "4098"], { input: "ELL" });
      assert.equal([again.code, again.stdout], [0, `${id}\n`]);
      assert.is(cli(["read", id, "--offset", "4097", "--size", "5"]).stdout, "hELLo");
    });
  });

  opening("with a key and a size opens or creates the segment; --exclusive refuses to open one", () => {
    assert.is(cli(["open", "--key", keyText]).code, 1); // nothing to open yet
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

  opening("removes a new segment again if the input does not fit, and prints how many bytes were written", () => {
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

  opening("keeps a segment that existed, and the bytes written, if the input does not fit", () => {
    withOpened(["--size", "10"], "", (id) => {
      const ended = cli(["open", id, "--offset", "8"], { input: "abc" });
      assert.is(ended.code, 1);
      assert.match(ended.stderr, new RegExp(`2 were written to segment ${id}, up to its end$`, "m"));
      assert.is(cli(["read", id, "--offset", "8"]).stdout, "ab");
    });
  });

  opening("removes a new segment again if the input cannot be read", () => {
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
    opening(`removes a new segment again if ${signal} ends it during its input`, async () => {
      const child = spawn(process.execPath, [main, "open", "--size", "1M"], { env: environment });
      try {
        child.stdin.write("some of it");
        let said = "";
        child.stderr.on("data", (chunk: Buffer) => {
          said += chunk.toString();
        });
        const gone = once(child, "close");
        const limit = Date.now() + 20_000;
        while (createdBy(child.pid).length === 0)
          // no pause: the process may still be in the call that creates it
          assert.ok(Date.now() < limit, "it created no segment");
        child.kill(signal);
        assert.equal(await gone, [null, signal]);
        assert.equal(createdBy(child.pid), []);
        assert.match(said, /^(SIG\w+: stopped; \d+ bytes were copied\n)?the new segment was removed again\n$/);
      } finally {
        child.kill("SIGKILL");
      }
    });

  opening("removes a new segment again if no process reads the id", async () => {
    const child = spawn(process.execPath, [main, "open", "--size", "1M"], { env: environment });
    child.stdout.destroy();
    child.stdin.end("input");
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    assert.equal(await once(child, "close"), [0, null]);
    assert.is(said, "");
    assert.equal(createdBy(child.pid), []);
  });

  opening("writes a file of 100 MB from a pipe, and read writes the same bytes to a pipe", () => {
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

  opening("writes past 4 GiB, and across the boundary of two windows", () => {
    withOpened(["--size", "5G", "--no-reserve"], "", (id) => {
      for (const offset of [2 ** 30 - 2, 2 ** 32 + 2 ** 30 - 5]) {
        const ended = cli(["open", id, "--offset", offset], { input: "hello" });
        assert.is(ended.code, 0, ended.stderr);
        assert.is(cli(["read", id, "--offset", offset, "--size", "5"]).stdout, "hello");
      }
      assert.is(cli(["open", id, "--offset", "5G"], { input: "x" }).code, 1); // no byte fits
    });
  });

  if (!hasTerminal) absent(opening, "does not wait for a terminal", "no script(1)");
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
    opening(`${args.join(" ")} is a usage error: code 2, nothing on standard output`, () => {
      const ended = cli(args);
      assert.equal([ended.code, ended.stdout], [2, ""]);
      assert.match(ended.stderr, told);
    });
}
opening.run();

const reading = suite("wasm-shm read");
if (nativePairs.length === 0) reading.skip("reads segments", "this platform has no sysv host");
else {
  reading("writes the bytes of the range to standard output, and nothing else", () => {
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

  reading("ends without a message if the pipe closes early, also with 100 MB", () => {
    withOpened(["--size", "100M"], "0123456789ABC", (id) => {
      const ended = script(`set -o pipefail; shm read ${id} | head -c 10`);
      assert.equal([ended.code, ended.stdout, ended.stderr], [0, "0123456789", ""]);
    });
  });

  reading("prints one line if standard output is full", () => {
    withOpened(["--size", "1M"], "", (id) => {
      const ended = script(`shm read ${id} > /dev/full`);
      assert.equal([ended.code, ended.stderr.split("\n").length], [1, 2]);
      assert.match(ended.stderr, /^wasm-shm: writing to standard output: ENOSPC/);
    });
  });

  reading("reads to the end if the segment is destroyed meanwhile", async () => {
    const id = Number(cli(["open", "--size", "20M"], { input: "x" }).stdout);
    const child = spawn(process.execPath, [main, "read", String(id)], { env: environment });
    let bytes = 0;
    await once(child.stdout, "readable"); // the pipe is full, and read waits for this process
    destroySegment(id);
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    assert.equal(await once(child, "close"), [0, null]);
    assert.is(bytes, 20 * 2 ** 20);
    assert.throws(() => open(id), code("EINVAL"));
  });

  if (!isRoot) reading.skip("prints that the mode refuses", "another user is needed: run as root");
  else
    reading("prints that the mode refuses, and reads if the mode allows only reading", () => {
      withOpened(["--size", "10", "--mode", "644"], "abc", (id) => {
        const asNobody = (args: string[], input = "") => cli(args, { uid: 65534, gid: 65534, input });
        assert.is(asNobody(["read", String(id), "-s", "3"]).stdout, "abc");
        const written = asNobody(["open", String(id)], "x");
        assert.is(written.code, 1);
        assert.match(written.stderr, /EACCES: .*does not let this user read and write it$/m);
        assert.is(asNobody(["open", String(id)]).stdout, `${id}\n`); // no input: nothing is attached
        open(id).setPermissions({ mode: 0o600 });
        assert.match(asNobody(["read", String(id)]).stderr, /EACCES: .*does not let this user read it$/m);
        assert.is(JSON.parse(asNobody(["stat", String(id), "--json"]).stdout).size, 10); // stat needs no permission to read
      });
    });
}
reading.run();
