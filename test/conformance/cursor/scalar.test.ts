import * as assert from "uvu/assert";
import type { Cursor } from "wasm-shm";
import { suite } from "../../suite.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";

type Value = number | bigint;

interface Kind {
  name: string;
  bytes: number;
  read(cursor: Cursor, littleEndian?: boolean): Value;
  write(cursor: Cursor, value: Value, littleEndian?: boolean): void;
  /** DataView, the model. */
  get(view: DataView, offset: number, littleEndian: boolean): Value;
  set(view: DataView, offset: number, value: Value, littleEndian: boolean): void;
  extremes: Value[];
  wrongType: unknown;
}

type Name =
  | "Uint8"
  | "Int8"
  | "Uint16"
  | "Int16"
  | "Uint32"
  | "Int32"
  | "BigUint64"
  | "BigInt64"
  | "Float32"
  | "Float64";

function kind(name: Name, bytes: number, extremes: Value[]): Kind {
  const big = name.startsWith("Big");
  const order = (littleEndian?: boolean): boolean[] =>
    littleEndian === undefined || bytes === 1 ? [] : [littleEndian]; // one byte has none
  return {
    name,
    bytes,
    read: (cursor, littleEndian) =>
      (cursor[`read${name}`] as (...l: boolean[]) => Value).apply(cursor, order(littleEndian)),
    write: (cursor, value, littleEndian) =>
      (cursor[`write${name}`] as (v: Value, ...l: boolean[]) => void).call(cursor, value, ...order(littleEndian)),
    get: (view, offset, littleEndian) =>
      (view[`get${name}`] as (o: number, l: boolean) => Value).call(view, offset, littleEndian),
    set: (view, offset, value, littleEndian) =>
      (view[`set${name}`] as (o: number, v: Value, l: boolean) => void).call(view, offset, value, littleEndian),
    extremes,
    wrongType: big ? 1 : 1n,
  };
}

const integers = (bits: number): number[] => [0, 1, 2 ** (bits - 1) - 1, 2 ** (bits - 1), 2 ** bits - 1, -1, 2 ** bits];
const floats = [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MIN_VALUE, 1e300];

const kinds: Kind[] = [
  kind("Uint8", 1, integers(8)),
  kind("Int8", 1, integers(8)),
  kind("Uint16", 2, integers(16)),
  kind("Int16", 2, integers(16)),
  kind("Uint32", 4, integers(32)),
  kind("Int32", 4, integers(32)),
  kind("BigUint64", 8, [0n, 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, -1n, 2n ** 64n]),
  kind("BigInt64", 8, [0n, 1n, 2n ** 63n - 1n, -(2n ** 63n), -1n, 2n ** 64n]),
  kind("Float32", 4, floats),
  kind("Float64", 8, floats),
];

const SIZE = 3333; // bytes: not whole pages, not whole words

for (const { name, withCursor } of pairs)
  for (const { name: kindName, bytes, read, write, get, set, extremes, wrongType } of kinds) {
    const scalar = suite(`Cursor.read${kindName}, write${kindName} [${name}]`);
    const orders = bytes === 1 ? [true] : [true, false];

    scalar("reads what DataView reads, in both byte orders, at every alignment", () => {
      withCursor(SIZE, (cursor, { bytes: window }) => {
        const random = randomBytes(SIZE);
        window.set(random);
        const model = new DataView(random.buffer);
        for (let position = 0; position <= SIZE - bytes; position++)
          for (const littleEndian of orders) {
            cursor.seek(position);
            assert.ok(Object.is(read(cursor, littleEndian), get(model, position, littleEndian)), `at ${position}`); // NaN too
            assert.is(cursor.position, position + bytes);
          }
      });
    });

    scalar("writes what DataView writes, and no other byte", () => {
      withCursor(64, (cursor, { bytes: window }) => {
        for (const value of extremes)
          for (const littleEndian of orders) {
            const model = new DataView(new ArrayBuffer(64));
            window.fill(0xa5);
            new Uint8Array(model.buffer).fill(0xa5);
            cursor.seek(13);
            write(cursor, value, littleEndian);
            set(model, 13, value, littleEndian);
            assert.is(cursor.position, 13 + bytes);
            assert.equal(window, new Uint8Array(model.buffer));
          }
      });
    });

    scalar("is little-endian unless told otherwise", () => {
      withCursor(64, (cursor, { bytes: window }) => {
        window.set(randomBytes(64));
        const view = new DataView(window.slice().buffer);
        assert.is(read(cursor), get(view, 0, true));
        cursor.seek(0);
        write(cursor, extremes[2] as Value);
        set(view, 0, extremes[2] as Value, true);
        assert.equal(window, new Uint8Array(view.buffer));
      });
    });

    scalar("reaches the last byte", () => {
      withCursor(SIZE, (cursor, { bytes: window }) => {
        cursor.seek(SIZE - bytes);
        write(cursor, extremes[1] as Value);
        assert.is(cursor.remaining, 0);
        cursor.seek(SIZE - bytes);
        assert.is(read(cursor), get(new DataView(window.slice().buffer), SIZE - bytes, true));
      });
    });

    scalar("refuses past the end, moves nothing and does not move the cursor", () => {
      withCursor(SIZE, (cursor, { bytes: window }) => {
        window.fill(0x5a);
        for (const position of [SIZE - bytes + 1, SIZE, SIZE + 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
          cursor.seek(position);
          const remain = Math.max(0, SIZE - position);
          const words = new RegExp(`at ${position} needs ${bytes} bytes; ${remain} remain of ${SIZE}`);
          assert.throws(() => read(cursor), code("ERR_SHM_OUT_OF_BOUNDS", words));
          assert.throws(() => write(cursor, extremes[1] as Value), code("ERR_SHM_OUT_OF_BOUNDS", words));
          assert.is(cursor.position, position);
        }
        assert.ok(window.every((byte) => byte === 0x5a));
      });
    });

    scalar("refuses a value of another type", () => {
      withCursor(64, (cursor, { bytes: window }) => {
        for (const value of [wrongType, "1", undefined, null, {}, true])
          assert.throws(() => write(cursor, value as Value), code("ERR_INVALID_ARG_TYPE", /"value"/));
        assert.is(cursor.position, 0);
        assert.ok(window.every((byte) => byte === 0));
      });
    });

    scalar("is refused after the detach, and after the cursor's dispose", () => {
      withCursor(64, (cursor, attachment) => {
        const second = attachment.cursor();
        cursor[Symbol.dispose]();
        assert.throws(() => read(cursor), code("ERR_SHM_DETACHED"));
        assert.is(read(second), bytes === 8 && typeof extremes[0] === "bigint" ? 0n : 0);
        attachment.detach();
        assert.throws(() => read(second), code("ERR_SHM_DETACHED"));
        assert.throws(() => write(second, extremes[0] as Value), code("ERR_SHM_DETACHED"));
      });
    });

    scalar.run();
  }
