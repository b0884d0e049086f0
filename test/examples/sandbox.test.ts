// examples/sandbox, run as a user would: what it prints and writes, its exit code, and that it leaves no segment.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { NO_HOST, native } from "../sandbox/sandboxes.js";
import { suite } from "../suite.js";
import { type Ended, root, run } from "../support/child.js";
import { randomBytes } from "../support/pairs.js";

/** Runs it with a new folder for temporary files, removed afterwards. */
function withFolder<T>(use: (folder: string, start: (...args: string[]) => Ended) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    return use(folder, (...args) =>
      run(process.execPath, [`${root}build/examples/sandbox/main.js`, ...args], {
        env: { ...process.env, TMPDIR: folder },
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const example = suite("The sandbox example");
if (!native) example.skip("runs", NO_HOST);
else {
  example("by default works on a PNG and README.md, and every answer agrees with plain JavaScript's", () =>
    withFolder((_, start) => {
      const ended = start("--floats", "100,000");
      assert.is(ended.code, 0, ended.stderr);
      assert.match(ended.stdout, /^histogram of 640 x 400 pixels .* MB\/s {2}the same$/m);
      assert.match(ended.stdout, /^grayscale of them .* the same$/m);
      assert.match(ended.stdout, /^\d+ words, \d+ different ones .* the same$/m);
      assert.match(ended.stdout, /^sum of 100,000 floats .* the same$/m);
      assert.match(ended.stdout, /^verified +yes$/m);
      assert.is(ended.stderr, "");
      const written = /^gray image +(.*)$/m.exec(ended.stdout)?.[1] ?? "";
      assert.match(readFileSync(written).toString("latin1", 0, 15), /^P5\n640 400\n255\n$/);
    }),
  );

  example("reads a PPM and a text, and writes the gray image where it is told", () =>
    withFolder((folder, start) => {
      const rgb = randomBytes(3 * 7 * 5);
      writeFileSync(join(folder, "a.ppm"), Buffer.concat([Buffer.from("P6\n7 5\n255\n"), rgb]));
      writeFileSync(join(folder, "a.txt"), "eins zwei\u3000zwei\n drei");
      const paths = ["--image", join(folder, "a.ppm"), "--text", join(folder, "a.txt"), "--out", join(folder, "a.pgm")];
      const ended = start(...paths, "--floats", "3");
      assert.is(ended.code, 0, ended.stderr);
      assert.match(ended.stdout, /^4 words, 3 different ones /m);
      const expected = Array.from({ length: 35 }, (_, index) => {
        const [red, green, blue] = rgb.subarray(3 * index) as unknown as [number, number, number];
        return Math.floor((77 * red + 150 * green + 29 * blue + 128) / 256);
      });
      const written = readFileSync(join(folder, "a.pgm"));
      assert.ok(written.equals(Buffer.concat([Buffer.from("P5\n7 5\n255\n"), Uint8Array.from(expected)])));
    }),
  );

  example("on a wrong file says which and why, and exits with 1; used wrongly, its usage and 2", () =>
    withFolder((folder, start) => {
      const empty = join(folder, "empty");
      writeFileSync(empty, "");
      for (const [args, status, words] of [
        [["--image", "/no/such/file"], 1, /cannot read \/no\/such\/file: ENOENT/],
        [["--image", `${root}LICENSE`], 1, /LICENSE: it is neither a PNG nor a binary PPM/],
        [["--text", empty], 1, /is empty/],
        [["--floats", "0"], 2, /--floats.*Usage/s],
        [["--floats", "many"], 2, /--floats.*Usage/s],
        [["--bogus"], 2, /Usage/],
      ] as const) {
        const ended = start("--floats", "10", ...args);
        assert.is(ended.code, status, args.join(" "));
        assert.match(ended.stderr, words);
        assert.is(ended.stdout, "");
      }
      const help = start("--help");
      assert.is(help.code, 0);
      assert.match(help.stdout, /^Usage: node build\/examples\/sandbox\/main\.js/);
    }),
  );
}
example.run();
