// wasm-shm copy as a person runs it: files, streams and segments, in every direction, and every failure.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { create, list, open, type Segment } from "wasm-shm";
import { suite } from "../suite.js";
import { isRoot, root } from "../support/child.js";
import { inFolder } from "../support/folder.js";
import { nativePairs, randomBytes } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { until } from "../support/waiting.js";
import { cli, environment, hasTerminal, main, onTerminal, script } from "./shell.js";

const SIZE = 3333;

function withSegment(bytes: Uint8Array | number, use: (segment: Segment) => void): void {
  const segment = create(typeof bytes === "number" ? bytes : bytes.length);
  try {
    if (typeof bytes !== "number") segment.write(bytes);
    use(segment);
  } finally {
    segment[Symbol.dispose]();
  }
}

/** The segment whose id a command printed. It is destroyed afterwards. */
function withMade(stdout: string, use: (segment: Segment) => void): void {
  assert.match(stdout, /^\d+\n$/);
  const segment = open(Number(stdout));
  try {
    use(segment);
  } finally {
    segment.destroy();
    segment[Symbol.dispose]();
  }
}

const segmentOf = (pid: number | undefined): number | undefined => list().find(({ cpid }) => cpid === pid)?.id;
const hasSegmentOf = (pid: number | undefined): boolean => segmentOf(pid) !== undefined;

const copy = suite("wasm-shm copy");
const bytes = randomBytes(SIZE);

if (nativePairs.length === 0) copy.skip("runs", "this platform has no sysv host");
else {
  copy("a file to a new segment, whose id it prints, and back to a file", async () => {
    await inFolder((folder) => {
      const [from, to] = [join(folder, "from"), join(folder, "to")];
      writeFileSync(from, bytes);
      writeFileSync(to, randomBytes(2 * SIZE)); // longer than the copy, which must replace it
      const made = cli(["copy", from, "new", "--mode", "640"]);
      assert.is(made.code, 0, made.stderr);
      assert.match(made.stderr, /^copied 3333 bytes in [\d.]+ s, [\d.]+[KMG]?\/s\n$/);
      withMade(made.stdout, (segment) => {
        assert.is(segment.size, SIZE);
        assert.is(segment.stat().mode, 0o640);
        assert.is(segment.stat().nattch, 0);
        const saved = cli(["copy", segment.id, to, "--quiet"]);
        assert.equal([saved.code, saved.stdout, saved.stderr], [0, "", ""]);
        assert.equal(readFileSync(to), Buffer.from(bytes));
      });
    });
  });

  copy("a part of a file into a segment, and a part of a segment into a file whose other bytes stay", async () => {
    await inFolder((folder) => {
      const file = join(folder, "file");
      writeFileSync(file, bytes);
      withSegment(SIZE, (segment) => {
        const args = ["--from-offset", 1000, "--size", 77, "--to-offset", "0x100"];
        assert.is(cli(["copy", file, segment.id, ...args]).code, 0);
        const expected = new Uint8Array(SIZE);
        expected.set(bytes.subarray(1000, 1077), 0x100);
        assert.equal(segment.readChunk(-1), expected);
        assert.is(cli(["copy", segment.id, file, "--from-offset", 0x100, "--size", 77, "--to-offset", 5]).code, 0);
        const patched = Buffer.from(bytes);
        patched.set(bytes.subarray(1000, 1077), 5);
        assert.equal(readFileSync(file), patched);
      });
    });
  });

  copy("a segment to another, to a new one, and to itself unless the two ranges overlap", () => {
    withSegment(bytes, (from) => {
      withSegment(SIZE + 10, (to) => {
        assert.is(cli(["copy", from.id, to.id, "--to-offset", 10]).code, 0);
        assert.equal(to.readChunk(-1, 10), bytes);
      });
      withMade(cli(["copy", from.id, "new", "-q"]).stdout, (made) => assert.equal(made.readChunk(-1), bytes));
      assert.is(cli(["copy", from.id, from.id, "--size", 100, "--to-offset", 100]).code, 0);
      assert.equal(from.readChunk(100, 100), bytes.slice(0, 100));
      const before = from.readChunk(-1);
      const overlap = cli(["copy", from.id, from.id, "--size", 100, "--to-offset", 99]);
      assert.is(overlap.code, 1);
      assert.match(overlap.stderr, /100 bytes of one segment, 99 apart: they overlap/);
      assert.equal(from.readChunk(-1), before);
    });
  });

  copy("segments named by key, with an option or as an operand", () => {
    const key = 0x7c000000 | process.pid;
    const keyed = create(SIZE, { key });
    try {
      keyed.write(bytes);
      withSegment(SIZE, (other) => {
        assert.is(cli(["copy", "--from-key", key, other.id]).code, 0);
        assert.equal(other.readChunk(-1), bytes);
        other.seek(0);
        other.write(new Uint8Array(SIZE));
        assert.is(cli(["copy", other.id, "--to-key", key]).code, 0);
        assert.equal(keyed.readChunk(-1), new Uint8Array(SIZE));
        assert.is(cli(["copy", `key:0x${key.toString(16)}`, "-", "--quiet"]).stdout.length, SIZE);
      });
    } finally {
      keyed[Symbol.dispose]();
    }
  });

  copy("standard input and standard output, through pipes", () => {
    const made = script("head -c 3000000 /dev/zero | tr '\\0' 'x' | shm copy - new --size 3000000 --quiet");
    assert.is(made.code, 0, made.stderr);
    withMade(made.stdout, ({ id }) => {
      assert.is(script(`shm copy ${id} - --quiet | tr -d x | wc -c`).stdout.trim(), "0");
      assert.is(script(`set -o pipefail; shm copy ${id} - --quiet | head -c 7`).stdout, "xxxxxxx");
      assert.is(script(`set -o pipefail; shm copy ${id} - --quiet | head -c 7`).code, 0);
    });
  });

  copy("across windows past 4 GiB: to a sparse file, and back", async () => {
    await inFolder((folder) => {
      const file = join(folder, "sparse");
      writeFileSync(file, "");
      truncateSync(file, 2 ** 32 + SIZE);
      const segment = create(2 ** 32 + 3 * SIZE, { noReserve: true });
      try {
        const tail = segment.attach({ offset: 2 ** 32 });
        tail.bytes.set(bytes, SIZE);
        const out = cli([
          "copy",
          segment.id,
          file,
          "--from-offset",
          2 ** 32 + SIZE,
          "--to-offset",
          2 ** 32,
          "--size",
          SIZE,
        ]);
        assert.is(out.code, 0, out.stderr);
        tail.bytes.fill(0);
        const back = cli(["copy", file, segment.id, "--from-offset", 2 ** 32 - 100, "--to-offset", 2 ** 32 - 100]);
        assert.is(back.code, 0, back.stderr);
        assert.match(back.stderr, /^copied 3433 bytes/);
        assert.equal(tail.bytes.slice(0, SIZE), bytes);
      } finally {
        segment[Symbol.dispose]();
      }
    });
  });

  copy(
    "is refused before anything is copied: no room, no such file or segment, a directory, an offset past the end",
    async () => {
      await inFolder((folder) => {
        const file = join(folder, "file");
        writeFileSync(file, bytes);
        withSegment(100, (segment) => {
          const refusals: [args: (string | number)[], code: number, words: RegExp][] = [
            [[file, segment.id], 1, /has 3333 bytes to copy; segment \d+ has room for 100 from 0/],
            [[file, segment.id, "--size", 100, "--to-offset", 1], 1, /100 bytes to copy; .* room for 99 from 1/],
            [[file, segment.id, "--from-offset", 4000], 2, /offset 4000 is past the end/],
            [[segment.id, file, "--from-offset", 101], 2, /offset 101 is past the end: the segment has 100 bytes/],
            [[join(folder, "none"), segment.id], 1, /ENOENT.*none/],
            [[folder, "new"], 1, /is a directory/],
            [[segment.id, join(folder, "none", "file")], 1, /ENOENT/],
            [[0x7fffffff, file], 1, /wasm-shm ls shows/],
            [[file, file], 2, /neither is a segment: cp/],
            [[file], 2, /1 were named/],
            [[file, file, file], 2, /3 were named/],
            [["new", file], 2, /new is a destination/],
            [["key:zz", file], 2, /A key is a number of 32 bits/],
            [["-", "new"], 2, /length of standard input is not known.*--size/],
            [[file, segment.id, "--mode", "600"], 2, /--mode is for a new segment/],
            [[file, "new", "--size", 0], 1, /a segment has at least one/],
          ];
          for (const [args, code, words] of refusals) {
            const ended = cli(["copy", ...args]);
            assert.match(ended.stderr, words);
            assert.is(ended.code, code, ended.stderr);
            assert.is(ended.stdout, "");
          }
          assert.equal(segment.readChunk(-1), new Uint8Array(100));
          assert.equal(readFileSync(file), Buffer.from(bytes));
        });
      });
    },
  );

  copy("a stream that is too short or too long is reported, and a new segment is removed again", () => {
    const args = [main, "copy", "-", "new", "--size", "1000"];
    const short = spawnSync(process.execPath, args, { input: "abc", encoding: "utf8", env: environment });
    assert.is(short.status, 1);
    assert.match(short.stderr, /standard input ended at byte 3 of 1000 .*the new segment was removed again/);
    assert.not.ok(hasSegmentOf(short.pid));
    withSegment(2, (segment) => {
      const long = cli(["copy", "-", segment.id], { input: "abc" });
      assert.is(long.code, 1);
      assert.match(long.stderr, /standard input has more bytes than fit: 2 were written to segment \d+, up to its end/);
      assert.is(Buffer.from(segment.readChunk(-1)).toString(), "ab");
    });
  });

  copy("a full disk exits with 1 and the message of the system", () => {
    withSegment(bytes, ({ id }) => {
      const ended = cli(["copy", id, "/dev/full"]);
      assert.is(ended.code, 1);
      assert.match(ended.stderr, /ENOSPC/);
    });
  });

  copy("a signal stops it: it reports the bytes copied, removes the new segment, and dies of the signal", async () => {
    const child = spawn(process.execPath, [main, "copy", "-", "new", "--size", "1M"], { cwd: root, env: environment });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    try {
      child.stdin.write(Buffer.alloc(1000, 1));
      await until("the last byte of the input", () => {
        const id = segmentOf(child.pid);
        if (id === undefined) return false;
        using made = open(id);
        return made.readChunk(1, 999)[0] === 1;
      });
      child.kill("SIGTERM");
      const [code, signal] = (await once(child, "close")) as [number | null, string | null];
      assert.equal([code, signal], [null, "SIGTERM"]);
      assert.is(said, "SIGTERM: stopped; 1000 of 1048576 bytes were copied\nthe new segment was removed again\n");
      assert.not.ok(hasSegmentOf(child.pid));
    } finally {
      child.kill("SIGKILL");
    }
  });

  if (!isRoot) copy.skip("another user's segment and file", "only root can become another user");
  else
    copy("another user's segment and file fail with EACCES and exit 1", async () => {
      await inFolder((folder) => {
        chmodSync(folder, 0o777);
        const file = join(folder, "file");
        writeFileSync(file, bytes, { mode: 0o600 });
        withSegment(bytes, ({ id }) => {
          const nobody = { uid: 65534, gid: 65534 };
          assert.match(cli(["copy", id, join(folder, "mine")], nobody).stderr, /EACCES: permission denied: /);
          assert.match(cli(["copy", file, "new"], nobody).stderr, /EACCES: permission denied, open/);
          assert.is(cli(["copy", file, "new"], nobody).code, 1);
        });
      });
    });

  if (!hasTerminal) absent(copy, "shows a bar on a terminal", "no script(1)");
  else
    copy("shows a bar with the rate on a terminal, and clears it", async () => {
      const segment = create(200e6);
      try {
        const text = `"${process.execPath}" "${main}" copy ${segment.id} /dev/null`;
        const { stdout, code } = await onTerminal(text);
        assert.is(code, 0);
        assert.match(stdout, /\d+% {2}[\d.]+M? of 191M {2}[\d.]+[KMG]\/s {2}\d+ s left/);
        assert.match(stdout, /copied 200000000 bytes in [\d.]+ s, [\d.]+[KMG]\/s/);
      } finally {
        segment[Symbol.dispose]();
      }
    });
}
copy.run();
