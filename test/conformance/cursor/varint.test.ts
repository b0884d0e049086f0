import * as assert from "uvu/assert";
import type { Cursor } from "wasm-shm";
import { unzigzag, varint, zigzag } from "../../model/naive.js";
import { suite } from "../../suite.js";
import { code, pairs } from "../../support/pairs.js";

const SIZE = 3333;
const { MAX_SAFE_INTEGER, MIN_SAFE_INTEGER } = Number;
const MOST = 2n ** 64n - 1n;

interface Codec {
  name: "VarUint" | "VarInt" | "BigVarUint" | "BigVarInt";
  signed: boolean;
  big: boolean;
  least: bigint;
  most: bigint;
}

const codecs: Codec[] = [
  { name: "VarUint", signed: false, big: false, least: 0n, most: BigInt(MAX_SAFE_INTEGER) },
  { name: "VarInt", signed: true, big: false, least: BigInt(MIN_SAFE_INTEGER), most: BigInt(MAX_SAFE_INTEGER) },
  { name: "BigVarUint", signed: false, big: true, least: 0n, most: MOST },
  { name: "BigVarInt", signed: true, big: true, least: -(2n ** 63n), most: 2n ** 63n - 1n },
];

/** Every power of 2 and its neighbours, and the same below 0. */
const powers = Array.from({ length: 65 }, (_, bits) => 2n ** BigInt(bits))
  .flatMap((power) => [power - 1n, power, power + 1n])
  .flatMap((value) => [value, -value]);

const published: [source: string, value: number, bytes: number[]][] = [
  ["DWARF 5, section 7.6", 2, [0x02]],
  ["DWARF 5, section 7.6", 127, [0x7f]],
  ["DWARF 5, section 7.6", 128, [0x80, 0x01]],
  ["DWARF 5, section 7.6", 129, [0x81, 0x01]],
  ["DWARF 5, section 7.6", 12857, [0xb9, 0x64]],
  ["WebAssembly core specification, section 5.2.2", 3, [0x03]],
  ["Protocol Buffers, Encoding, Base 128 Varints", 1, [0x01]],
  ["Protocol Buffers, Encoding, Base 128 Varints", 150, [0x96, 0x01]],
];

/** Protocol Buffers, Encoding, Signed Integers: the table of zigzag. */
const zigzags: [signed: number, encoded: number][] = [
  [0, 0],
  [-1, 1],
  [1, 2],
  [-2, 3],
  [0x7fffffff, 0xfffffffe],
  [-0x80000000, 0xffffffff],
];

const ff = (length: number): number[] => new Array<number>(length).fill(0xff);
const pad = (length: number): number[] => new Array<number>(length).fill(0x80);

const malformed: [title: string, bytes: number[]][] = [
  ["64 bits and one more", [...ff(9), 0x02]],
  ["70 bits", [...ff(9), 0x7f]],
  ["eleven bytes of zero", [...pad(10), 0x00]],
  ["eleven bytes", [...ff(10), 0x01]],
  ["ten bytes that continue", [...pad(9), 0x81]],
  ["a bit in the tenth byte that is not the 64th", [...pad(9), 0x10]],
  ["no end in sight", ff(64)],
];

for (const { name, withCursor } of pairs) {
  for (const { name: kind, signed, big, least, most } of codecs) {
    const codec = suite(`Cursor.read${kind}, write${kind} [${name}]`);
    const read = (cursor: Cursor): bigint => BigInt(cursor[`read${kind}`]());
    const write = (cursor: Cursor, value: bigint): number =>
      big ? cursor[`write${kind as "BigVarInt"}`](value) : cursor[`write${kind as "VarInt"}`](Number(value));
    const encode = (value: bigint): number[] => varint(signed ? zigzag(value) : value);
    const values = powers.filter((value) => value >= least && value <= most);
    values.push(least, most, 0n);

    codec("writes and reads back every power of 2 and its neighbours, and returns the number of bytes", () => {
      withCursor(SIZE, (cursor, { bytes }) => {
        for (const value of values) {
          const expected = encode(value);
          bytes.fill(0xa5);
          cursor.seek(11);
          assert.is(write(cursor, value), expected.length, `${value}`);
          assert.is(cursor.position, 11 + expected.length);
          assert.equal([...bytes.subarray(10, 12 + expected.length)], [0xa5, ...expected, 0xa5]);
          cursor.seek(11);
          assert.is(read(cursor), value);
          assert.is(cursor.position, 11 + expected.length);
        }
      });
    });

    codec("gives the type its name says", () => {
      withCursor(SIZE, (cursor) => {
        assert.is(typeof cursor[`read${kind}`](), big ? "bigint" : "number");
        assert.ok(!Object.is(cursor[`read${kind}`](), -0));
      });
    });

    codec("reads one padded with zeros, to ten bytes and no more", () => {
      withCursor(SIZE, (cursor) => {
        for (let length = 1; length <= 10; length++) {
          const bytes = Uint8Array.from(length === 1 ? [6] : [0x86, ...pad(length - 2), 0]);
          cursor.seek(5);
          cursor.writeAll(bytes);
          cursor.seek(5);
          assert.is(read(cursor), signed ? 3n : 6n, `${length} bytes`);
          assert.is(cursor.position, 5 + length);
        }
      });
    });

    codec("refuses more than 64 bits at every place, and does not move", () => {
      withCursor(64, (cursor, { bytes }) => {
        for (const [title, encoded] of malformed)
          for (let position = 0; position + 10 <= bytes.length; position++) {
            bytes.fill(0x80);
            bytes.set(encoded.slice(0, bytes.length - position), position);
            cursor.seek(position);
            assert.throws(() => read(cursor), code("ERR_SHM_MALFORMED"), `${title} at ${position}`);
            assert.is(cursor.position, position);
          }
      });
    });

    codec("refuses one that the window's end cuts, at every length, and does not move", () => {
      withCursor(64, (cursor, { bytes }) => {
        for (const fill of [0x80, 0xff]) {
          bytes.fill(fill);
          for (let length = 0; length < 10; length++) {
            cursor.seek(64 - length);
            assert.throws(
              () => read(cursor),
              code("ERR_SHM_OUT_OF_BOUNDS", new RegExp(`read${kind} at ${64 - length}`)),
            );
            assert.is(cursor.position, 64 - length);
          }
          cursor.seek(54);
          assert.throws(() => read(cursor), code("ERR_SHM_MALFORMED")); // all ten are there
        }
        for (const past of [65, 2 ** 32, 2 ** 32 + 1, MAX_SAFE_INTEGER]) {
          cursor.seek(past);
          assert.throws(() => read(cursor), code("ERR_SHM_OUT_OF_BOUNDS"));
          assert.throws(() => write(cursor, 1n), code("ERR_SHM_OUT_OF_BOUNDS"));
          assert.is(cursor.position, past);
        }
      });
    });

    codec("reaches the window's last byte, at every length", () => {
      withCursor(64, (cursor) => {
        for (const value of values) {
          const { length } = encode(value);
          cursor.seek(64 - length);
          assert.is(write(cursor, value), length);
          cursor.seek(64 - length);
          assert.is(read(cursor), value);
          assert.is(cursor.remaining, 0);
        }
      });
    });

    codec("writes nothing if it does not fit", () => {
      withCursor(64, (cursor, { bytes }) => {
        bytes.fill(0x5a);
        for (const value of values) {
          const { length } = encode(value);
          for (let remain = 0; remain < length; remain++) {
            cursor.seek(64 - remain);
            const words = new RegExp(`write${kind} at ${64 - remain} needs ${length} bytes; ${remain} remain`);
            assert.throws(() => write(cursor, value), code("ERR_SHM_OUT_OF_BOUNDS", words));
            assert.is(cursor.position, 64 - remain);
          }
        }
        assert.ok(bytes.every((byte) => byte === 0x5a));
      });
    });

    codec("refuses a value of another type, or out of its range, and writes nothing", () => {
      withCursor(64, (cursor, { bytes }) => {
        const call = cursor[`write${kind}`] as (value: unknown) => number;
        for (const value of [big ? 1 : 1n, "1", undefined, null, {}, true])
          assert.throws(() => call.call(cursor, value), code("ERR_INVALID_ARG_TYPE", /"value"/));
        const beyond: unknown[] = big
          ? [least - 1n, most + 1n, 2n ** 70n]
          : [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, signed ? -(2 ** 53) : -1];
        for (const value of beyond) assert.throws(() => call.call(cursor, value), code("ERR_OUT_OF_RANGE", /"value"/));
        assert.is(cursor.position, 0);
        assert.ok(bytes.every((byte) => byte === 0));
      });
    });

    if (!big)
      codec("refuses a valid one that no number holds, and does not move", () => {
        withCursor(64, (cursor) => {
          const over = signed ? [most + 1n, least - 1n, 2n ** 63n - 1n, -(2n ** 63n)] : [most + 1n, 2n ** 63n, MOST];
          for (const value of over) {
            cursor.seek(3);
            cursor.writeAll(Uint8Array.from(encode(value)));
            cursor.seek(3);
            assert.throws(() => read(cursor), code("ERR_SHM_UNSAFE_INTEGER", /readBigVar/), `${value}`);
            assert.is(cursor.position, 3);
            assert.is(BigInt(cursor[signed ? "readBigVarInt" : "readBigVarUint"]()), value);
          }
        });
      });
    codec.run();
  }

  const vectors = suite(`The published varints [${name}]`);

  vectors("unsigned", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const [source, value, encoded] of published) {
        cursor.reset();
        assert.is(cursor.writeVarUint(value), encoded.length, source);
        assert.equal([...bytes.subarray(0, encoded.length)], encoded, source);
        cursor.reset();
        assert.is(cursor.readVarUint(), value, source);
        cursor.reset();
        assert.is(cursor.readBigVarUint(), BigInt(value), source);
      }
    });
  });

  vectors("0x83 0x00 is 3, as 0x03 is (WebAssembly core specification, section 5.2.2)", () => {
    withCursor(SIZE, (cursor) => {
      cursor.write(Uint8Array.of(0x83, 0x00));
      cursor.reset();
      assert.is(cursor.readVarUint(), 3);
      assert.is(cursor.position, 2);
    });
  });

  vectors("zigzag", () => {
    withCursor(SIZE, (cursor) => {
      for (const [value, encoded] of zigzags) {
        cursor.reset();
        cursor.writeVarInt(value);
        cursor.reset();
        assert.is(cursor.readVarUint(), encoded);
        cursor.reset();
        assert.ok(Object.is(cursor.readVarInt(), value));
        assert.is(zigzag(BigInt(value)), BigInt(encoded)); // the model's too
        assert.is(unzigzag(BigInt(encoded)), BigInt(value));
      }
    });
  });
  vectors.run();

  const batch = suite(`Cursor.readVarUintArray, writeVarUintArray [${name}]`);
  const samples = powers.filter((value) => value >= 0n && value <= MAX_SAFE_INTEGER).map(Number);

  batch("writes and reads back, and returns the number of bytes; of an array and a typed one", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      const encoded = samples.flatMap((value) => varint(BigInt(value)));
      for (const array of [samples, Float64Array.from(samples)]) {
        bytes.fill(0xa5);
        cursor.seek(7);
        assert.is(cursor.writeVarUintArray(array), encoded.length);
        assert.is(cursor.position, 7 + encoded.length);
        assert.equal([...bytes.subarray(6, 8 + encoded.length)], [0xa5, ...encoded, 0xa5]);
        cursor.seek(7);
        const back = cursor.readVarUintArray(samples.length);
        assert.instance(back, Float64Array);
        assert.equal([...back], samples);
        assert.is(cursor.position, 7 + encoded.length);
      }
      assert.is(cursor.writeVarUintArray(Uint8Array.of(1, 200)), 3);
      assert.is(cursor.writeVarUintArray([]), 0);
      assert.is(cursor.readVarUintArray(0).length, 0);
    });
  });

  batch("of many: more than the core holds at once", () => {
    const count = 20_000;
    withCursor(count * 3 + 5, (cursor) => {
      const values = Float64Array.from({ length: count }, (_, index) => (index * 7919) % 2 ** (1 + (index % 21)));
      const taken = cursor.writeVarUintArray(values);
      assert.is(cursor.position, taken);
      cursor.reset();
      assert.equal(cursor.readVarUintArray(count), values);
      assert.is(cursor.position, taken);
      cursor.reset();
      for (const value of values) assert.is(cursor.readVarUint(), value);
      assert.is(cursor.position, taken);
    });
  });

  for (const count of [20, 9000])
    batch(`of ${count}: an error in any of them moves nothing`, () => {
      withCursor(count + 10, (cursor, { bytes }) => {
        for (const [bad, expected] of [
          [[...ff(9), 0x02], "ERR_SHM_MALFORMED"],
          [varint(2n ** 53n), "ERR_SHM_UNSAFE_INTEGER"],
        ] as const)
          for (const place of [0, 1, 2, 7, count >> 1, count - 10]) {
            bytes.fill(1);
            bytes.set(bad, 3 + place);
            cursor.seek(3);
            assert.throws(() => cursor.readVarUintArray(count - 9), code(expected), `at ${place}`);
            assert.is(cursor.position, 3);
          }
        bytes.fill(1);
        bytes.fill(0x80, bytes.length - 5); // so the last one has no end
        cursor.seek(3);
        assert.throws(() => cursor.readVarUintArray(count + 3), code("ERR_SHM_OUT_OF_BOUNDS"));
        assert.is(cursor.position, 3);
        assert.is(cursor.readVarUintArray(count + 2).length, count + 2);
      });
    });

  batch("writes nothing if they do not all fit", () => {
    for (const count of [20, 9000])
      withCursor(2 * count - 1, (cursor, { bytes }) => {
        const values = new Float64Array(count).fill(200); // 2 bytes each
        assert.throws(() => cursor.writeVarUintArray(values), code("ERR_SHM_OUT_OF_BOUNDS"));
        assert.is(cursor.position, 0);
        assert.ok(bytes.every((byte) => byte === 0));
        values[0] = 1;
        assert.is(cursor.writeVarUintArray(values), 2 * count - 1);
        assert.is(cursor.remaining, 0);
      });
  });

  batch("refuses a hostile length at once, and allocates nothing for it", () => {
    withCursor(SIZE, (cursor) => {
      for (const length of [SIZE + 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, MAX_SAFE_INTEGER])
        assert.throws(() => cursor.readVarUintArray(length), code("ERR_SHM_OUT_OF_BOUNDS"));
      for (const length of [-1, 0.5, Number.NaN, 2 ** 53])
        assert.throws(() => cursor.readVarUintArray(length), code("ERR_OUT_OF_RANGE", /"length"/));
      for (const length of ["1", 1n, null, undefined, {}] as number[])
        assert.throws(() => cursor.readVarUintArray(length), code("ERR_INVALID_ARG_TYPE", /"length"/));
      assert.is(cursor.position, 0);
    });
  });

  batch("refuses a value that is not an array, and invalid elements, and writes nothing", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const array of [undefined, null, 5, 1n, true, () => 1] as unknown as number[][])
        assert.throws(() => cursor.writeVarUintArray(array), code("ERR_INVALID_ARG_TYPE", /"array/));
      for (const element of ["1", 1n, null, undefined, {}] as unknown as number[])
        assert.throws(() => cursor.writeVarUintArray([1, 2, element]), code("ERR_INVALID_ARG_TYPE"));
      for (const element of [-1, 0.5, Number.NaN, 2 ** 53]) {
        assert.throws(() => cursor.writeVarUintArray([1, 2, element]), code("ERR_OUT_OF_RANGE"));
        assert.throws(() => cursor.writeVarUintArray(Float64Array.of(1, 2, element)), code("ERR_OUT_OF_RANGE"));
      }
      assert.is(cursor.position, 0);
      assert.ok(bytes.every((byte) => byte === 0));
    });
  });
  batch("believes neither an own length of a typed array, nor any length of a Proxy", () => {
    withCursor(SIZE, (cursor) => {
      const shadowed = Object.defineProperty(Uint16Array.of(1, 300), "length", { value: 1 });
      assert.is(cursor.writeVarUintArray(shadowed), 3);
      cursor.reset();
      assert.equal(cursor.readVarUintArray(2), Float64Array.of(1, 300));
      const ofLength = (length: unknown): number[] =>
        new Proxy([1, 2], { get: (target, name) => (name === "length" ? length : Reflect.get(target, name)) });
      assert.is(cursor.writeVarUintArray(ofLength(2)), 2);
      for (const length of [-1, 0.5, Number.NaN, 2 ** 53])
        assert.throws(() => cursor.writeVarUintArray(ofLength(length)), code("ERR_OUT_OF_RANGE", /"array.length"/));
      for (const length of ["2", undefined, new ArrayBuffer(8), [1, 2]])
        assert.throws(() => cursor.writeVarUintArray(ofLength(length)), code("ERR_INVALID_ARG_TYPE", /"array.length"/));
      assert.throws(() => cursor.writeVarUintArray(ofLength(2 ** 52)), code("ENOMEM"));
      assert.is(cursor.position, 5);
    });
  });
  batch.run();
}
