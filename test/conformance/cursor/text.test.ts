import * as assert from "uvu/assert";
import type { Cursor } from "wasm-shm";
import { decodeUtf8, encodeUtf8, varint } from "../../model/naive.js";
import { suite } from "../../suite.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";
import { invalidSequences, moreInvalid, nearlyUtf8, replacements, surrogates } from "../../support/sequences.js";

const SIZE = 3333;
const invalid = [...invalidSequences, ...moreInvalid];
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

const samples = [
  "",
  "a",
  "\0",
  "a\0b",
  "\ufeff",
  "\ufeffx\ufeff",
  "Grüße",
  "日本語",
  "\u{1f600}",
  "\u{10ffff}",
  "x".repeat(500),
];

/** Every Unicode scalar value, in texts of 4,096 each. */
const everyScalar = Array.from({ length: 0x110 }, (_, block) =>
  Array.from({ length: 4096 }, (_, index) => block * 4096 + index)
    .filter((point) => point < 0xd800 || point > 0xdfff)
    .map((point) => String.fromCodePoint(point))
    .join(""),
);

const misfit = code("ERR_SHM_OUT_OF_BOUNDS");

const model = suite("The model of UTF-8");
model("is TextDecoder's, and TextEncoder's", () => {
  for (const [title, bytes] of invalid) {
    const { text, valid } = decodeUtf8(Uint8Array.from(bytes));
    assert.is(text, lenient.decode(Uint8Array.from(bytes)), title);
    assert.not.ok(valid, title);
  }
  const random = nearlyUtf8(randomBytes(60_000));
  assert.is(decodeUtf8(random).text, lenient.decode(random));
  for (const text of everyScalar) {
    assert.equal(Buffer.compare(encodeUtf8(text), new TextEncoder().encode(text)), 0);
    assert.ok(decodeUtf8(encodeUtf8(text)).valid && decodeUtf8(encodeUtf8(text)).text === text);
  }
});
model.run();

for (const { name, withCursor } of pairs) {
  const plain = suite(`Cursor.readString, writeString [${name}]`);

  plain("write what TextEncoder writes, return the number of bytes, and read it back", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const text of [...samples, ...surrogates.map(([half]) => half)]) {
        const expected = new TextEncoder().encode(text);
        bytes.fill(0xa5);
        cursor.seek(11);
        assert.is(cursor.writeString(text), expected.length);
        assert.is(cursor.position, 11 + expected.length);
        assert.equal([...bytes.subarray(10, 12 + expected.length)], [0xa5, ...expected, 0xa5]);
        cursor.seek(11);
        assert.is(cursor.readString(expected.length), lenient.decode(expected));
        assert.is(cursor.position, 11 + expected.length);
      }
    });
  });

  plain("lone surrogates become U+FFFD, as in WPT", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const [text, expected] of surrogates) {
        cursor.reset();
        assert.is(cursor.writeString(text), expected.length);
        assert.equal([...bytes.subarray(0, expected.length)], expected);
      }
    });
  });

  plain("every scalar value makes the round trip", () => {
    withCursor(4 * 4096, (cursor) => {
      for (const text of everyScalar) {
        cursor.reset();
        const taken = cursor.writeString(text);
        cursor.reset();
        if (cursor.readString(taken, { fatal: true }) !== text) assert.unreachable(`from ${text.codePointAt(0)}`);
      }
    });
  });

  plain("bytes that are not UTF-8 become as many U+FFFD as TextDecoder makes", () => {
    withCursor(SIZE, (cursor) => {
      const cases = [
        ...replacements,
        ...invalid.map(([, bytes]) => [bytes, lenient.decode(Uint8Array.from(bytes))] as const),
      ];
      for (const [bytes, text] of cases) {
        cursor.seek(5);
        cursor.writeAll(Uint8Array.from(bytes));
        cursor.seek(5);
        assert.is(cursor.readString(bytes.length), text);
        assert.is(cursor.position, 5 + bytes.length);
      }
    });
  });

  plain("or an error with fatal, and the cursor does not move", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const [title, sequence] of invalid)
        for (const before of [0, 1, 15, 16, 100]) {
          bytes.fill(0x41);
          bytes.set(sequence, 5 + before);
          for (const length of [before + sequence.length, before + sequence.length + 30]) {
            cursor.seek(5);
            assert.throws(
              () => cursor.readString(length, { fatal: true }),
              code("ERR_SHM_MALFORMED", /readString/),
              title,
            );
            assert.is(cursor.position, 5);
          }
        }
    });
  });

  plain("reads random bytes as TextDecoder does, with fatal and without", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const random of [randomBytes(SIZE), nearlyUtf8(randomBytes(SIZE))]) {
        bytes.set(random);
        let refused = 0;
        for (let start = 0; start < SIZE - 40; start++) {
          const part = random.slice(start, start + (start % 37));
          cursor.seek(start);
          assert.is(cursor.readString(part.length), lenient.decode(part));
          cursor.seek(start);
          let expected: string | undefined;
          try {
            expected = strict.decode(part);
          } catch {
            refused++;
          }
          if (expected !== undefined) assert.is(cursor.readString(part.length, { fatal: true }), expected);
          else {
            assert.throws(() => cursor.readString(part.length, { fatal: true }), code("ERR_SHM_MALFORMED"));
            assert.is(cursor.position, start);
          }
        }
        assert.ok(refused > 100);
      }
    });
  });

  plain("of a length that does not fit move nothing; a hostile one costs nothing", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      cursor.seek(SIZE - 3);
      const words = /readString at 3330 needs \d+ bytes; 3 remain of 3333/;
      for (const length of [4, 2 ** 31, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER])
        assert.throws(() => cursor.readString(length), code("ERR_SHM_OUT_OF_BOUNDS", words));
      for (const text of ["abcd", "日本", "\u{1f600}", "x".repeat(100_000)])
        assert.throws(() => cursor.writeString(text), misfit);
      assert.is(cursor.position, SIZE - 3);
      assert.ok(bytes.every((byte) => byte === 0));
      assert.is(cursor.writeString("日"), 3);
      assert.is(cursor.writeString(""), 0);
      assert.is(cursor.readString(0), "");
    });
  });

  plain("refuse arguments of another type", () => {
    withCursor(SIZE, (cursor) => {
      for (const length of [-1, 0.5, Number.NaN, 2 ** 53])
        assert.throws(() => cursor.readString(length), code("ERR_OUT_OF_RANGE", /"byteLength"/));
      for (const length of ["1", 1n, null, undefined, {}] as number[])
        assert.throws(() => cursor.readString(length), code("ERR_INVALID_ARG_TYPE", /"byteLength"/));
      for (const options of [null, 5, "fatal", { fatal: 1 }, { fatal: null }] as unknown as { fatal: boolean }[]) {
        assert.throws(() => cursor.readString(1, options), code("ERR_INVALID_ARG_TYPE", /options/));
        assert.throws(() => cursor.readCString(1, options), code("ERR_INVALID_ARG_TYPE", /options/));
        assert.throws(() => cursor.readVarString(options), code("ERR_INVALID_ARG_TYPE", /options/));
      }
      for (const text of [5, 1n, null, undefined, {}, new Uint8Array(1)] as unknown as string[])
        for (const write of [cursor.writeString, cursor.writeCString, cursor.writeVarString])
          assert.throws(() => write.call(cursor, text), code("ERR_INVALID_ARG_TYPE", /"text"/));
      assert.is(cursor.position, 0);
    });
  });
  plain.run();

  const terminated = suite(`Cursor.readCString, writeCString [${name}]`);
  const nulMissing = (use: () => unknown, cursor: Cursor, expected: string): void => {
    const { position } = cursor;
    assert.throws(use, code(expected, /readCString/));
    assert.is(cursor.position, position);
  };

  terminated("write the text and a NUL, and read up to it, and past it", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const text of samples.filter((sample) => !sample.includes("\0"))) {
        const expected = [...new TextEncoder().encode(text), 0];
        bytes.fill(0xa5);
        cursor.seek(9);
        assert.is(cursor.writeCString(text), expected.length);
        assert.equal([...bytes.subarray(8, 10 + expected.length)], [0xa5, ...expected, 0xa5]);
        for (const maxLength of [undefined, expected.length, expected.length + 1, SIZE - 9, SIZE, 2 ** 53 - 1]) {
          cursor.seek(9);
          assert.is(cursor.readCString(maxLength), text);
          assert.is(cursor.position, 9 + expected.length);
        }
      }
    });
  });

  terminated("find the first NUL, wherever it is", () => {
    withCursor(200, (cursor, { bytes }) => {
      for (let start = 0; start < 70; start++)
        for (let length = 0; start + length < 200; length += 1 + (length >> 4)) {
          bytes.fill(0x61);
          bytes[start + length] = 0;
          if (start > 0) bytes[start - 1] = 0;
          if (start + length + 1 < 200) bytes[start + length + 1] = 0;
          cursor.seek(start);
          assert.is(cursor.readCString(), "a".repeat(length));
          assert.is(cursor.position, start + length + 1);
        }
    });
  });

  terminated("no NUL within maxLength bytes is malformed; none before the end is out of bounds", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      bytes.fill(0x61);
      bytes[20] = 0;
      for (const maxLength of [0, 1, 10])
        nulMissing(() => cursor.readCString(maxLength), at(cursor, 10), "ERR_SHM_MALFORMED");
      cursor.seek(10);
      assert.is(cursor.readCString(11), "aaaaaaaaaa");
      for (const maxLength of [undefined, SIZE - 20, SIZE, 2 ** 32, 2 ** 53 - 1])
        nulMissing(() => cursor.readCString(maxLength), at(cursor, 21), "ERR_SHM_OUT_OF_BOUNDS");
      for (const maxLength of [SIZE - 22, SIZE - 21])
        nulMissing(() => cursor.readCString(maxLength), at(cursor, 21), "ERR_SHM_MALFORMED");
      for (const maxLength of [3, 4]) // a char[3] and a char[4] at the last 4 bytes
        nulMissing(() => cursor.readCString(maxLength), at(cursor, SIZE - 4), "ERR_SHM_MALFORMED");
      nulMissing(() => cursor.readCString(5), at(cursor, SIZE - 4), "ERR_SHM_OUT_OF_BOUNDS");
      for (const past of [SIZE, SIZE + 1, 2 ** 32])
        for (const maxLength of [undefined, 0, 5])
          nulMissing(() => cursor.readCString(maxLength), at(cursor, past), "ERR_SHM_OUT_OF_BOUNDS");
      bytes[SIZE - 1] = 0;
      assert.is(at(cursor, SIZE - 1).readCString(), "");
      assert.is(cursor.position, SIZE);
    });
  });

  terminated("with fatal, bytes that are not UTF-8 are an error, and the cursor does not move", () => {
    withCursor(SIZE, (cursor) => {
      for (const [title, sequence] of invalid.filter(([, bytes]) => !bytes.includes(0))) {
        at(cursor, 3).writeAll(Uint8Array.from([...sequence, 0]));
        assert.throws(() => at(cursor, 3).readCString(undefined, { fatal: true }), code("ERR_SHM_MALFORMED"), title);
        assert.is(cursor.position, 3);
        assert.is(cursor.readCString(), lenient.decode(Uint8Array.from(sequence)));
        assert.is(cursor.position, 4 + sequence.length);
      }
    });
  });

  terminated("refuse a text with a NUL, one that does not fit, and an invalid maxLength", () => {
    withCursor(8, (cursor, { bytes }) => {
      for (const text of ["\0", "a\0", "\0a", "a\0b"])
        assert.throws(() => cursor.writeCString(text), code("ERR_OUT_OF_RANGE", /"text"/));
      for (const text of ["12345678", "日本語", "x".repeat(70_000)])
        assert.throws(() => cursor.writeCString(text), misfit);
      for (const most of [-1, 0.5, Number.NaN])
        assert.throws(() => cursor.readCString(most), code("ERR_OUT_OF_RANGE", /"maxLength"/));
      for (const most of ["1", 1n, null] as unknown as number[])
        assert.throws(() => cursor.readCString(most), code("ERR_INVALID_ARG_TYPE", /"maxLength"/));
      assert.is(cursor.position, 0);
      assert.ok(bytes.every((byte) => byte === 0));
      assert.is(cursor.writeCString("1234567"), 8);
    });
  });
  terminated.run();

  const prefixed = suite(`Cursor.readVarString, writeVarString [${name}]`);

  prefixed("write the length in bytes and the text, and read it back", () => {
    withCursor(40_000, (cursor, { bytes }) => {
      for (const text of [...samples, "y".repeat(127), "y".repeat(128), "日".repeat(5461), "日".repeat(5462)]) {
        const encoded = new TextEncoder().encode(text);
        const expected = [...varint(BigInt(encoded.length)), ...encoded];
        bytes.fill(0xa5);
        assert.is(at(cursor, 9).writeVarString(text), expected.length);
        assert.is(cursor.position, 9 + expected.length);
        assert.equal(Buffer.compare(bytes.subarray(9, 9 + expected.length), Uint8Array.from(expected)), 0);
        assert.equal([bytes[8], bytes[9 + expected.length]], [0xa5, 0xa5]);
        assert.is(at(cursor, 9).readVarString(), text);
        assert.is(cursor.position, 9 + expected.length);
      }
    });
  });

  prefixed("a hostile length is an error, and costs nothing", () => {
    withCursor(SIZE, (cursor) => {
      const allocated = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
      const lengths = [SIZE, SIZE - 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 53 - 1].map(
        BigInt,
      );
      const before = allocated();
      const begun = performance.now();
      for (const length of [...lengths, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
        at(cursor, 0).writeAll(Uint8Array.from(varint(length)));
        assert.throws(
          () => at(cursor, 0).readVarString(),
          code("ERR_SHM_OUT_OF_BOUNDS", /readVarString at 0/),
          `${length}`,
        );
        assert.is(cursor.position, 0);
      }
      assert.ok(performance.now() - begun < 500);
      assert.ok(allocated() - before < 64 * 2 ** 20);
    });
  });

  prefixed("a length that is not a varint, or is cut by the window's end", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      bytes.fill(0xff);
      assert.throws(() => at(cursor, 7).readVarString(), code("ERR_SHM_MALFORMED"));
      assert.is(cursor.position, 7);
      for (const remain of [0, 1, 9]) {
        assert.throws(() => at(cursor, SIZE - remain).readVarString(), misfit);
        assert.is(cursor.position, SIZE - remain);
      }
      at(cursor, SIZE - 2).writeAll(Uint8Array.of(2, 0x61)); // one byte short
      assert.throws(() => at(cursor, SIZE - 2).readVarString(), misfit);
      assert.is(cursor.position, SIZE - 2);
    });
  });

  prefixed("with fatal, bytes that are not UTF-8 are an error, and the cursor does not move", () => {
    withCursor(SIZE, (cursor) => {
      for (const [title, sequence] of invalid) {
        at(cursor, 3).writeAll(Uint8Array.from([sequence.length, ...sequence]));
        assert.throws(() => at(cursor, 3).readVarString({ fatal: true }), code("ERR_SHM_MALFORMED"), title);
        assert.is(cursor.position, 3);
        assert.is(cursor.readVarString(), lenient.decode(Uint8Array.from(sequence)));
      }
    });
  });

  prefixed("write nothing if the text fits without its length", () => {
    withCursor(130, (cursor, { bytes }) => {
      assert.throws(
        () => at(cursor, 1).writeVarString("z".repeat(128)),
        code("ERR_SHM_OUT_OF_BOUNDS", /needs 130 bytes; 129/),
      );
      assert.is(cursor.position, 1);
      assert.ok(bytes.every((byte) => byte === 0));
      assert.is(at(cursor, 0).writeVarString("z".repeat(128)), 130);
    });
  });
  prefixed.run();
}

function at(cursor: Cursor, position: number): Cursor {
  cursor.seek(position);
  return cursor;
}
