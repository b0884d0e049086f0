// int32 and int64 as Protocol Buffers write them: in two's complement, sign-extended to 64 bits.
import * as assert from "uvu/assert";
import { suite } from "../../suite.js";
import { code, pairs } from "../../support/pairs.js";

const SIZE = 333;
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** From the guide (Encoding, "Signed Integers"), and from google.protobuf's encoder: Int64Value and Int32Value. */
const published: [value: bigint, hex: string][] = [
  [0n, "00"],
  [1n, "01"],
  [150n, "9601"],
  [0x7fffffffn, "ffffffff07"],
  [-1n, "ffffffffffffffffff01"],
  [-2n, "feffffffffffffffff01"],
  [-0x80000000n, "80808080f8ffffffff01"],
];
const long: typeof published = [
  [2n ** 63n - 1n, "ffffffffffffffff7f"],
  [-(2n ** 63n), "80808080808080808001"],
];

for (const { name, withCursor } of pairs) {
  const numbers = suite(`Cursor.readVarInt32, readVarInt64 [${name}]`);

  numbers("write and read what Protocol Buffers do", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const [value, hex] of [...published, ...long])
        for (const bits of [32, 64] as const) {
          if (bits === 32 && BigInt.asIntN(32, value) !== value) continue;
          cursor.reset();
          const length = bits === 32 ? cursor.writeVarInt32(Number(value)) : cursor.writeVarInt64(value);
          assert.equal([hexOf(bytes.subarray(0, length)), length], [hex, hex.length / 2]);
          cursor.reset();
          const read = bits === 32 ? cursor.readVarInt32() : cursor.readVarInt64();
          assert.is(BigInt(read), value);
          assert.is(cursor.position, length);
        }
    });
  });

  numbers("take the low 32 bits of a longer one, as its parsers do", () => {
    withCursor(SIZE, (cursor) => {
      for (const value of [
        2n ** 32n - 1n,
        2n ** 31n,
        2n ** 40n + 5n,
        2n ** 53n + 2n ** 31n,
        2n ** 64n - 1n,
        2n ** 63n,
      ]) {
        cursor.reset();
        const length = cursor.writeBigVarUint(value);
        cursor.reset();
        assert.is(cursor.readVarInt32(), Number(BigInt.asIntN(32, value)));
        assert.is(cursor.position, length);
        cursor.reset();
        assert.is(cursor.readVarInt64(), BigInt.asIntN(64, value));
      }
    });
  });

  numbers("refuse what is none, and move nothing", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const value of [2 ** 31, -(2 ** 31) - 1, 0.5])
        assert.throws(() => cursor.writeVarInt32(value), code("ERR_OUT_OF_RANGE"));
      for (const value of [2n ** 63n, -(2n ** 63n) - 1n])
        assert.throws(() => cursor.writeVarInt64(value), code("ERR_OUT_OF_RANGE"));
      assert.throws(() => cursor.writeVarInt32(1n as unknown as number), code("ERR_INVALID_ARG_TYPE"));
      assert.throws(() => cursor.writeVarInt64(1 as unknown as bigint), code("ERR_INVALID_ARG_TYPE"));
      bytes.fill(0xff);
      for (const read of ["readVarInt32", "readVarInt64"] as const) {
        assert.throws(() => cursor[read](), code("ERR_SHM_MALFORMED", new RegExp(`^${read} at 0`)));
        cursor.seek(SIZE - 2);
        assert.throws(() => cursor[read](), code("ERR_SHM_OUT_OF_BOUNDS", new RegExp(`^${read} at ${SIZE - 2}`)));
        cursor.reset();
      }
      cursor.seek(SIZE - 9);
      assert.throws(
        () => cursor.writeVarInt32(-1),
        code("ERR_SHM_OUT_OF_BOUNDS", /writeVarInt32 at 324 needs 10 bytes/),
      );
      assert.throws(() => cursor.writeVarInt64(-1n), code("ERR_SHM_OUT_OF_BOUNDS", /needs 10 bytes; 9 remain/));
      assert.is(cursor.position, SIZE - 9);
      assert.ok(bytes.every((byte) => byte === 0xff));
    });
  });
  numbers.run();
}
