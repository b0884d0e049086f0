import * as assert from "uvu/assert";
import { fromFloat16, toFloat16 } from "../../model/naive.js";
import { suite } from "../../suite.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";

const PATTERNS = 65536;
const orders = [true, false];

/** Known from elsewhere: IEEE 754-2019, section 3.6, table 3.5, and its section 4.3 on rounding. */
const known: [value: number, pattern: number][] = [
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [1 / 3, 0x3555],
  [65504, 0x7bff], // the largest
  [2 ** -14, 0x0400], // the smallest normal one
  [2 ** -24, 0x0001], // the smallest
  [Number.POSITIVE_INFINITY, 0x7c00],
  [Number.NEGATIVE_INFINITY, 0xfc00],
  [Number.NaN, 0x7e00],
  // To nearest, ties to even.
  [65519.99999999999, 0x7bff],
  [65520, 0x7c00],
  [2 ** -25, 0x0000],
  [2 ** -25 * (1 + 2 ** -52), 0x0001],
  [1.5 * 2 ** -24, 0x0002],
  [2.5 * 2 ** -24, 0x0002],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [2049, 0x6800],
  [2051, 0x6802],
  [1e300, 0x7c00],
  [Number.MAX_VALUE, 0x7c00],
  [-1e-300, 0x8000],
  [Number.MIN_VALUE, 0x0000],
];

/** Rounded to float32 first, each of these would lie half-way, and go to the even side: the wrong one. */
const traps: [value: number, pattern: number][] = [
  [1 + 2 ** -11 + 2 ** -40, 0x3c01],
  [1 + 3 * 2 ** -11 - 2 ** -40, 0x3c01],
  [-(1 + 2 ** -11 + 2 ** -52), 0xbc01],
  [2 ** -25 + 2 ** -60, 0x0001],
  [1.5 * 2 ** -24 - 2 ** -60, 0x0001],
  [65520 - 2 ** -20, 0x7bff],
  [2049 + 2 ** -30, 0x6801],
];

for (const { name, withCursor } of pairs) {
  const float16 = suite(`Cursor.readFloat16, writeFloat16 [${name}]`);

  float16("reads every pattern, in both byte orders, and writes it back", () => {
    withCursor(2 * PATTERNS, (cursor, { bytes }) => {
      const patterns = Uint16Array.from({ length: PATTERNS }, (_, pattern) => pattern);
      const view = new DataView(new ArrayBuffer(2 * PATTERNS));
      for (const littleEndian of orders) {
        patterns.forEach((pattern, index) => {
          view.setUint16(2 * index, pattern, littleEndian);
        });
        bytes.set(new Uint8Array(view.buffer));
        cursor.reset();
        const numbers = Array.from(patterns, () => cursor.readFloat16(littleEndian));
        numbers.forEach((number, pattern) => {
          if (!Object.is(number, fromFloat16(pattern))) assert.unreachable(`pattern ${pattern} is ${number}`);
        });
        bytes.fill(0);
        cursor.reset();
        for (const number of numbers) cursor.writeFloat16(number, littleEndian);
        const back = new DataView(bytes.slice().buffer);
        numbers.forEach((number, pattern) => {
          const expected = Number.isNaN(number) ? 0x7e00 : pattern;
          if (back.getUint16(2 * pattern, littleEndian) !== expected) assert.unreachable(`pattern ${pattern}`);
        });
      }
    });
  });

  float16("rounds once, to nearest, ties to even", () => {
    withCursor(64, (cursor) => {
      for (const [value, pattern] of [...known, ...traps]) {
        cursor.seek(3);
        cursor.writeFloat16(value);
        cursor.seek(3);
        assert.is(cursor.readUint16(), pattern, `${value}`);
        assert.is(toFloat16(value), pattern, `the model, ${value}`);
      }
      for (const [value, pattern] of traps) assert.is.not(toFloat16(Math.fround(value)), pattern); // so each is a trap
    });
  });

  float16("rounds numbers around every half-way point as the model does", () => {
    withCursor(64, (cursor) => {
      for (let pattern = 0; pattern < 0x7bff; pattern += 3) {
        const half = (fromFloat16(pattern) + fromFloat16(pattern + 1)) / 2;
        for (const value of [half, half * (1 - 2 ** -50), half * (1 + 2 ** -50), -half, -half * (1 + 2 ** -50)]) {
          cursor.seek(0);
          cursor.writeFloat16(value);
          cursor.seek(0);
          const written = cursor.readUint16();
          if (written !== toFloat16(value)) assert.unreachable(`${value}: ${written}, not ${toFloat16(value)}`);
        }
      }
    });
  });

  float16("is little-endian unless told otherwise", () => {
    withCursor(64, (cursor, { bytes }) => {
      cursor.writeFloat16(1);
      assert.equal([...bytes.subarray(0, 3)], [0x00, 0x3c, 0]);
      cursor.reset();
      assert.is(cursor.readFloat16(), 1);
      cursor.writeFloat16Array(Float32Array.of(1));
      assert.equal([...bytes.subarray(2, 5)], [0x00, 0x3c, 0]);
      cursor.seek(2);
      assert.is(cursor.readFloat16Array(1)[0], 1);
    });
  });

  float16("refuses past the end, moves nothing and does not move the cursor", () => {
    withCursor(3333, (cursor, { bytes }) => {
      bytes.fill(0x5a);
      for (const position of [3332, 3333, 3334, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
        cursor.seek(position);
        const words = new RegExp(`at ${position} needs 2 bytes; ${Math.max(0, 3333 - position)} remain of 3333`);
        assert.throws(() => cursor.readFloat16(), code("ERR_SHM_OUT_OF_BOUNDS", words));
        assert.throws(() => cursor.writeFloat16(1), code("ERR_SHM_OUT_OF_BOUNDS", words));
        assert.throws(() => cursor.readFloat16Array(1), code("ERR_SHM_OUT_OF_BOUNDS", words));
        assert.throws(() => cursor.writeFloat16Array(new Float32Array(1)), code("ERR_SHM_OUT_OF_BOUNDS", words));
        assert.is(cursor.position, position);
      }
      assert.ok(bytes.every((byte) => byte === 0x5a));
    });
  });

  float16("refuses a value of another type", () => {
    withCursor(64, (cursor) => {
      for (const value of [1n, "1", undefined, null, {}, true] as number[])
        assert.throws(() => cursor.writeFloat16(value), code("ERR_INVALID_ARG_TYPE", /"value"/));
      assert.is(cursor.position, 0);
    });
  });
  float16.run();

  const arrays = suite(`Cursor.readFloat16Array, writeFloat16Array [${name}]`);

  arrays("read every pattern, at even and odd places, in both byte orders", () => {
    withCursor(2 * PATTERNS + 1, (cursor, { bytes }) => {
      const view = new DataView(new ArrayBuffer(2 * PATTERNS));
      for (const littleEndian of orders)
        for (const start of [0, 1]) {
          for (let pattern = 0; pattern < PATTERNS; pattern++) view.setUint16(2 * pattern, pattern, littleEndian);
          bytes.set(new Uint8Array(view.buffer), start);
          cursor.seek(start);
          const numbers = cursor.readFloat16Array(PATTERNS, littleEndian);
          assert.instance(numbers, Float32Array);
          assert.is(cursor.position, start + 2 * PATTERNS);
          numbers.forEach((number, pattern) => {
            if (!Object.is(number, fromFloat16(pattern))) assert.unreachable(`pattern ${pattern} is ${number}`);
          });
        }
    });
  });

  arrays("write what the model rounds to, of every exponent, in both byte orders, and no other byte", () => {
    const bits = new Uint32Array(randomBytes(4 * 40_000).buffer);
    for (let index = 0; index < 20_000; index++) bits[index] = 0x33000000 + ((bits[index] as number) % 0x14800000);
    for (let index = 0; index < 20_000; index += 5) bits[index] = (bits[index] as number) & 0xfffff000; // ties
    const values = new Float32Array(bits.buffer);
    withCursor(2 * values.length + 4, (cursor, { bytes }) => {
      for (const littleEndian of orders) {
        bytes.fill(0xa5);
        cursor.seek(1);
        cursor.writeFloat16Array(values, littleEndian);
        assert.is(cursor.position, 1 + 2 * values.length);
        assert.equal([bytes[0], bytes.at(-3)], [0xa5, 0xa5]);
        const view = new DataView(bytes.slice().buffer);
        values.forEach((value, index) => {
          const written = view.getUint16(1 + 2 * index, littleEndian);
          if (written !== toFloat16(value)) assert.unreachable(`${value}: ${written}, not ${toFloat16(value)}`);
        });
      }
    });
  });

  arrays("that do not fit move nothing; a hostile length allocates nothing", () => {
    withCursor(3333, (cursor, { bytes }) => {
      for (const length of [1667, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER])
        assert.throws(() => cursor.readFloat16Array(length), code("ERR_SHM_OUT_OF_BOUNDS"));
      assert.throws(() => cursor.writeFloat16Array(new Float32Array(1667).fill(1)), code("ERR_SHM_OUT_OF_BOUNDS"));
      for (const length of [-1, 0.5, Number.NaN, 2 ** 53])
        assert.throws(() => cursor.readFloat16Array(length), code("ERR_OUT_OF_RANGE", /"length"/));
      for (const length of ["1", 1n, null, undefined] as unknown as number[])
        assert.throws(() => cursor.readFloat16Array(length), code("ERR_INVALID_ARG_TYPE", /"length"/));
      for (const array of [
        [1],
        new Float64Array(1),
        new Uint16Array(1),
        undefined,
        null,
        5,
      ] as unknown as Float32Array[])
        assert.throws(() => cursor.writeFloat16Array(array), code("ERR_INVALID_ARG_TYPE", /"array"/));
      assert.is(cursor.position, 0);
      assert.ok(bytes.every((byte) => byte === 0));
      assert.is(cursor.readFloat16Array(1666).length, 1666);
      assert.is(cursor.readFloat16Array(0).length, 0);
      assert.is(cursor.position, 3332);
    });
  });
  arrays.run();
}
