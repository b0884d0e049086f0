import * as assert from "uvu/assert";
import { Whence } from "wasm-shm";
import { suite } from "../../suite.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333; // bytes: not whole pages, not whole words

for (const { name, withCursor, withAttachment } of pairs) {
  const seek = suite(`Cursor.seek [${name}]`);

  seek("counts from the start, the position and the end, as io.Seeker", () => {
    withCursor(SIZE, (cursor) => {
      assert.is(cursor.seek(100), 100);
      assert.is(cursor.seek(11, Whence.Start), 11);
      assert.is(cursor.seek(9, Whence.Current), 20);
      assert.is(cursor.seek(-5, Whence.Current), 15);
      assert.is(cursor.seek(-8, Whence.End), SIZE - 8);
      assert.is(cursor.seek(0, Whence.End), SIZE);
      assert.is(cursor.remaining, 0);
      cursor.reset();
      assert.is(cursor.position, 0);
      assert.is(cursor.remaining, SIZE);
      assert.is(cursor.size, SIZE);
    });
  });

  seek("goes past the end; reads and writes there return 0", () => {
    withCursor(SIZE, (cursor) => {
      for (const past of [SIZE, SIZE + 1, 2 ** 32, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
        assert.is(cursor.seek(past), past);
        assert.is(cursor.read(new Uint8Array(8)), 0);
        assert.is(cursor.write(new Uint8Array(8)), 0);
        assert.is(cursor.position, past);
        assert.is(cursor.remaining, 0);
      }
    });
  });

  seek("refuses before the start, and leaves the position", () => {
    withCursor(SIZE, (cursor) => {
      cursor.seek(7);
      assert.throws(() => cursor.seek(-1), code("ERR_SHM_OUT_OF_BOUNDS", /-1 from the start.*position is 7 of 3333/));
      assert.throws(() => cursor.seek(-8, Whence.Current), code("ERR_SHM_OUT_OF_BOUNDS"));
      assert.throws(() => cursor.seek(-SIZE - 1, Whence.End), code("ERR_SHM_OUT_OF_BOUNDS"));
      assert.throws(() => cursor.seek(Number.MIN_SAFE_INTEGER), code("ERR_SHM_OUT_OF_BOUNDS"));
      assert.is(cursor.position, 7);
      assert.throws(() => cursor.seek(Number.MAX_SAFE_INTEGER, Whence.Current), code("ERR_OUT_OF_RANGE"));
      assert.is(cursor.position, 7);
    });
  });

  seek("refuses an invalid offset or whence", () => {
    withCursor(SIZE, (cursor) => {
      for (const offset of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
        assert.throws(() => cursor.seek(offset), code("ERR_OUT_OF_RANGE", /"offset"/));
      for (const offset of ["1", 1n, null, {}])
        assert.throws(() => cursor.seek(offset as number), code("ERR_INVALID_ARG_TYPE", /"offset"/));
      for (const whence of [3, -1, 0.5]) assert.throws(() => cursor.seek(0, whence as 0), code("ERR_OUT_OF_RANGE"));
      assert.throws(() => cursor.seek(0, "end" as unknown as 0), code("ERR_INVALID_ARG_TYPE", /"whence"/));
      assert.is(cursor.position, 0);
    });
  });
  seek.run();

  const bytes = suite(`Cursor.read, write [${name}]`);

  bytes("writes and reads back, at any position and length", () => {
    withCursor(SIZE, (cursor, { bytes: window }) => {
      const model = new Uint8Array(SIZE);
      const source = randomBytes(SIZE);
      for (const [position, length] of [
        [0, 0],
        [0, 1],
        [0, SIZE],
        [1, 7],
        [4095 % SIZE, 64],
        [SIZE - 1, 1],
        [13, 1024],
      ] as const) {
        cursor.seek(position);
        assert.is(cursor.write(source.subarray(0, length)), length);
        model.set(source.subarray(0, length), position);
        assert.is(cursor.position, position + length);
        assert.equal(window, model);
        cursor.seek(position);
        const target = new Uint8Array(length);
        assert.is(cursor.read(target), length);
        assert.equal(target, source.slice(0, length));
      }
    });
  });

  bytes("moves fewer at the end, and 0 there", () => {
    withCursor(SIZE, (cursor, { bytes: window }) => {
      cursor.seek(SIZE - 3);
      assert.is(cursor.write(Uint8Array.of(1, 2, 3, 4, 5)), 3);
      assert.equal([...window.subarray(-4)], [0, 1, 2, 3]);
      assert.is(cursor.write(Uint8Array.of(9)), 0);
      cursor.seek(SIZE - 3);
      const target = new Uint8Array(5).fill(7);
      assert.is(cursor.read(target), 3);
      assert.equal([...target], [1, 2, 3, 7, 7]);
      assert.is(cursor.read(target), 0);
      assert.equal([...target], [1, 2, 3, 7, 7]);
    });
  });

  bytes("takes a Buffer, a part of one, and bytes of the window itself", () => {
    withCursor(SIZE, (cursor, { bytes: window }) => {
      const buffer = Buffer.from("the bytes of a buffer");
      cursor.write(buffer.subarray(4, 9));
      assert.is(Buffer.from(window.subarray(0, 5)).toString(), "bytes");
      cursor.write(window.subarray(0, 5)); // overlaps nothing
      cursor.seek(2);
      cursor.write(window.subarray(0, 8)); // overlaps: as memmove
      assert.is(Buffer.from(window.subarray(0, 10)).toString(), "bybytesbyt");
      assert.is(cursor.read(Buffer.alloc(2)), 2);
    });
  });

  bytes("refuses a value that is not a Uint8Array", () => {
    withCursor(SIZE, (cursor) => {
      const wrong = [
        undefined,
        null,
        5,
        "text",
        [1, 2],
        new ArrayBuffer(8),
        new Float32Array(2),
        new DataView(new ArrayBuffer(8)),
        { length: 3 },
      ];
      for (const value of wrong as Uint8Array[])
        for (const call of [cursor.read, cursor.write, cursor.readExactly, cursor.writeAll])
          assert.throws(() => call.call(cursor, value), code("ERR_INVALID_ARG_TYPE", /Uint8Array/));
      assert.is(cursor.position, 0);
    });
  });
  bytes.run();

  const exact = suite(`Cursor.readExactly, writeAll [${name}]`);

  exact("moves all", () => {
    withCursor(SIZE, (cursor) => {
      const source = randomBytes(SIZE);
      cursor.writeAll(source);
      assert.is(cursor.position, SIZE);
      cursor.reset();
      const target = new Uint8Array(SIZE);
      cursor.readExactly(target);
      assert.equal(target, source);
      cursor.readExactly(new Uint8Array(0)); // nothing, at the very end
      cursor.writeAll(new Uint8Array(0));
      assert.is(cursor.position, SIZE);
    });
  });

  exact("or moves nothing", () => {
    withCursor(SIZE, (cursor, { bytes: window }) => {
      cursor.seek(SIZE - 3);
      const target = new Uint8Array(4).fill(7);
      assert.throws(
        () => cursor.readExactly(target),
        code("ERR_SHM_OUT_OF_BOUNDS", /readExactly at 3330 needs 4 bytes; 3 remain/),
      );
      assert.throws(() => cursor.writeAll(target), code("ERR_SHM_OUT_OF_BOUNDS", /writeAll at 3330 needs 4/));
      assert.ok(target.every((byte) => byte === 7));
      assert.ok(window.every((byte) => byte === 0));
      assert.is(cursor.position, SIZE - 3);
      cursor.seek(SIZE + 1);
      assert.throws(() => cursor.readExactly(new Uint8Array(0)), code("ERR_SHM_OUT_OF_BOUNDS"));
    });
  });
  exact.run();

  const chunk = suite(`Cursor.readChunk [${name}]`);

  chunk("copies, and neither uses nor moves the position", () => {
    withCursor(SIZE, (cursor, { bytes: window }) => {
      const random = randomBytes(SIZE);
      window.set(random);
      cursor.seek(99);
      assert.equal(cursor.readChunk(10, 5), random.slice(5, 15));
      assert.equal(cursor.readChunk(-1, 3330), random.slice(3330));
      assert.equal(cursor.readChunk(-1), random);
      assert.is(cursor.readChunk(0, SIZE).length, 0);
      assert.is(cursor.readChunk(-1, SIZE).length, 0);
      const copy = cursor.readChunk(4);
      copy.fill(0);
      assert.equal(window, random);
      assert.is(cursor.position, 99);
      assert.is(Object.getPrototypeOf(copy), Uint8Array.prototype);
    });
  });

  chunk("is an error past the end, not a crash, and allocates nothing for it", () => {
    withCursor(SIZE, (cursor) => {
      for (const [length, start] of [
        [1, SIZE],
        [SIZE + 1, 0],
        [4, 3330],
        [0, SIZE + 1],
        [-1, SIZE + 1],
        [Number.MAX_SAFE_INTEGER, 1],
        [2 ** 32 + 1, 0],
        [1, Number.MAX_SAFE_INTEGER],
      ] as const)
        assert.throws(() => cursor.readChunk(length, start), code("ERR_SHM_OUT_OF_BOUNDS", /remain of 3333/));
      assert.throws(() => cursor.readChunk(1, -1), code("ERR_OUT_OF_RANGE", /"start"/));
      assert.throws(() => cursor.readChunk(Number.NaN), code("ERR_OUT_OF_RANGE", /"length"/));
      assert.throws(() => cursor.readChunk("1" as unknown as number), code("ERR_INVALID_ARG_TYPE"));
    });
  });
  chunk.run();

  const several = suite(`Cursors side by side [${name}]`);

  several("have positions of their own, and see each other's writes", () => {
    withAttachment(64, (attachment) => {
      const [first, second] = [attachment.cursor(), attachment.cursor()];
      first.writeUint32(0x01020304);
      assert.is(second.position, 0);
      assert.is(second.readUint32(), 0x01020304);
    });
  });

  several("2,500 at once, more than page 0 has records for, keep the contract", () => {
    withAttachment(8192, (attachment) => {
      const cursors = Array.from({ length: 2500 }, (_, index) => {
        const cursor = attachment.cursor();
        cursor.seek(index);
        return cursor;
      });
      cursors.forEach((cursor, index) => {
        assert.is(cursor.position, index);
        cursor.writeUint8(index);
      });
      assert.ok(attachment.bytes.subarray(0, 2500).every((byte, index) => byte === index % 256));
      for (const cursor of cursors) cursor[Symbol.dispose]();
      const next = attachment.cursor();
      assert.is(next.core, attachment.core);
      assert.is(next.readUint8(), 0);
      for (const cursor of cursors) assert.throws(() => cursor.readUint8(), code("ERR_SHM_DETACHED"));
    });
  });

  several("a disposed one never touches the cursor that came after it", () => {
    withAttachment(64, (attachment) => {
      const first = attachment.cursor();
      first[Symbol.dispose]();
      first[Symbol.dispose]();
      const second = attachment.cursor();
      const third = attachment.cursor();
      assert.throws(() => first.writeUint8(9), code("ERR_SHM_DETACHED"));
      second.seek(1);
      assert.is(third.position, 0);
      assert.is(second.position, 1);
    });
  });
  several.run();
}
