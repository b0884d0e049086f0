// include/wasm_shm.h against the cursor's frames: each reads what the other wrote, and both refuse the same frames.
// Not tested: a big-endian machine. The header loads and stores single bytes.

import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run, works } from "../support/child.js";
import { nativePairs, randomBytes } from "../support/pairs.js";
import { absent, compile, TIME_LIMIT_MS } from "../support/peers.js";

const SIZE = 3333;
const warnings = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-I", join(root, "include")];
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const statuses: Record<string, number> = {
  ERR_SHM_OUT_OF_BOUNDS: 1,
  ERR_SHM_FRAME_TRUNCATED: 2,
  ERR_SHM_FRAME_DAMAGED: 3,
};

/** A frame: unchanged, with one byte changed, cut short, or with a far too large length. */
function mutated(frame: Uint8Array, round: number): Uint8Array {
  const bytes = frame.slice();
  const random = randomBytes(2, (round + 1) * 0x9e3779b1);
  if (round % 4 === 1) bytes[(random[0] ?? 0) % bytes.length] = random[1] ?? 0;
  if (round % 4 === 2) return bytes.subarray(0, (random[0] ?? 0) % bytes.length);
  if (round % 4 === 3) bytes.fill(0xff, 0, 1 + ((random[0] ?? 0) % 4));
  return bytes;
}

const missing = ["gcc", "g++"].filter((name) => !works(name, ["--version"]));
/** frames.c without the sanitizers and with them. Only the first compiles if this gcc lacks their libraries. */
const programs =
  missing.length > 0 ? [] : [[], sanitizers].map((extra) => compile("frames.c", ["-std=gnu99", ...warnings, ...extra]));
const sanitized = programs[1]?.ended.code === 0;

if (nativePairs.length === 0) {
  const none = suite("include/wasm_shm.h");
  none.skip("reads and writes the cursor's frames", "this platform has no sysv host");
  none.run();
}

for (const { name, withSegment } of nativePairs) {
  const header = suite(`include/wasm_shm.h [${name}]`);
  if (missing.length > 0) {
    absent(header, "reads and writes the cursor's frames", `${missing.join(" and ")} not installed`);
  } else {
    const peer = (words: (string | number)[], input: Uint8Array = new Uint8Array()): string => {
      const program = programs[sanitized ? 1 : 0]?.program ?? "";
      const { code, signal, stdout, stderr } = run(program, words.map(String), { input, timeout: TIME_LIMIT_MS });
      if (code !== 0) throw new Error(`frames.c failed (${code ?? signal}): ${stderr}`);
      return stdout;
    };

    for (const file of ["include/wasm_shm.h", "include/wasm_shm/frame.h"])
      header(`${file} compiles by itself as C99 and as C++11 without a warning`, () => {
        for (const [compiler, ...language] of [
          ["gcc", "-std=c99", "-x", "c"],
          ["g++", "-std=c++11", "-x", "c++"],
        ] as const) {
          const flags = [...warnings, "-Wno-unused-function", "-fsyntax-only"];
          const ended = run(compiler, [...flags, ...language, join(root, file)]);
          assert.is(ended.code, 0, ended.stderr);
        }
      });

    header("compiles in a program without a warning", () => {
      assert.is(programs[0]?.ended.code, 0, programs[0]?.ended.stderr);
    });

    if (!sanitized)
      absent(header, "runs under the sanitizers of addresses and undefined behaviour", "this gcc has no sanitizers");

    header("C reads the cursor's frames, and the cursor reads those of C", () => {
      withSegment(SIZE, (segment) => {
        const cursor = segment.attach().cursor();
        assert.is(peer(["write", segment.id, "from C"]), "0");
        assert.is(Buffer.from(cursor.readFrame()).toString(), "from C");
        const offset = cursor.position;
        cursor.writeFrame(Buffer.from("from wasm-shm"));
        assert.is(peer(["read", segment.id, offset]), "0 from wasm-shm");
        assert.is(peer(["read", segment.id, SIZE]), "1 ");
        assert.is(peer(["read", segment.id, SIZE - 7]), "2 ");
        cursor.seek(14);
        cursor.writeUint32(SIZE - 14 - 8 + 1); // one more than remain
        assert.is(peer(["read", segment.id, 14]), "2 ");
      });
    });

    header("C refuses a frame that its buffer or the window has no room for, and changes nothing", () => {
      withSegment(6 + 8, (segment) => {
        const { bytes } = segment.attach();
        assert.is(peer(["write", segment.id, "from C!"]), "1");
        assert.ok(bytes.every((byte) => byte === 0));
        assert.is(peer(["write", segment.id, "from C"]), "0");
        assert.is(peer(["read", segment.id, 0, 6]), "0 from C");
        assert.is(peer(["read", segment.id, 0, 5]), "4 ");
      });
      withSegment(7, (segment) => assert.is(peer(["write", segment.id, ""]), "1"));
    });

    header("C and readFrame give the same verdict on 4,000 frames, most of them hostile", () => {
      withSegment(SIZE, (segment) => {
        const attachment = segment.attach();
        const input: Uint8Array[] = [];
        const expected: string[] = [];
        for (let round = 0; round < 4000; round++) {
          const start = attachment.cursor();
          const took = start.writeFrame(randomBytes(round % 61));
          const bytes = mutated(attachment.bytes.slice(0, took), round);
          const cursor = attachment.cursor();
          cursor.seek(SIZE - bytes.length); // so that the window and the buffer end at the same byte
          attachment.bytes.set(bytes, SIZE - bytes.length);
          let verdict: string;
          try {
            const { length } = cursor.readFrame();
            verdict = `0 ${length} ${length + 8}`;
          } catch (error) {
            verdict = `${statuses[(error as NodeJS.ErrnoException).code ?? ""]} 0 0`;
          }
          const size = Buffer.alloc(4);
          size.writeUint32LE(bytes.length);
          input.push(size, bytes);
          expected.push(verdict);
        }
        assert.equal(peer([], Buffer.concat(input)).trimEnd().split("\n"), expected);
        assert.equal([...new Set(expected.map((verdict) => verdict[0]))].sort(), ["0", "1", "2", "3"]);
      });
    });
  }
  header.run();
}
