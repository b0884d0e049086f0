// Few file descriptors, and files whose size the system does not tell or tells wrongly.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { create, list, open } from "wasm-shm";
import { suite } from "../suite.js";
import { run, works } from "../support/child.js";
import { inFolder } from "../support/folder.js";
import { nativePairs, randomBytes } from "../support/pairs.js";
import { cli, environment, main } from "./shell.js";

const descriptors = suite("Few file descriptors");
descriptors("a command that cannot load says so in one line", () => {
  const outcomes = new Set<number | null>();
  for (let most = 18; most < 48; most += 3)
    for (const command of [["ls"], ["--version"], ["dump", "--help"]]) {
      const ended = run("sh", ["-c", `ulimit -n ${most}; exec "$0" "$@"`, process.execPath, main, ...command]);
      if (!ended.stderr.includes("EMFILE")) continue; // Node itself did not start, or the command did
      assert.is(ended.code, 1, ended.stderr);
      assert.match(ended.stderr, /^wasm-shm: [^\n]*EMFILE[^\n]*\n$/);
      outcomes.add(ended.code);
    }
  assert.equal([...outcomes], [1]);
});
descriptors.run();

/** Copies a file to a new segment, and returns the segment's bytes. */
function copied(...args: (string | number)[]): Buffer {
  const ended = cli(["copy", ...args, "new", "--quiet"]);
  assert.is(ended.code, 0, ended.stderr);
  const segment = open(Number(ended.stdout));
  try {
    return Buffer.from(segment.readChunk(-1));
  } finally {
    segment.destroy();
    segment[Symbol.dispose]();
  }
}

const sizes = suite("wasm-shm copy of a file whose size is not known");
const PSEUDO = ["/proc/version", "/proc/sys/kernel/ostype", "/sys/kernel/mm/transparent_hugepage/enabled"];
if (nativePairs.length === 0) sizes.skip("reads to its end", "there is no sysv host");
else {
  for (const path of PSEUDO)
    if (!works("cat", [path])) sizes.skip(`${path} is read to its end`, "this system has no such file");
    else
      sizes(`${path} is read to its end, into a new segment and into one that exists`, () => {
        const content = readFileSync(path);
        assert.is.not(statSync(path).size, content.length); // or this would test nothing
        assert.equal(copied(path), content);
        assert.equal(copied(path, "--from-offset", 2, "--size", 3), content.subarray(2, 5));
        const segment = create(10_000);
        try {
          const ended = cli(["copy", path, segment.id]);
          assert.match(ended.stderr, new RegExp(`^copied ${content.length} bytes`));
          assert.equal(Buffer.from(segment.readChunk(content.length)), content);
        } finally {
          segment.destroy();
          segment[Symbol.dispose]();
        }
      });

  sizes("a file of /proc that has more bytes than a segment fails, and says so", () => {
    const segment = create(4);
    try {
      const ended = cli(["copy", "/proc/version", segment.id]);
      assert.is(ended.code, 1);
      assert.match(ended.stderr, /\/proc\/version has \d+ bytes to copy; segment \d+ has room for 4/);
    } finally {
      segment.destroy();
      segment[Symbol.dispose]();
    }
  });

  sizes("a FIFO is read to its end", () =>
    inFolder((folder) => {
      const segment = create(200_000);
      try {
        const text = `mkfifo "$1"; head -c 150000 /dev/zero | tr "\\0" x > "$1" & "$2" "$3" copy "$1" ${segment.id}`;
        const ended = run("sh", ["-c", text, "sh", join(folder, "fifo"), process.execPath, main], { env: environment });
        assert.match(ended.stderr, /^copied 150000 bytes/);
        assert.equal(
          Buffer.from(segment.readChunk(150_001)),
          Buffer.concat([Buffer.alloc(150_000, "x"), Buffer.alloc(1)]),
        );
      } finally {
        segment.destroy();
        segment[Symbol.dispose]();
      }
    }),
  );

  /** Copies a file of 200,000 bytes, which `change` changes once its beginning has been read. */
  const whileCopied = async (
    destination: string | number,
    change: (path: string) => void,
  ): Promise<{ code: number; stdout: string; stderr: string; pid: number | undefined }> =>
    inFolder(async (folder) => {
      const path = join(folder, "file");
      writeFileSync(path, Buffer.alloc(200_000, "a"));
      // strace and the like are not everywhere: a preload stops the first read past the beginning until it is told.
      const preload = join(folder, "preload.mjs");
      writeFileSync(
        preload,
        `import fs from "node:fs/promises";
        import { readFileSync } from "node:fs";
        const probe = await fs.open(${JSON.stringify(path)});
        const prototype = Object.getPrototypeOf(probe);
        await probe.close();
        const { read } = prototype;
        let told = false;
        prototype.read = async function (...args) {
          const result = await read.apply(this, args);
          if (!told) { told = true; process.stdout.write("read\\n"); await new Promise((go) => process.stdin.once("data", go)); process.stdin.pause(); }
          return result;
        };`,
      );
      const args = ["--import", preload, main, "copy", path, String(destination)];
      const child = spawn(process.execPath, args, { env: environment, stdio: "pipe" });
      let [stdout, stderr] = ["", ""];
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      const closed = once(child, "close");
      const limit = setTimeout(() => child.kill("SIGKILL"), 20_000);
      try {
        await Promise.race([once(child.stdout, "data"), closed]);
        change(path);
        child.stdin.write("go\n");
        await closed;
      } finally {
        clearTimeout(limit);
        child.kill("SIGKILL");
      }
      const [code] = (await closed) as [number];
      return { code, stdout: stdout.replace("read\n", ""), stderr, pid: child.pid };
    });

  sizes("a file that grows or shrinks meanwhile is read to its end", async () => {
    for (const [change, length] of [
      [(path: string) => appendFileSync(path, Buffer.alloc(50_000, "b")), 250_000],
      [(path: string) => truncateSync(path, 120_000), 120_000],
    ] as const) {
      const segment = create(300_000);
      try {
        const ended = await whileCopied(segment.id, change);
        assert.is(ended.code, 0, ended.stderr);
        assert.match(ended.stderr, new RegExp(`^copied ${length} bytes`));
        assert.is(segment.readChunk(-1).lastIndexOf(length === 250_000 ? 98 : 97), length - 1);
      } finally {
        segment.destroy();
        segment[Symbol.dispose]();
      }
    }
  });

  sizes("one that grows or shrinks while a new segment is made of it fails, and leaves no segment", async () => {
    const grown = await whileCopied("new", (path) => appendFileSync(path, randomBytes(50_000)));
    assert.is(grown.code, 1);
    assert.match(grown.stderr, /has more bytes than fit: .*removed again/);
    const shrunk = await whileCopied("new", (path) => truncateSync(path, 120_000));
    assert.is(shrunk.code, 1);
    assert.match(shrunk.stderr, /ended at byte 120000 of 200000 .*removed again/);
    assert.equal(
      list().filter(({ cpid }) => cpid === grown.pid || cpid === shrunk.pid), // other tests make segments meanwhile
      [],
    );
  });
}
sizes.run();
