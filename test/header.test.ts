// include/wasm_shm.h against the cursor's frames: each reads what the other wrote, and both refuse the same.
// Not tested: a big-endian machine; the header's loads and stores are by bytes.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { works } from "./child.js";
import { nativePairs, randomBytes } from "./pairs.js";
import { suite } from "./suite.js";

const SIZE = 3333;
const root = fileURLToPath(new URL("../../", import.meta.url));
const flags = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-I", join(root, "include")];
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const statuses: Record<string, number> = {
  ERR_SHM_OUT_OF_BOUNDS: 1,
  ERR_SHM_FRAME_TRUNCATED: 2,
  ERR_SHM_FRAME_DAMAGED: 3,
};

/** A frame, whole or with a byte changed, cut short, or with a length that is far too great. */
function mutated(frame: Uint8Array, round: number): Uint8Array {
  const bytes = frame.slice();
  const random = randomBytes(2);
  if (round % 4 === 1) bytes[(random[0] ?? 0) % bytes.length] = random[1] ?? 0;
  if (round % 4 === 2) return bytes.subarray(0, (random[0] ?? 0) % bytes.length);
  if (round % 4 === 3) bytes.fill(0xff, 0, 1 + ((random[0] ?? 0) % 4));
  return bytes;
}

const absent = ["gcc", "g++"].filter((name) => !works(name, ["--version"]));
for (const { name, withSegment } of nativePairs) {
  const header = suite(`include/wasm_shm.h [${name}]`);
  if (absent.length > 0) {
    header.skip("reads and writes our frames", `${absent.join(" and ")} not installed`);
  } else {
    const withPeer = (use: (run: (words: (string | number)[], input?: Uint8Array) => string) => void): void => {
      const folder = mkdtempSync(join(tmpdir(), "wasm-shm-header-"));
      try {
        const program = join(folder, "frames");
        execFileSync("gcc", ["-std=gnu99", ...flags, ...sanitizers, join(root, "test/peer/frames.c"), "-o", program]);
        use((words, input) => execFileSync(program, words.map(String), { input: input ?? "", encoding: "utf8" }));
      } finally {
        rmSync(folder, { recursive: true });
      }
    };

    header("compiles by itself as C99 and as C++11 without a warning", () => {
      const file = join(root, "include/wasm_shm.h");
      execFileSync("gcc", ["-std=c99", ...flags, "-Wno-unused-function", "-fsyntax-only", "-x", "c", file]);
      execFileSync("g++", ["-std=c++11", ...flags, "-Wno-unused-function", "-fsyntax-only", "-x", "c++", file]);
    });

    header("C reads what we wrote, and we read what C wrote", () => {
      withPeer((run) => {
        withSegment(SIZE, (segment) => {
          const cursor = segment.attach().cursor();
          assert.is(run(["write", segment.id, "from C"]), "0");
          assert.is(Buffer.from(cursor.readFrame()).toString(), "from C");
          const offset = cursor.position;
          cursor.writeFrame(Buffer.from("from wasm-shm"));
          assert.is(run(["read", segment.id, offset]), "0 from wasm-shm");
          assert.is(run(["read", segment.id, SIZE]), "1 ");
          assert.is(run(["read", segment.id, SIZE - 7]), "2 ");
          cursor.seek(14);
          cursor.writeUint32(SIZE - 14 - 8 + 1); // one more than remains from there
          assert.is(run(["read", segment.id, 14]), "2 ");
        });
      });
    });

    header("gives the verdict that readFrame gives on 4,000 frames, most of them hostile", () => {
      withPeer((run) => {
        withSegment(SIZE, (segment) => {
          const attachment = segment.attach();
          const input: Uint8Array[] = [];
          const expected: string[] = [];
          for (let round = 0; round < 4000; round++) {
            const start = attachment.cursor();
            const took = start.writeFrame(randomBytes(round % 61));
            const bytes = mutated(attachment.bytes.slice(0, took), round);
            const cursor = attachment.cursor();
            cursor.seek(SIZE - bytes.length); // so that the window ends where the buffer does
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
          assert.equal(run([], Buffer.concat(input)).trimEnd().split("\n"), expected);
          assert.equal([...new Set(expected.map((verdict) => verdict[0]))].sort(), ["0", "1", "2", "3"]);
        });
      });
    });
  }
  header.run();
}
