// Every operation at addresses that do not fit 31 or 32 bits: around 2 GiB, and at the end of the largest window, which
// is the end of a 4 GiB memory. Each is compared with the same bytes in a small window. Not tested: a range of
// gigabytes as a whole, which would take as much memory.
import * as assert from "uvu/assert";
import type { Attachment, Cursor } from "wasm-shm";
import { suite } from "../../suite.js";
import { atCursor } from "../../support/operations.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";
import { nearlyUtf8 } from "../../support/sequences.js";

const LARGEST = 2 ** 32 - 65_536; // bytes
const SIZE = 4096;
const bases = [2 ** 31 - SIZE / 2, LARGEST - SIZE];
const ends = [SIZE, SIZE - 1, SIZE - 8, SIZE / 2, SIZE / 2 + 1];

const skipped = ["seek", "reset", "position", "remaining", "readChunk"]; // they do not begin at the cursor
const lengthy = ["readCString", "readVarString", "readFrame"]; // they may end after the small window

type Shifted = [name: string, run: (attachment: Attachment, base: number, end: number) => unknown];

/** A place in the large window, from the base. */
const from = (place: number, base: number): number => (place < 0 ? place : place - base);

const operations: Shifted[] = [
  ...(["crc32", "crc32c", "adler32", "xxh64", "xxh3"] as const).map(
    (name): Shifted => [
      name,
      (attachment, base, end) => attachment.checksum(name as "crc32", { start: base + 5, end: base + end }),
    ],
  ),
  ["indexOf", (attachment, base, end) => from(attachment.indexOf(0xe0, base + 9, base + end), base)],
  ["lastIndexOf", (attachment, base, end) => from(attachment.lastIndexOf(0xe0, base + 9, base + end), base)],
  ["indexOf, none", (attachment, base, end) => attachment.indexOf(0x03, base, base + end)],
  ["lastIndexOf, none", (attachment, base, end) => attachment.lastIndexOf(0x03, base, base + end)],
  [
    "indexOf, bytes",
    (attachment, base, end) =>
      from(attachment.indexOf(attachment.bytes.slice(base + end - 7, base + end), base, base + end), base),
  ],
  [
    "lastIndexOf, bytes",
    (attachment, base, end) =>
      from(attachment.lastIndexOf(attachment.bytes.slice(base + end - 7, base + end), base, base + end), base),
  ],
  ["equals", (attachment, base, end) => attachment.equals(attachment.bytes.slice(base, base + end), base, base + end)],
  ["compare", (attachment, base, end) => attachment.compare(new Uint8Array(end).fill(0x20), base, base + end)],
  ["isUtf8", (attachment, base, end) => attachment.isUtf8(base, base + end)],
  [
    "isUtf8, of ASCII",
    (attachment, base, end) => {
      attachment.fill("ascii", base + 16, base + end);
      return attachment.isUtf8(base + 16, base + end);
    },
  ],
  ["sum of bytes", (attachment, base, end) => attachment.sum(Uint8Array, base, base + end)],
  ["sum of floats", (attachment, base, end) => attachment.sum(Float32Array, base + (end % 4), base + end)],
  ["sum of bigints", (attachment, base, end) => attachment.sum(BigInt64Array, base + (end % 8), base + end)],
  ["min", (attachment, base, end) => attachment.min(Int16Array, base + (end % 2), base + end)],
  ["max", (attachment, base, end) => attachment.max(BigUint64Array, base + (end % 8), base + end)],
  ["fill", (attachment, base, end) => attachment.fill(7, base + 1, base + end)],
  ["fill, by a pattern", (attachment, base, end) => attachment.fill("pattern", base + 1, base + end)],
  ["copyWithin", (attachment, base, end) => attachment.copyWithin(base + end - 1000, base + 3, base + 1003)],
  ["copyWithin, back", (attachment, base, end) => attachment.copyWithin(base + 3, base + end - 1000, base + end)],
  ["swap16", (attachment, base, end) => attachment.swap16(base + (end % 2), base + end)],
  ["swap32", (attachment, base, end) => attachment.swap32(base + (end % 4), base + end)],
  ["swap64", (attachment, base, end) => attachment.swap64(base + (end % 8), base + end)],
];

const show = (value: unknown): unknown => (ArrayBuffer.isView(value) ? String(value) : value);

/** The result of a cursor's operation, or its code, and how far it moved. */
function outcomeOf(use: (cursor: Cursor) => unknown, cursor: Cursor): unknown[] {
  const before = cursor.position;
  try {
    return [show(use(cursor)), cursor.position - before];
  } catch (error) {
    return [(error as { code?: string }).code, cursor.position - before];
  }
}

for (const { name, shm, withAttachment } of pairs.filter(({ native }) => native)) {
  const edge = suite(`The far end of a window [${name}]`);

  /** A window of almost 4 GiB, of which a part is the bytes of a small one. */
  const withBoth = (use: (large: Attachment, base: number, small: Attachment, fill: () => void) => void): void => {
    const segment = shm.create(LARGEST, { noReserve: true });
    try {
      const large = segment.attach();
      const random = nearlyUtf8(randomBytes(SIZE));
      for (const base of bases)
        withAttachment(SIZE, (small) => {
          const fill = (): void => {
            small.bytes.set(random);
            large.bytes.set(random, base);
          };
          use(large, base, small, fill);
        });
    } finally {
      segment[Symbol.dispose]();
    }
  };

  edge("ranges there work as anywhere else", () => {
    withBoth((large, base, small, fill) => {
      for (const [title, run] of operations)
        for (const end of ends) {
          fill();
          assert.equal([run(large, base, end)], [run(small, 0, end)], `${title} to ${end}, at ${base}`);
          const part = large.bytes.subarray(base, base + SIZE);
          assert.ok(Buffer.compare(part, small.bytes) === 0, `${title} to ${end}, at ${base}`);
        }
    });
  });

  edge("cursors there work as anywhere else, up to the last byte", () => {
    withBoth((large, base, small, fill) => {
      const [far, near] = [large.cursor(), small.cursor()];
      const isEnd = base + SIZE === LARGEST;
      for (const [title, use] of Object.entries(atCursor)) {
        if (skipped.includes(title) || (!isEnd && lengthy.includes(title))) continue;
        for (const place of [SIZE - 300, SIZE / 2 - 3, ...(isEnd ? [SIZE - 9, SIZE - 3, SIZE - 1, SIZE] : [])]) {
          fill();
          far.seek(base + place);
          near.seek(place);
          assert.equal(outcomeOf(use, far), outcomeOf(use, near), `${title} at ${base + place}`);
          assert.ok(Buffer.compare(large.bytes.subarray(base, base + SIZE), small.bytes) === 0, title);
        }
      }
    });
  });

  edge("a length that passes the end by a wrap of 32 bits is refused", () => {
    withBoth((large) => {
      const cursor = large.cursor();
      cursor.seek(LARGEST - 2);
      for (const length of [3, 65_536, 65_538, 2 ** 31, 2 ** 32 - 1, 2 ** 32]) {
        assert.throws(() => cursor.readString(length), code("ERR_SHM_OUT_OF_BOUNDS"));
        assert.throws(() => cursor.readArray(Uint8Array, length), code("ERR_SHM_OUT_OF_BOUNDS"));
        assert.throws(() => cursor.readArray(BigInt64Array, length, false), code("ERR_SHM_OUT_OF_BOUNDS"));
        assert.throws(() => cursor.readFloat16Array(length), code("ERR_SHM_OUT_OF_BOUNDS"));
        assert.throws(() => cursor.readVarUintArray(length), code("ERR_SHM_OUT_OF_BOUNDS"));
      }
      for (const target of [LARGEST - 9, LARGEST, 2 ** 32 - 1, 2 ** 32])
        assert.throws(() => large.copyWithin(target, 0, 10), code("ERR_OUT_OF_RANGE"));
      assert.is(cursor.position, LARGEST - 2);
    });
  });
  edge.run();
}

if (!pairs.some(({ native }) => native)) {
  const edge = suite("The far end of a window");
  edge.skip("is as any other part", "only the sysv host has one of 4 GiB that takes no memory");
  edge.run();
}
