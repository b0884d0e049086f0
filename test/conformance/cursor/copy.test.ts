// What copies between a window and an array of the caller's: every method that does, at sizes around each border between
// two ways of copying (src/memory/copy.ts) and at every alignment of both sides, against an oracle of single bytes.
import * as assert from "uvu/assert";
import type { Attachment, Cursor, MemoryKind } from "wasm-shm";
import { suite } from "../../suite.js";
import { campaign } from "../../support/campaign.js";
import { type Pair, pairs, pairsWithoutEngine, randomBytes } from "../../support/pairs.js";

const SIZE = 20_000; // bytes: more than the scratch area
const WORD = 8;

/** Bytes: odd ones, the borders of every engine, and the wasm core's scratch area. */
const sizes = [
  ...[0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 128, 129, 159, 160, 161, 163],
  ...[255, 257, 511, 513, 639, 640, 641, 1023, 1024, 1025, 1279, 1280, 1281, 1287, 2049, 3333, 4095, 4096, 4097],
  ...[12_287, 12_288, 12_289, 12_297],
];

const same = (actual: Uint8Array, expected: Uint8Array, what: string): void =>
  assert.ok(Buffer.compare(actual, expected) === 0, what);

/** Bytes around an array, in which nothing may change. */
const MARGIN = 16;

interface Margins {
  array: Uint8Array;
  checkMargins(what: string): void;
}

/** An array whose first byte is `alignment` bytes past a multiple of 8. */
function withMargins(length: number, alignment: number): Margins {
  const start = MARGIN + alignment;
  const all = new Uint8Array(start + length + MARGIN).fill(0xa5);
  return {
    array: all.subarray(start, start + length),
    checkMargins(what) {
      const outside = [...all.subarray(0, start), ...all.subarray(start + length)];
      assert.ok(
        outside.every((byte) => byte === 0xa5),
        `${what}: bytes around the array changed`,
      );
    },
  };
}

/** The bytes of `text` from `start`, one after the other. */
function bytesAt(text: Uint8Array, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = text[start + index] as number;
  return bytes;
}

const reversed = (bytes: Uint8Array): Uint8Array =>
  bytes.map((_, index) => bytes[index - (index % 4) + 3 - (index % 4)] as number);

type Read = (cursor: Cursor, target: Uint8Array) => Uint8Array;

const reads: Record<string, Read> = {
  read(cursor, target) {
    assert.is(cursor.read(target), target.length);
    return target;
  },
  readExactly(cursor, target) {
    cursor.readExactly(target);
    return target;
  },
  readInto(cursor, target) {
    cursor.readInto(target);
    return target;
  },
  readChunk: (cursor, { length }) => cursor.readChunk(length, cursor.position),
  readArray: (cursor, { length }) => cursor.readArray(Uint8Array, length),
  readString: (cursor, { length }) => Buffer.from(cursor.readString(length), "latin1"),
};

type Write = (cursor: Cursor, source: Uint8Array) => void;

const writes: Record<string, Write> = {
  write: (cursor, source) => assert.is(cursor.write(source), source.length),
  writeAll: (cursor, source) => cursor.writeAll(source),
  writeArray: (cursor, source) => cursor.writeArray(source),
  writeString: (cursor, source) => cursor.writeString(Buffer.from(source).toString("latin1")),
};

/** Which kinds of memory the pair has. */
const kindsOf = ({ native }: Pair): (MemoryKind | undefined)[] => (native ? ["shared", "plain"] : [undefined]);

/** Calls `use` for each size, each alignment in the window and, in turn, each alignment of the array. */
function eachCase(use: (length: number, start: number, alignment: number, what: string) => void): void {
  const turns = campaign(2, WORD); // of the array's alignments for one of the window's
  for (const length of sizes)
    for (let start = 0; start < WORD; start++)
      for (let turn = 0; turn < turns; turn++) {
        const alignment = (start + length + turn * 3) % WORD;
        use(length, start, alignment, `${length} bytes at ${start}, an array at ${alignment}`);
      }
}

for (const pair of [...pairs, ...pairsWithoutEngine])
  for (const kind of kindsOf(pair)) {
    const copies = suite(`Copies of every size and alignment [${pair.name}${kind ? `, ${kind}` : ""}]`);
    const withBoth = (use: (attachment: Attachment, cursor: Cursor) => void): void =>
      pair.withSegment(SIZE, (segment) => {
        const attachment = segment.attach(kind ? { memory: kind } : {});
        use(attachment, attachment.cursor());
      });
    const ascii = randomBytes(SIZE).map((byte) => byte & 0x7f);

    for (const [name, read] of Object.entries(reads))
      copies(`${name} gives the bytes, and changes none around the array`, () => {
        withBoth(({ bytes }, cursor) => {
          bytes.set(ascii);
          eachCase((length, start, alignment, what) => {
            const { array, checkMargins } = withMargins(length, alignment);
            cursor.seek(start);
            same(read(cursor, array), bytesAt(ascii, start, length), what);
            checkMargins(what);
          });
          same(bytes, ascii, "the window itself");
        });
      });

    for (const [name, write] of Object.entries(writes))
      copies(`${name} stores the bytes, and changes none around them`, () => {
        withBoth(({ bytes }, cursor) => {
          eachCase((length, start, alignment, what) => {
            const { array, checkMargins } = withMargins(length, alignment);
            array.set(bytesAt(ascii, alignment, length));
            bytes.fill(0xa5, 0, start + length + MARGIN);
            cursor.seek(start);
            write(cursor, array);
            const expected = new Uint8Array(start + length + MARGIN).fill(0xa5);
            for (let index = 0; index < length; index++) expected[start + index] = array[index] as number;
            same(bytes.subarray(0, expected.length), expected, what);
            checkMargins(what);
          });
        });
      });

    copies("arrays in the other byte order cross in parts", () => {
      withBoth(({ bytes }, cursor) => {
        bytes.set(ascii);
        eachCase((length, start, alignment, what) => {
          const count = Math.ceil(length / 4);
          const { array, checkMargins } = withMargins(4 * count, alignment - (alignment % 4));
          const elements = new Uint32Array(array.buffer, array.byteOffset, count);
          cursor.seek(start);
          cursor.readInto(elements, false);
          same(array, reversed(bytesAt(ascii, start, 4 * count)), what);
          checkMargins(what);
          cursor.seek(start);
          cursor.writeArray(elements, false);
          same(bytes, ascii, `${what}, and back`);
        });
      });
    });

    copies("varints and half floats cross in parts", () => {
      withBoth((_, cursor) => {
        for (const count of [1, 19, 20, 21, 160, 1535, 1536, 1537, 3071, 3073, 6000]) {
          const numbers = Float64Array.from({ length: count }, (_, index) => (index * 7) % 300);
          cursor.reset();
          const length = cursor.writeVarUintArray(numbers);
          cursor.reset();
          assert.equal(cursor.readVarUintArray(count), numbers);
          assert.is(cursor.position, length);
          const halves = Float32Array.from(numbers);
          cursor.seek(count % WORD);
          cursor.writeFloat16Array(halves, count % 2 === 0);
          cursor.seek(count % WORD);
          assert.equal(cursor.readFloat16Array(count, count % 2 === 0), halves);
        }
      });
    });

    copies("frames of every size come back", () => {
      withBoth((_, cursor) => {
        eachCase((length, start, alignment, what) => {
          const payload = bytesAt(ascii, alignment, length);
          cursor.seek(start);
          cursor.writeFrame(payload);
          cursor.seek(start);
          same(cursor.readFrame(), payload, what);
        });
      });
    });

    copies("at the end, as many bytes are copied as remain", () => {
      withBoth(({ bytes }, cursor) => {
        for (const length of sizes)
          for (const rest of [length >> 1, Math.max(0, length - 1)]) {
            const what = `${rest} of ${length} bytes`;
            bytes.set(ascii);
            const { array, checkMargins } = withMargins(length, length % WORD);
            cursor.seek(SIZE - rest);
            assert.is(cursor.read(array), rest, what);
            same(array.subarray(0, rest), bytesAt(ascii, SIZE - rest, rest), what);
            assert.ok(array.subarray(rest).every((byte) => byte === 0xa5));
            array.fill(0x11);
            cursor.seek(SIZE - rest);
            assert.is(cursor.write(array), rest, what);
            same(bytes.subarray(0, SIZE - rest), ascii.subarray(0, SIZE - rest), what);
            assert.ok(bytes.subarray(SIZE - rest).every((byte) => byte === 0x11));
            array.fill(0xa5);
            checkMargins(what);
          }
      });
    });

    copies("source and target may overlap in the window", () => {
      withBoth((attachment, cursor) => {
        const { bytes } = attachment;
        for (const length of sizes)
          for (const [from, to] of [
            [0, 1],
            [1, 0],
            [0, 8],
            [13, 5],
            [0, length >> 1],
            [length >> 1, 0],
            [3, 3],
          ] as [number, number][]) {
            const expected = Uint8Array.from(ascii);
            for (let index = 0; index < length; index++) expected[to + index] = ascii[from + index] as number;
            const what = `${length} bytes from ${from} to ${to}`;
            bytes.set(ascii);
            cursor.seek(to);
            cursor.writeAll(bytes.subarray(from, from + length));
            same(bytes, expected, `writeAll of ${what}`);
            bytes.set(ascii);
            cursor.seek(from);
            cursor.readExactly(bytes.subarray(to, to + length));
            same(bytes, expected, `readExactly of ${what}`);
            bytes.set(ascii);
            attachment.copyWithin(to, from, from + length);
            same(bytes, expected, `copyWithin of ${what}`);
          }
      });
    });
    copies.run();
  }
