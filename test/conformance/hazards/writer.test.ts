// A concurrent writer: another thread changes the window all the time. Each read gives a value that may be there, or an
// error with a code, and nothing crashes. Every segment may have a hostile process for a writer.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import * as assert from "uvu/assert";
import type { Attachment, Cursor } from "wasm-shm";
import { suite } from "../../suite.js";
import { crc32cOracle } from "../../support/oracle.js";
import { pairs } from "../../support/pairs.js";

const SIZE = 3333;
const CHANGED = 3072; // bytes; after them two frames that take turns, and a counter
const FRAME = 3080;
const PAYLOAD = 200;
const COUNTER = 3328;
const FOR_MS = 1000;
/** On a busy machine the writer seldom runs beside the reader: then some outcomes need longer. */
const AT_MOST_MS = 60_000;

const payloads = [0x11, 0x22].map((byte) => new Uint8Array(PAYLOAD).fill(byte));
const checksums = payloads.map(crc32cOracle);

/** Writes bytes that are nearly text and nearly varints; none of them make U+FFFD itself. */
const writerOf = (id: number): string => `import("wasm-shm").then(({ open }) => {
  const attachment = open(${id}).attach();
  const { bytes } = attachment;
  const counter = new Uint32Array(attachment.memory.buffer, attachment.byteOffset + ${COUNTER}, 1);
  const header = new Uint32Array(attachment.memory.buffer, attachment.byteOffset + ${FRAME}, 2);
  const alphabet = [0x00, 0x01, 0x20, 0x41, 0x7f, 0x80, 0x81, 0x9f, 0xbf, 0xc2, 0xdf, 0xe1, 0xed, 0xf1, 0xf4, 0xff];
  const checksums = ${JSON.stringify(checksums)};
  let state = 1;
  const next = () => { state ^= state << 13; state ^= state >>> 17; state ^= state << 5; return state >>> 0; };
  for (;;) {
    for (let n = 0; n < 2000; n++) {
      const word = next();
      bytes[(word >>> 8) % ${CHANGED}] = word & 0x10 ? alphabet[word & 15] : 0x41;
    }
    const turn = next() & 1;
    header[0] = ${PAYLOAD};
    header[1] = checksums[turn];
    bytes.fill(turn ? 0x22 : 0x11, ${FRAME + 8}, ${FRAME + 8 + PAYLOAD});
    if (counter[0]++ === 0) require("node:worker_threads").parentPort.postMessage("ready");
  }
});`;

const isText = (value: unknown): boolean => typeof value === "string" && value.length <= SIZE;
const isGoodText = (value: unknown): boolean => isText(value) && !(value as string).includes("\ufffd");
const isSafe = (value: unknown): boolean => Number.isSafeInteger(value);
const between =
  (least: number, most: number) =>
  (value: unknown): boolean =>
    isSafe(value) && (value as number) >= least && (value as number) <= most;

type Step<T> = [name: string, read: (target: T) => unknown, isAllowed: (value: unknown) => boolean];

const reads: Step<Cursor>[] = [
  ["readVarUint", (cursor) => cursor.readVarUint(), between(0, Number.MAX_SAFE_INTEGER)],
  ["readVarInt", (cursor) => cursor.readVarInt(), isSafe],
  ["readBigVarUint", (cursor) => cursor.readBigVarUint(), (value) => BigInt.asUintN(64, value as bigint) === value],
  ["readBigVarInt", (cursor) => cursor.readBigVarInt(), (value) => BigInt.asIntN(64, value as bigint) === value],
  ["readVarUintArray", (cursor) => cursor.readVarUintArray(20), (value) => (value as Float64Array).every(isSafe)],
  ["readString", (cursor) => cursor.readString(30), isText],
  ["readString, fatal", (cursor) => cursor.readString(6, { fatal: true }), isGoodText],
  ["readCString", (cursor) => cursor.readCString(), (value) => isText(value) && !(value as string).includes("\0")],
  ["readCString, fatal", (cursor) => cursor.readCString(40, { fatal: true }), isGoodText],
  ["readVarString", (cursor) => cursor.readVarString(), isText],
  ["readVarString, fatal", (cursor) => cursor.readVarString({ fatal: true }), isGoodText],
  ["readFloat16", (cursor) => cursor.readFloat16(), (value) => typeof value === "number"],
  ["readArray", (cursor) => cursor.readArray(Uint32Array, 40, false).length, (value) => value === 40],
  ["readFloat16Array", (cursor) => cursor.readFloat16Array(40).length, (value) => value === 40],
  // Long enough for native code: src/memory/copy.ts.
  ["readString, long", (cursor) => cursor.readString(2001), isText],
  ["readArray, long", (cursor) => cursor.readArray(Uint16Array, 1001).length, (value) => value === 1001],
  ["read, long", (cursor) => cursor.read(new Uint8Array(2001)), between(1, 2001)],
  ["readFrame", (cursor) => cursor.readFrame(), (value) => (value as Uint8Array).length < SIZE],
];

const judgements: Step<Attachment>[] = [
  ["isUtf8", (attachment) => attachment.isUtf8(0, 64), (value) => typeof value === "boolean"],
  ["indexOf", (attachment) => attachment.indexOf(0xed, 100, 900), (value) => value === -1 || between(100, 899)(value)],
  [
    "indexOf text",
    (attachment) => attachment.indexOf("AAA\0", 100),
    (value) => value === -1 || between(100, SIZE - 4)(value),
  ],
  [
    "lastIndexOf",
    (attachment) => attachment.lastIndexOf("A\0A", 100),
    (value) => value === -1 || between(100, SIZE - 3)(value),
  ],
  ["compare", (attachment) => attachment.compare(payloads[0] as Uint8Array), between(-1, 1)],
  ["crc32c", (attachment) => attachment.checksum("crc32c"), between(0, 0xffffffff)],
  ["adler32", (attachment) => attachment.checksum("adler32"), between(0, 0xffffffff)],
  ["xxh3", (attachment) => attachment.checksum("xxh3"), (value) => BigInt.asUintN(64, value as bigint) === value],
  ["sum", (attachment) => attachment.sum(Uint8Array), between(0, 255 * SIZE)],
  ["max", (attachment) => attachment.max(Uint8Array, 0, CHANGED), between(0, 255)],
];

const refusals = [
  "ERR_SHM_OUT_OF_BOUNDS",
  "ERR_SHM_MALFORMED",
  "ERR_SHM_UNSAFE_INTEGER",
  "ERR_SHM_FRAME_TRUNCATED",
  "ERR_SHM_FRAME_DAMAGED",
];

for (const { name, withSegment } of pairs.filter(({ native }) => native)) {
  const writer = suite(`A window with a concurrent writer [${name}]`);

  writer("is read as a value that may be there, or an error that says why not", async () => {
    await withSegment(SIZE, async (segment) => {
      const attachment = segment.attach();
      const cursor = attachment.cursor();
      const thread = new Worker(writerOf(segment.id), { eval: true });
      const outcomes = new Map<string, number>();
      const note = (outcome: string): unknown => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      const counter = (): number =>
        new DataView(attachment.bytes.slice(COUNTER, COUNTER + 4).buffer).getUint32(0, true);
      const titles = [...reads, ...judgements].map(([title]) => title).filter((title) => title !== "readFrame");
      const expected = [...titles, ...refusals, "a whole frame"];
      try {
        await once(thread, "message");
        const before = counter();
        const began = performance.now();
        const isEnough = (): boolean => {
          const passed = performance.now() - began;
          if (passed < FOR_MS) return false;
          const isComplete = counter() > before + 10 && expected.every((outcome) => outcomes.has(outcome));
          return isComplete || passed >= AT_MOST_MS;
        };
        for (let position = 0; !isEnough(); position = (position + 37) % SIZE) {
          for (const [title, read, isAllowed] of reads) {
            cursor.seek(position);
            try {
              const value = read(cursor);
              if (!isAllowed(value)) assert.unreachable(`${title} at ${position} gave ${value}`);
              if (cursor.position <= position || cursor.position > SIZE)
                assert.unreachable(`${title} moved to ${cursor.position}`);
              note(title);
            } catch (error) {
              const { code } = error as { code?: string };
              if (!refusals.includes(code ?? "")) throw error;
              if (cursor.position !== position) assert.unreachable(`${title} failed and moved`);
              note(code as string);
            }
          }
          for (const [title, judge, isAllowed] of judgements) {
            const value = judge(attachment);
            if (!isAllowed(value)) assert.unreachable(`${title} gave ${value}`);
            note(title);
          }
          cursor.seek(FRAME);
          try {
            const payload = cursor.readFrame();
            if (!payloads.some((good) => Buffer.compare(good, payload) === 0))
              assert.unreachable(`a frame that was never written: ${payload}`);
            note("a whole frame");
          } catch (error) {
            if ((error as { code?: string }).code !== "ERR_SHM_FRAME_DAMAGED") throw error;
            note("a frame half written");
          }
        }
        assert.ok(counter() > before + 10, "the writer did not write");
      } finally {
        await thread.terminate();
      }
      for (const outcome of expected) assert.ok(outcomes.has(outcome), `${outcome} was not seen`);
    });
  });
  writer.run();
}

if (!pairs.some(({ native }) => native)) {
  const writer = suite("A window with a concurrent writer");
  writer.skip("is read as a value that may be there", "there is no sysv host on this platform");
  writer.run();
}
