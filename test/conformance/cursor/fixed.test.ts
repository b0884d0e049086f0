// Text of a fixed size: padded with NULs, never cut inside a character.
import * as assert from "uvu/assert";
import type { TextEncoding } from "wasm-shm";
import { suite } from "../../suite.js";
import { run, works } from "../../support/child.js";
import { code, nativePairs, pairs } from "../../support/pairs.js";
import { absent } from "../../support/peers.js";

const SIZE = 3333;
const encodings: TextEncoding[] = ["utf8", "utf16le", "latin1"];

for (const { name, withCursor } of pairs) {
  const fixed = suite(`Cursor.readFixedText, writeFixedText [${name}]`);

  fixed("fill the field, read it back, and move past it", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const encoding of encodings)
        for (const text of ["", "a", "grüße", "x".repeat(16)])
          for (const size of [16, 32, 33]) {
            bytes.fill(0xa5);
            cursor.seek(5);
            const length = cursor.writeFixedText(text, size, { encoding });
            const whole = Buffer.from(text, encoding);
            assert.is(length, Math.min(whole.length, size));
            assert.is(cursor.position, 5 + size);
            assert.ok(bytes.subarray(5 + length, 5 + size).every((byte) => byte === 0));
            assert.equal([bytes[4], bytes[5 + size]], [0xa5, 0xa5]);
            cursor.seek(5);
            const read = cursor.readFixedText(size, { encoding, fatal: true });
            assert.is(read, whole.subarray(0, length).toString(encoding));
            assert.is(cursor.position, 5 + size);
          }
    });
  });

  fixed("cut where a character ends", () => {
    withCursor(SIZE, (cursor) => {
      for (const [text, encoding, expected] of [
        ["aé", "utf8", ["", "a", "a", "aé", "aé"]],
        ["é€", "utf8", ["", "", "é", "é", "é", "é€"]],
        ["a\u{1f600}b", "utf8", ["", "a", "a", "a", "a", "a\u{1f600}", "a\u{1f600}b"]],
        ["a\u{1f600}b", "utf16le", ["", "", "a", "a", "a", "a", "a\u{1f600}", "a\u{1f600}", "a\u{1f600}b"]],
        ["éé", "latin1", ["", "é", "éé", "éé"]],
      ] as [string, TextEncoding, string[]][])
        expected.forEach((cut, size) => {
          cursor.reset();
          const length = cursor.writeFixedText(text, size, { encoding });
          assert.is(length, Buffer.byteLength(cut, encoding), `${text} in ${size} bytes of ${encoding}`);
          cursor.reset();
          assert.is(cursor.readFixedText(size, { encoding, fatal: true }), cut);
        });
      for (let size = 100; size < 300; size++) {
        cursor.reset();
        const whole = Math.floor(size / 3) * 3;
        assert.is(cursor.writeFixedText("aé".repeat(200), size), whole + Math.min(size - whole, 1), `${size} bytes`);
      }
    });
  });

  fixed("end at the first NUL, of UTF-16 at the first unit of NUL", () => {
    withCursor(16, (cursor, { bytes }) => {
      bytes.set(Buffer.from("ab\0cd"));
      assert.is(cursor.readFixedText(16), "ab");
      bytes.set(Buffer.from("\u0100a\u6100\0x", "utf16le")); // 00 01 61 00 00 61 00 00: no unit is 0 before the fourth
      cursor.reset();
      assert.is(cursor.readFixedText(16, { encoding: "utf16le" }), "\u0100a\u6100");
      cursor.reset();
      bytes.fill(0x61);
      assert.is(cursor.readFixedText(5, { encoding: "utf16le" }), "\u6161\u6161"); // the odd byte is none
      cursor.reset();
      assert.is(cursor.readFixedText(16), "a".repeat(16));
    });
  });

  fixed("replace a lone surrogate, and refuse what an encoding or a field cannot hold", () => {
    withCursor(64, (cursor, { bytes }) => {
      for (const encoding of ["utf8", "utf16le"] as const) {
        cursor.reset();
        cursor.writeFixedText("\ud800x", 8, { encoding });
        cursor.reset();
        assert.is(cursor.readFixedText(8, { encoding }), "\ufffdx");
      }
      const before = bytes.slice();
      cursor.reset();
      assert.throws(() => cursor.writeFixedText("a\0", 8), code("ERR_OUT_OF_RANGE", /without a NUL/));
      assert.throws(() => cursor.writeFixedText("a€", 1, { encoding: "latin1" }), code("ERR_OUT_OF_RANGE", /Latin-1/));
      assert.throws(() => cursor.writeFixedText("a", 65), code("ERR_SHM_OUT_OF_BOUNDS", /needs 65 bytes; 64 remain/));
      assert.throws(() => cursor.readFixedText(2 ** 52), code("ERR_SHM_OUT_OF_BOUNDS"));
      for (const size of [-1, 0.5, 2 ** 53])
        assert.throws(() => cursor.writeFixedText("a", size), code("ERR_OUT_OF_RANGE", /"byteLength"/));
      for (const text of [undefined, 7, Buffer.from("a")])
        assert.throws(() => cursor.writeFixedText(text as unknown as string, 8), code("ERR_INVALID_ARG_TYPE"));
      assert.throws(() => cursor.readFixedText(8, { encoding: "ascii" as "utf8" }), code("ERR_INVALID_ARG_TYPE"));
      assert.throws(() => cursor.writeFixedText("a", 8, { fatal: true } as object), code("ERR_INVALID_ARG_VALUE"));
      assert.throws(() => cursor.readFixedText(8, { fatal: 1 as unknown as true }), code("ERR_INVALID_ARG_TYPE"));
      assert.is(cursor.position, 0);
      assert.equal(bytes, before);
    });
  });

  fixed("refuse invalid bytes only if asked", () => {
    withCursor(16, (cursor, { bytes }) => {
      bytes.set([0x61, 0xff, 0x62]);
      assert.throws(
        () => cursor.readFixedText(8, { fatal: true }),
        code("ERR_SHM_MALFORMED", /readFixedText at 0 found 3/),
      );
      assert.is(cursor.position, 0);
      assert.is(cursor.readFixedText(8), "a\ufffdb");
      bytes.set([0x00, 0xd8, 0x61, 0x00], 8);
      assert.throws(() => cursor.readFixedText(8, { encoding: "utf16le", fatal: true }), code("ERR_SHM_MALFORMED"));
      assert.is(cursor.readFixedText(8, { encoding: "utf16le" }), "\ufffda");
    });
  });
  fixed.run();
}

const peer = suite("A field of a C struct");
if (!works("python3", ["-c", "import struct"]))
  absent(peer, "is what Python's struct makes of it", "there is no Python");
else
  for (const { name, withCursor } of nativePairs.slice(0, 1))
    peer(`is what Python's struct makes of it [${name}]`, () => {
      withCursor(64, (cursor, { bytes }) => {
        cursor.writeFixedText("grüße", 16);
        const hex = Buffer.from(bytes.subarray(0, 16)).toString("hex");
        const { stdout } = run("python3", ["-c", "import struct; print(struct.pack('16s', 'grüße'.encode()).hex())"]);
        assert.is(`${hex}\n`, stdout);
      });
    });
peer.run();
