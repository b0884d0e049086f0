import { runInNewContext } from "node:vm";
import * as assert from "uvu/assert";
import type { Cursor } from "wasm-shm";
import { type AnyArray, type ArrayTypeName, arrayTypeNames, arrayTypes, bytesOf } from "../../model/arguments.js";
import { reversed } from "../../model/naive.js";
import { suite } from "../../suite.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333; // bytes: not whole pages, not whole words
const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const orders = [true, false];
const lengths = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100];
/** The scratch area has about 12 KiB. */
const chunkEdges = [12_287, 12_288, 12_289, 24_576, 36_864, 65_536, 100_001];

type Any = Uint8Array; // for the overloads: which array belongs to which constructor is not tested here

const typeOf = (name: ArrayTypeName): typeof Uint8Array => arrayTypes[name] as unknown as typeof Uint8Array;

/** By DataView, one element at a time. */
function model(name: ArrayTypeName, bytes: Uint8Array, start: number, length: number, littleEndian: boolean): AnyArray {
  const array = new arrayTypes[name](length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const get = `get${name === "Uint8ClampedArray" ? "Uint8" : name.slice(0, -5)}` as "getUint16";
  for (let index = 0; index < length; index++)
    array[index] = view[get](start + index * array.BYTES_PER_ELEMENT, littleEndian);
  return array;
}

const sameBytes = (actual: ArrayBufferView, expected: ArrayBufferView, message: string): void =>
  assert.ok(Buffer.compare(bytesOf(actual), bytesOf(expected)) === 0, message);

function at(cursor: Cursor, position: number): Cursor {
  cursor.seek(position);
  return cursor;
}

for (const { name: pair, withCursor } of pairs) {
  for (const name of arrayTypeNames) {
    const type = typeOf(name);
    const width = type.BYTES_PER_ELEMENT;
    const array = suite(`Cursor.readArray, readInto, writeArray, viewArray of ${name} [${pair}]`);

    array("read what a DataView reads, in both byte orders, at every alignment", () => {
      withCursor(SIZE, (cursor, { bytes }) => {
        // Floats as numbers: a DataView may change the payload of a NaN, so no exponent is all ones.
        const random = randomBytes(SIZE).map((byte) => (name.startsWith("Float") ? byte & 0x3f : byte));
        bytes.set(random);
        for (const littleEndian of orders)
          for (const length of lengths)
            for (let start = 0; start < 17; start++) {
              const expected = model(name, random, start, length, littleEndian);
              const read = at(cursor, start).readArray(type, length, littleEndian);
              assert.is(read.constructor, type);
              assert.is(read.buffer.byteLength, length * width); // its own
              sameBytes(read, expected, `readArray of ${length} at ${start}`);
              assert.is(cursor.position, start + length * width);
              const into = new type(length + 2).subarray(1, length + 1);
              at(cursor, start).readInto(into, littleEndian);
              sameBytes(into, expected, `readInto of ${length} at ${start}`);
              assert.is(Number(new type(into.buffer)[0]) + Number(new type(into.buffer)[length + 1]), 0);
              assert.is(cursor.position, start + length * width);
            }
      });
    });

    array("write what a DataView reads back, and no other byte", () => {
      withCursor(SIZE, (cursor, { bytes }) => {
        const random = randomBytes(SIZE);
        for (const littleEndian of orders)
          for (const length of lengths)
            for (let start = 0; start < 17; start++) {
              const source = new type(random.slice(start, start + length * width).buffer);
              const before = source.slice();
              bytes.fill(0xa5);
              at(cursor, start).writeArray(source, littleEndian);
              assert.is(cursor.position, start + length * width);
              const expected = new Uint8Array(SIZE).fill(0xa5);
              expected.set(littleEndian === LITTLE ? bytesOf(source) : reversed(bytesOf(source), width), start);
              sameBytes(bytes, expected, `${length} at ${start}`);
              sameBytes(source, before, "the source");
            }
      });
    });

    array("keep every bit, also of NaN, across parts of the scratch area", () => {
      const size = Math.max(...chunkEdges) + 64;
      withCursor(size, (cursor, { bytes }) => {
        const random = randomBytes(size);
        for (const littleEndian of orders)
          for (const [index, edge] of chunkEdges.entries()) {
            const length = Math.floor(edge / width);
            const start = index % 9;
            bytes.set(random);
            const part = random.slice(start, start + length * width);
            const expected = littleEndian === LITTLE ? part : reversed(part, width);
            const read = at(cursor, start).readArray(type, length, littleEndian);
            sameBytes(read, expected, `${length} elements`);
            at(cursor, start + 1).writeArray(read, littleEndian);
            sameBytes(bytes.subarray(start + 1, start + 1 + part.length), part, `${length} elements written`);
            assert.is(bytes[start], random[start]);
            assert.is(bytes[start + 1 + part.length], random[start + 1 + part.length]);
          }
      });
    });

    array("are little-endian unless told otherwise; a view is the host's", () => {
      withCursor(64, (cursor, { bytes }) => {
        bytes.set(randomBytes(64).map((byte) => byte & 0x3f));
        const expected = model(name, bytes, 8, 3, true);
        sameBytes(at(cursor, 8).readArray(type, 3), expected, "readArray");
        const into = new type(3);
        at(cursor, 8).readInto(into);
        sameBytes(into, expected, "readInto");
        at(cursor, 32).writeArray(into);
        sameBytes(bytes.subarray(32, 32 + 3 * width), bytes.subarray(8, 8 + 3 * width), "writeArray");
        sameBytes(at(cursor, 8).viewArray(type, 3), bytes.subarray(8, 8 + 3 * width), "viewArray");
      });
    });

    array("a view is the window itself, at a multiple of its element's size alone", () => {
      withCursor(SIZE, (cursor, { bytes }) => {
        for (const start of [0, 8, 16, 3328 - 8 * width]) {
          const view = at(cursor, start).viewArray(type, 8);
          assert.is(cursor.position, start + 8 * width);
          assert.is(view.constructor, type);
          assert.is(view.buffer, bytes.buffer);
          assert.is(view.byteOffset, bytes.byteOffset + start);
          bytesOf(view).fill(7);
          assert.ok(bytes.subarray(start, start + 8 * width).every((byte) => byte === 7));
          bytes.fill(0);
          assert.is(Number(view[0]), 0);
        }
        for (let start = 1; start < width; start++) {
          assert.throws(() => at(cursor, 64 + start).viewArray(type, 1), code("ERR_SHM_MISALIGNED", /viewArray/));
          assert.is(cursor.position, 64 + start);
        }
      });
    });

    array("move nothing if they do not fit; a hostile length allocates nothing", () => {
      withCursor(SIZE, (cursor, { bytes }) => {
        bytes.fill(0x5a);
        const [fits] = [Math.floor(SIZE / width)];
        const target = new type(fits + 1);
        for (const littleEndian of orders) {
          for (const length of [fits + 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 50, Number.MAX_SAFE_INTEGER]) {
            const before = process.memoryUsage().arrayBuffers;
            assert.throws(() => at(cursor, 0).readArray(type, length, littleEndian), code("ERR_SHM_OUT_OF_BOUNDS"));
            assert.throws(() => at(cursor, 0).viewArray(type, length), code("ERR_SHM_OUT_OF_BOUNDS"));
            assert.ok(process.memoryUsage().arrayBuffers < before + 2 ** 26);
          }
          const words = new RegExp(`at 0 needs ${(fits + 1) * width} bytes; 3333 remain of 3333`);
          assert.throws(() => cursor.readInto(target, littleEndian), code("ERR_SHM_OUT_OF_BOUNDS", words));
          assert.throws(() => cursor.writeArray(target, littleEndian), code("ERR_SHM_OUT_OF_BOUNDS", words));
          for (const past of [SIZE + 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
            assert.throws(() => at(cursor, past).readArray(type, 0, littleEndian), code("ERR_SHM_OUT_OF_BOUNDS"));
            assert.throws(() => cursor.writeArray(new type(1), littleEndian), code("ERR_SHM_OUT_OF_BOUNDS"));
            assert.throws(() => cursor.readInto(new type(1), littleEndian), code("ERR_SHM_OUT_OF_BOUNDS"));
            assert.is(cursor.position, past);
          }
          at(cursor, 0);
        }
        assert.ok(target.every((element) => Number(element) === 0));
        assert.ok(bytes.every((byte) => byte === 0x5a));
      });
    });

    array("over the window itself, overlapping: as if copied first", () => {
      withCursor(SIZE, (cursor, attachment) => {
        const { bytes } = attachment;
        const random = randomBytes(SIZE);
        for (const hasGrown of [false, true])
          for (const littleEndian of orders)
            for (const distance of [-64, -8, 0, 8, 64]) {
              // A shared memory then has a new buffer, and `bytes` is of the earlier one.
              if (hasGrown && !(bytes.buffer instanceof ArrayBuffer)) attachment.memory.grow(0);
              const [from, length] = [128, Math.floor(160 / width)];
              const part = (start: number): Uint8Array => random.slice(start, start + length * width);
              const turned = (taken: Uint8Array): Uint8Array =>
                littleEndian === LITTLE ? taken : reversed(taken, width);
              const over = new type(bytes.buffer as ArrayBuffer, bytes.byteOffset + from, length);
              bytes.set(random);
              at(cursor, from + distance).writeArray(over, littleEndian);
              const written = random.slice();
              written.set(turned(part(from)), from + distance);
              sameBytes(bytes, written, `writeArray, ${distance}`);
              bytes.set(random);
              at(cursor, from + distance).readInto(over, littleEndian);
              const read = random.slice();
              read.set(turned(part(from + distance)), from);
              sameBytes(bytes, read, `readInto, ${distance}`);
            }
      });
    });

    array("of another realm or of shared memory is an array; a detached one is refused", () => {
      withCursor(SIZE, (cursor, { bytes }) => {
        const random = randomBytes(SIZE);
        const turned = (littleEndian: boolean): Uint8Array =>
          littleEndian === LITTLE ? random.slice(0, 40 * width) : reversed(random.slice(0, 40 * width), width);
        for (const littleEndian of orders) {
          const foreign = runInNewContext(`new ${name}(40)`) as Any;
          const shared = new type(new SharedArrayBuffer(40 * width) as unknown as ArrayBuffer);
          for (const target of [foreign, shared]) {
            bytes.set(random);
            at(cursor, 0).readInto(target, littleEndian);
            sameBytes(target, turned(littleEndian), "read");
            at(cursor, 700).writeArray(target, littleEndian);
            sameBytes(bytes.subarray(700, 700 + 40 * width), random.subarray(0, 40 * width), "written");
          }
          const gone = new type(40);
          structuredClone(gone, { transfer: [gone.buffer] });
          assert.throws(() => at(cursor, 5).readInto(gone, littleEndian), code("ERR_INVALID_ARG_VALUE"));
          assert.throws(() => cursor.writeArray(gone, littleEndian), code("ERR_INVALID_ARG_VALUE"));
          assert.is(cursor.position, 5);
        }
      });
    });
    array.run();
  }

  const wrong = suite(`Invalid arrays [${pair}]`);

  wrong("a Type that is not one of the eleven", () => {
    withCursor(SIZE, (cursor) => {
      const none = [
        DataView,
        ArrayBuffer,
        Array,
        Object,
        "Uint8Array",
        undefined,
        null,
        5,
        {},
        () => 1,
        class extends Uint8Array {},
      ];
      for (const type of none as unknown as (typeof Uint8Array)[]) {
        assert.throws(() => cursor.readArray(type, 1), code("ERR_INVALID_ARG_TYPE", /"Type"/));
        assert.throws(() => cursor.viewArray(type, 1), code("ERR_INVALID_ARG_TYPE", /"Type"/));
      }
      assert.is(cursor.position, 0);
    });
  });

  wrong("another realm's constructors are taken, and its subclasses and imitations are not", () => {
    withCursor(SIZE, (cursor, attachment) => {
      cursor.writeArray(Uint32Array.of(7, 8));
      const names = [
        "Int8",
        "Uint8",
        "Uint8Clamped",
        "Int16",
        "Uint16",
        "Int32",
        "Uint32",
        "Float32",
        "Float64",
        "BigInt64",
        "BigUint64",
      ];
      for (const name of names) {
        const Foreign = runInNewContext(`${name}Array`) as typeof Uint32Array;
        cursor.seek(0);
        const array = cursor.readArray(Foreign, 1);
        assert.is(Object.getPrototypeOf(array), Foreign.prototype);
        cursor.seek(0);
        assert.equal([...cursor.viewArray(Foreign, 1)], [...array]);
        const sum: unknown = attachment.sum(Foreign as never, 0, 8);
        assert.is(typeof sum, name.startsWith("Big") ? "bigint" : "number");
      }
      cursor.seek(0);
      for (const source of [
        "class Uint8Array extends globalThis.Uint8Array {}; Uint8Array",
        "(function Uint8Array() {})",
        "Uint8Array.bind()",
        "new Proxy(Uint8Array, {})",
        "DataView",
        "Object.getPrototypeOf(Uint8Array)",
      ]) {
        const other = runInNewContext(source) as typeof Uint8Array;
        assert.throws(() => cursor.readArray(other, 1), code("ERR_INVALID_ARG_TYPE", /"Type"/));
      }
      assert.is(cursor.position, 0);
    });
  });

  wrong("an invalid length", () => {
    withCursor(SIZE, (cursor) => {
      for (const read of [cursor.readArray, cursor.viewArray] as Cursor["readArray"][]) {
        for (const length of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
          assert.throws(() => read.call(cursor, Uint16Array, length), code("ERR_OUT_OF_RANGE", /"length"/));
        for (const length of ["1", 1n, null, undefined, {}, true] as number[])
          assert.throws(() => read.call(cursor, Uint16Array, length), code("ERR_INVALID_ARG_TYPE", /"length"/));
      }
      assert.is(cursor.position, 0);
    });
  });

  wrong("an object that poses as an array", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      const posing = [
        [1, 2],
        new ArrayBuffer(8),
        new DataView(new ArrayBuffer(8)),
        new Proxy(new Uint16Array(4), {}),
        Object.create(Uint16Array.prototype, { length: { value: 8 } }),
        { [Symbol.toStringTag]: "Uint16Array", length: 4 },
        "text",
        undefined,
        null,
        5,
      ] as unknown as Any[];
      for (const array of posing) {
        assert.throws(() => cursor.readInto(array), code("ERR_INVALID_ARG_TYPE", /"array"/));
        assert.throws(() => cursor.writeArray(array), code("ERR_INVALID_ARG_TYPE", /"array"/));
      }
      assert.is(cursor.position, 0);
      assert.ok(bytes.every((byte) => byte === 0));
    });
  });

  wrong("own lengths and methods are ignored", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      class Liar extends Uint16Array {
        override get length(): number {
          return 1000;
        }
        override slice(): never {
          throw new Error("slice was called");
        }
        override set(): never {
          throw new Error("set was called");
        }
      }
      for (const littleEndian of orders) {
        const liar = new Liar(4);
        Object.defineProperty(liar, "byteLength", { value: 3000 });
        at(cursor, 0).writeArray(liar, littleEndian);
        assert.is(cursor.position, 8);
        cursor.readInto(liar, littleEndian);
        assert.is(cursor.position, 16);
      }
      assert.ok(bytes.every((byte) => byte === 0));
    });
  });
  wrong.run();
}
