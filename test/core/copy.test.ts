// Which way a copy takes, by its size, its alignment and the kind of memory; and what happens if native code refuses.
import { finished } from "node:stream/promises";
import * as assert from "uvu/assert";
import { type Attachment, type CoreName, sysvHost } from "wasm-shm";
import type { Streams } from "#src/cursor/streaming.js";
import { threadHost } from "#src/host/local.js";
import type { NativeCopy } from "#src/memory/copy.js";
import { compose } from "#src/segment/compose.js";
import * as readables from "#src/stream/readable.js";
import * as writables from "#src/stream/writable.js";
import { suite } from "../suite.js";
import { nativePairs, pairs } from "../support/pairs.js";

const SIZE = 40_000;
const FASTER = 1000; // bytes; of the engine that is made up here
const UNALIGNED = 160; // as in src/memory/copy.ts

/** Native code that notes its calls as "read 5 at 0", and does what the real one does; or refuses, as the real one can. */
function noting(calls: string[], refuses = false): NativeCopy {
  const note = (what: string, { length }: Uint8Array, start: number, copy: () => void): number | undefined => {
    calls.push(`${what} ${length} at ${start}`);
    if (refuses) return -22;
    copy();
    return undefined;
  };
  return {
    read: (array, window, start) =>
      note("read", array, start, () => array.set(window.subarray(start, start + array.length))),
    write: (array, window, start) => note("write", array, start, () => window.set(array, start)),
    faster: FASTER,
  };
}

const streams = { ...readables, ...writables } as unknown as Streams; // their types hide what is internal

async function withNoted(
  core: CoreName,
  memory: "shared" | "plain",
  use: (attachment: Attachment, calls: string[]) => void | Promise<void>,
  refuses = false,
): Promise<void> {
  const calls: string[] = [];
  const engine = { copy: noting(calls, refuses) };
  const platform = { sysv: sysvHost, byDefault: threadHost, engine, streams };
  const segment = compose({ host: "sysv", core }, platform).create(SIZE);
  try {
    await use(segment.attach({ memory }), calls);
  } finally {
    segment[Symbol.dispose]();
  }
}

const choice = suite("Which way a copy takes");
if (nativePairs.length === 0) choice.skip("by size", "only the sysv host has shared memories");
else
  for (const core of ["wasm", "js", "auto"] as const) {
    choice(`short and aligned: set; long, or unaligned from ${UNALIGNED} bytes on: native [${core}]`, async () => {
      await withNoted(core, "shared", (attachment, calls) => {
        const cursor = attachment.cursor();
        const cases: [length: number, start: number, native: boolean][] = [
          [0, 0, false],
          [0, 3, false],
          [UNALIGNED - 1, 1, false],
          [UNALIGNED, 1, true],
          [UNALIGNED, 7, true],
          [UNALIGNED, 8, false],
          [FASTER - 1, 0, false],
          [FASTER - 1, 4, true],
          [FASTER, 0, true],
          [30_000, 16, true],
          [30_000, 17, true],
        ];
        for (const [length, start, native] of cases) {
          const bytes = new Uint8Array(length).fill(7);
          calls.length = 0;
          cursor.seek(start);
          cursor.write(bytes);
          cursor.seek(start);
          cursor.read(bytes);
          cursor.readChunk(length, start);
          const expected = ["write", "read", "read"].map((what) => `${what} ${length} at ${start}`);
          assert.equal(calls, native ? expected : [], `${length} bytes at ${start}`);
          assert.ok(bytes.every((byte) => byte === 7));
        }
      });
    });

    choice(`plain memories: always set [${core}]`, async () => {
      await withNoted(core, "plain", (attachment, calls) => {
        const cursor = attachment.cursor();
        cursor.write(new Uint8Array(30_001));
        cursor.seek(1);
        cursor.read(new Uint8Array(30_001));
        cursor.readChunk(-1);
        cursor.seek(1);
        cursor.writeArray(new Uint32Array(5000), false);
        attachment.fill(1);
        attachment.copyWithin(1, 0, 20_000);
        assert.equal(calls, []);
      });
    });

    choice(`streams, but for chunks in place [${core}]`, async () => {
      await withNoted(core, "shared", async (attachment, calls) => {
        const cursor = attachment.cursor();
        const target = cursor.writable({ start: 1 });
        target.write(new Uint8Array(2000));
        target.end(new Uint8Array(100));
        await finished(target);
        assert.equal(calls.splice(0), ["write 2000 at 1"]);
        for await (const chunk of cursor.readable({ start: 3, end: 4003, highWaterMark: 2000 }))
          assert.is(chunk.length, 2000);
        assert.equal(calls.splice(0), ["read 2000 at 3", "read 2000 at 2003"]);
        for await (const chunk of cursor.readable({ start: 3, end: 4003, zeroCopy: true }))
          assert.is(chunk.buffer, attachment.bytes.buffer);
        assert.equal(calls, []);
      });
    });

    choice(`every codec that copies [${core}]`, async () => {
      await withNoted(core, "shared", (attachment, calls) => {
        const cursor = attachment.cursor();
        const text = "x".repeat(2000);
        const uses: [work: () => unknown, expected: string[]][] = [
          [() => cursor.writeString(text), ["write 2000 at 0"]],
          [() => cursor.writeCString(text), ["write 2001 at 0"]],
          [() => cursor.readCString(), ["read 2000 at 0"]],
          [() => cursor.writeVarString(text), ["write 2000 at 2"]],
          [() => cursor.readVarString(), ["read 2000 at 2"]],
          [() => cursor.readString(2000), ["read 2000 at 0"]],
          [() => cursor.readExactly(new Uint8Array(2000)), ["read 2000 at 0"]],
          [() => cursor.writeAll(new Uint8Array(2000)), ["write 2000 at 0"]],
          [() => cursor.readArray(Float64Array, 250), ["read 2000 at 0"]],
          [() => cursor.readInto(new Float64Array(250)), ["read 2000 at 0"]],
          [() => cursor.writeArray(new Float64Array(250)), ["write 2000 at 0"]],
        ];
        for (const [work, expected] of uses) {
          calls.length = 0;
          cursor.reset();
          work();
          assert.equal(calls, expected);
        }
        calls.length = 0;
        cursor.reset();
        cursor.writeFrame(new Uint8Array(2000));
        assert.ok(calls.includes("write 2000 at 8"));
        cursor.reset();
        cursor.readFrame();
        assert.ok(calls.includes("read 2000 at 8"));
      });
    });

    choice(`what native code refuses, set copies [${core}]`, async () => {
      await withNoted(
        core,
        "shared",
        (attachment, calls) => {
          const cursor = attachment.cursor();
          const bytes = Uint8Array.from({ length: 5001 }, (_, index) => index * 7);
          cursor.write(bytes);
          cursor.reset();
          const back = new Uint8Array(5001);
          cursor.read(back);
          assert.equal(back, bytes);
          assert.equal(cursor.readChunk(5001), bytes);
          attachment.fill(bytes.subarray(0, 4999), 1);
          assert.equal(attachment.bytes.slice(1, 5000), bytes.slice(0, 4999));
          cursor.reset();
          cursor.writeArray(new Uint32Array(2000).fill(0x01020304), false);
          assert.equal([...attachment.bytes.subarray(7996, 8000)], [1, 2, 3, 4]);
          assert.ok(calls.length >= 4);
        },
        true,
      );
    });
  }

choice("an array in a memory of the caller's, plain or shared, is as any other", () => {
  for (const { withCursor } of pairs)
    withCursor(SIZE, (cursor) => {
      for (const shared of [false, true]) {
        const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared });
        const bytes = new Uint8Array(memory.buffer, 3, 20_001).fill(9);
        cursor.reset();
        cursor.writeAll(bytes);
        bytes.fill(0);
        cursor.reset();
        cursor.readExactly(bytes);
        assert.ok(bytes.every((byte) => byte === 9));
      }
    });
});
choice.run();
