import * as assert from "uvu/assert";
import { suite } from "../../suite.js";
import { crc32cOracle } from "../../support/oracle.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333;
const HEADER = 8;

/** As it is documented: u32 length, u32 CRC-32C of the payload, both little-endian, payload. */
function frameOf(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint32(4, crc32cOracle(payload), true);
  frame.set(payload, HEADER);
  return frame;
}

for (const { name, withCursor } of pairs) {
  const frames = suite(`Cursor.readFrame, writeFrame [${name}]`);

  frames("write a length, a crc32c and the payload, return the number of bytes, and read it back", () => {
    withCursor(70_000, (cursor, { bytes }) => {
      for (const length of [0, 1, 3, 8, 15, 16, 17, 255, 256, SIZE, 12_289, 65_536]) {
        const payload = randomBytes(length, length + 1);
        bytes.fill(0xa5);
        cursor.seek(13);
        assert.is(cursor.writeFrame(payload), HEADER + length);
        assert.is(cursor.position, 13 + HEADER + length);
        const expected = new Uint8Array(bytes.length).fill(0xa5);
        expected.set(frameOf(payload), 13);
        assert.is(Buffer.compare(bytes, expected), 0, `${length} bytes`);
        cursor.seek(13);
        const read = cursor.readFrame();
        assert.is(Buffer.compare(read, payload), 0);
        assert.is(read.constructor, Uint8Array);
        assert.is(cursor.position, 13 + HEADER + length);
        read.fill(0); // a copy
        assert.is(Buffer.compare(bytes, expected), 0);
      }
    });
  });

  frames("have the same bytes in every version", () => {
    withCursor(64, (cursor, { bytes }) => {
      cursor.writeFrame(Buffer.from("123456789"));
      assert.is(Buffer.from(bytes.subarray(0, 18)).toString("hex"), "09000000839206e331323334353637383900");
    });
  });

  frames("follow one another; eight zero bytes are an empty one", () => {
    withCursor(SIZE, (cursor) => {
      assert.is(cursor.readFrame().length, 0);
      assert.is(cursor.position, HEADER);
      cursor.seek(SIZE - HEADER);
      assert.is(cursor.readFrame().length, 0); // the bytes that remain
      cursor.seek(SIZE - HEADER);
      assert.is(cursor.writeFrame(new Uint8Array(0)), HEADER);
      cursor.reset();
      for (const length of [5, 0, 100]) cursor.writeFrame(randomBytes(length, length + 1));
      cursor.reset();
      for (const length of [5, 0, 100]) assert.equal(cursor.readFrame(), randomBytes(length, length + 1));
      assert.is(cursor.position, 3 * HEADER + 105);
    });
  });

  frames("cut short at any byte: out of bounds or truncated, and the cursor does not move", () => {
    const frame = frameOf(randomBytes(40));
    for (let length = 1; length <= frame.length; length++)
      withCursor(SIZE, (cursor) => {
        const start = SIZE - length;
        cursor.seek(start);
        cursor.writeAll(frame.subarray(0, length));
        cursor.seek(start);
        if (length === frame.length) assert.is(cursor.readFrame().length, 40);
        else {
          assert.throws(() => cursor.readFrame(), code("ERR_SHM_FRAME_TRUNCATED", new RegExp(`readFrame at ${start}`)));
          assert.is(cursor.position, start);
        }
      });
    withCursor(SIZE, (cursor) => {
      for (const position of [SIZE, SIZE + 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
        cursor.seek(position);
        assert.throws(() => cursor.readFrame(), code("ERR_SHM_OUT_OF_BOUNDS", new RegExp(`readFrame at ${position}`)));
        assert.is(cursor.position, position);
      }
    });
  });

  frames("any bit flipped: damaged, or a length that passes the end", () => {
    const frame = frameOf(randomBytes(20));
    withCursor(frame.length + 9, (cursor, { bytes }) => {
      let [damaged, truncated] = [0, 0];
      for (let bit = 0; bit < frame.length * 8; bit++) {
        bytes.fill(0);
        bytes.set(frame, 3);
        const at = 3 + (bit >> 3);
        bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
        cursor.seek(3);
        const length = new DataView(bytes.slice(3, 7).buffer).getUint32(0, true);
        const fits = length <= frame.length + 9 - 3 - HEADER;
        assert.throws(() => cursor.readFrame(), code(fits ? "ERR_SHM_FRAME_DAMAGED" : "ERR_SHM_FRAME_TRUNCATED"));
        assert.is(cursor.position, 3);
        fits ? damaged++ : truncated++;
      }
      assert.ok(damaged > 190 && truncated > 25, `${damaged} damaged, ${truncated} truncated`);
    });
  });

  frames("a hostile length costs no more than an error", () => {
    withCursor(SIZE, (cursor) => {
      const before = process.memoryUsage().arrayBuffers;
      for (const length of [SIZE - HEADER + 1, 2 ** 31 - 1, 2 ** 31, 0xffffffff - 8, 0xffffffff]) {
        cursor.seek(0);
        cursor.writeUint32(length);
        cursor.seek(0);
        const words = new RegExp(`${length} bytes; ${SIZE - HEADER} remain of ${SIZE}`);
        assert.throws(() => cursor.readFrame(), code("ERR_SHM_FRAME_TRUNCATED", words));
        assert.is(cursor.position, 0);
      }
      assert.ok(process.memoryUsage().arrayBuffers < before + 2 ** 26);
      cursor.writeUint32(SIZE - HEADER); // fits to the last byte, so its checksum is compared
      cursor.writeUint32(1);
      cursor.seek(0);
      assert.throws(() => cursor.readFrame(), code("ERR_SHM_FRAME_DAMAGED"));
    });
  });

  frames("write nothing if they do not fit", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const [position, length] of [
        [SIZE - HEADER, 1],
        [SIZE - HEADER + 1, 0],
        [0, SIZE - HEADER + 1],
        [SIZE, 0],
        [SIZE + 5, 0],
        [2 ** 32, 10],
      ] as const) {
        cursor.seek(position);
        const words = new RegExp(`writeFrame at ${position} needs ${HEADER + length} bytes`);
        assert.throws(() => cursor.writeFrame(new Uint8Array(length).fill(1)), code("ERR_SHM_OUT_OF_BOUNDS", words));
        assert.is(cursor.position, position);
      }
      assert.ok(bytes.every((byte) => byte === 0));
      cursor.seek(0);
      assert.is(cursor.writeFrame(randomBytes(SIZE - HEADER)), SIZE);
      cursor.seek(0);
      assert.equal(cursor.readFrame(), randomBytes(SIZE - HEADER));
      assert.is(cursor.remaining, 0);
    });
  });

  frames("take a payload from the window itself, also from under the frame", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const from of [0, 3, 8, 20, 60]) {
        bytes.set(randomBytes(SIZE));
        const payload = bytes.slice(from, from + 100);
        cursor.seek(4);
        cursor.writeFrame(bytes.subarray(from, from + 100));
        cursor.seek(4);
        assert.equal(cursor.readFrame(), payload);
      }
    });
  });

  frames("refuse a value that is not a Uint8Array", () => {
    withCursor(SIZE, (cursor) => {
      for (const bytes of [
        undefined,
        null,
        5,
        "text",
        [1],
        new ArrayBuffer(8),
        new Uint16Array(2),
        new Proxy(new Uint8Array(4), {}),
      ])
        assert.throws(
          () => cursor.writeFrame(bytes as Uint8Array),
          code("ERR_INVALID_ARG_TYPE", /"bytes".*Uint8Array/),
        );
      assert.is(cursor.position, 0);
      assert.is(cursor.writeFrame(Buffer.from("a buffer").subarray(2, 5)), HEADER + 3);
    });
  });
  frames.run();
}
