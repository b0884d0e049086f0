// wasm-shm dump folds repeated lines as hexdump does; watch --plain writes into a pipe.
import * as assert from "uvu/assert";
import { create } from "wasm-shm";
import { suite } from "../suite.js";
import { moduleFile, run, works } from "../support/child.js";
import { nativePairs, randomBytes } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { cli, NO_NAMESPACE, ownNamespace, script } from "./shell.js";

const folding = suite("wasm-shm dump, repeated lines");
if (nativePairs.length === 0) folding.skip("are folded", "this platform has no sysv host");
else {
  const samples: [title: string, bytes: Uint8Array][] = [
    ["all zeros", new Uint8Array(200_000)],
    ["zeros, and a part of a line", new Uint8Array(200_005)],
    ["one line", new Uint8Array(16)],
    ["two lines", new Uint8Array(32)],
    ["three lines", new Uint8Array(48)],
    ["random bytes", randomBytes(5000)],
    ["runs of several values", Uint8Array.from({ length: 300_000 }, (_, at) => (at >> 10) % 3)],
    ["a change at the border of two pieces", Uint8Array.from({ length: 140_000 }, (_, at) => (at < 65_536 ? 1 : 2))],
    ["lines that alternate", Uint8Array.from({ length: 4096 }, (_, at) => (at >> 4) % 2)],
  ];
  for (const [title, bytes] of samples) {
    const dumps = (use: (dump: (...args: string[]) => string) => void): void => {
      const segment = create(bytes.length);
      try {
        segment.write(bytes);
        use((...args) => cli(["dump", segment.id, ...args], { maxBuffer: 2 ** 28 } as object).stdout);
      } finally {
        segment[Symbol.dispose]();
      }
    };

    folding(`${title}: as the obvious fold of all lines, in each view of lines`, () => {
      dumps((dump) => {
        for (const as of ["hex", "u32", "f64"]) {
          const all = dump("--all", "--as", as).trimEnd().split("\n");
          const contents = all.map((line) => line.slice(line.indexOf(":")));
          const expected = all.flatMap((line, index) => {
            const repeats = (at: number): boolean => at > 0 && at < all.length - 1 && contents[at] === contents[at - 1];
            if (!repeats(index)) return [line];
            return repeats(index - 1) ? [] : ["*"];
          });
          assert.equal(dump("--as", as).trimEnd().split("\n"), expected, as);
        }
      });
    });
  }

  if (!works("hexdump", ["-V"])) absent(folding, "is hexdump's", "hexdump is not installed");
  else
    folding("is hexdump's, but for the last line", () => {
      const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => (at >> 12) % 3);
      const segment = create(bytes.length);
      try {
        segment.write(bytes);
        const ours = cli(["dump", segment.id]).stdout.match(/^(?:[0-9a-f]{8}|\*)/gm) as string[];
        const theirs = run("hexdump", ["-C"], { input: bytes }).stdout.match(/^(?:[0-9a-f]{8}|\*)/gm) as string[];
        assert.equal(ours.slice(0, -1), theirs.slice(0, -1)); // hexdump ends with the size
      } finally {
        segment[Symbol.dispose]();
      }
    });
}
folding.run();

const plain = suite("wasm-shm watch --plain");
if (nativePairs.length === 0 || !ownNamespace) plain.skip("writes lines", NO_NAMESPACE);
else {
  plain("writes all lines into a pipe, then those that change, until the reader has enough", () => {
    const writer = moduleFile(`import { open } from "wasm-shm";
      const { bytes } = open(Number(process.argv[2])).attach();
      console.log("ready");
      setInterval(() => bytes[17]++, 30);`);
    const ended = script(
      `id=$(shm open -s 48); coproc '${process.execPath}' '${writer}' $id; read -r ready <&\${COPROC[0]}
      shm watch $id --plain -i 50 | head -n 6; kill $COPROC_PID`,
      {},
      ownNamespace,
    );
    const lines = ended.stdout.trimEnd().split("\n");
    assert.match(lines[0] ?? "", /^# \d{4}-\d\d-\d\dT[\d:.]+Z 48 bytes$/);
    assert.equal(
      lines.slice(1, 4).map((line) => line.slice(0, 9)),
      ["00000000:", "00000010:", "00000020:"],
    );
    assert.match(lines[4] ?? "", /^# \S+ 1 changed$/);
    assert.match(lines[5] ?? "", /^00000010: 00(?!00)/);
    assert.is(ended.stderr, "");
  });

  plain("refuses more than it can compare", () => {
    const ended = script("id=$(shm open -s 65M); shm watch $id --plain", {}, ownNamespace);
    assert.match(ended.stderr, /--plain compares at most 67108864 bytes: give --offset and --size/);
  });
}
plain.run();
