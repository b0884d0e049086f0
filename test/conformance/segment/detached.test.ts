// Arrays whose buffers were transferred away, given to every method that takes bytes.
import * as assert from "uvu/assert";
import { createSandbox } from "wasm-shm";
import { suite } from "../../suite.js";
import { code, pairs } from "../../support/pairs.js";

const SIZE = 100;
const CONTENT = 7;

function detachedArray<T extends ArrayBufferView>(array: T): T {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

const bytes = (): Uint8Array => detachedArray(new Uint8Array(8));
const empty = (): Uint8Array => detachedArray(new Uint8Array(0));
const floats = (): Float32Array => detachedArray(new Float32Array(8));

for (const { name, withCursor } of pairs) {
  const arrays = suite(`A detached array [${name}]`);

  for (const [of, make] of [
    ["that had bytes", bytes],
    ["that had none", empty],
  ] as const)
    arrays(`${of} is refused by every method that takes bytes; nothing has changed`, () => {
      withCursor(SIZE, (cursor, attachment) => {
        attachment.fill(CONTENT);
        cursor.seek(3);
        const refused = (call: () => unknown): void => {
          assert.throws(call, (error: unknown) => {
            const { message } = error as Error;
            return error instanceof TypeError && code("ERR_INVALID_ARG_VALUE")(error) && /is detached/.test(message);
          });
          assert.is(cursor.position, 3);
        };
        for (const method of ["read", "write", "readExactly", "writeAll", "writeFrame", "readInto"] as const)
          refused(() => cursor[method](make()));
        refused(() => cursor.writeArray(make()));
        refused(() => cursor.writeVarUintArray(make()));
        for (const littleEndian of [true, false]) {
          refused(() => cursor.readInto(floats(), littleEndian));
          refused(() => cursor.writeArray(floats(), littleEndian));
          refused(() => cursor.writeFloat16Array(floats(), littleEndian));
        }
        for (const method of ["fill", "indexOf", "lastIndexOf", "equals", "compare"] as const)
          refused(() => attachment[method](make()));
        assert.equal(attachment.bytes, new Uint8Array(SIZE).fill(CONTENT));
      });
    });

  const resized = "that lost its bytes to a resizable buffer is refused, too";
  if (!("resize" in ArrayBuffer.prototype)) arrays.skip(resized, "this engine has no resizable buffers");
  else
    arrays(resized, () => {
      const Resizable = ArrayBuffer as unknown as new (
        length: number,
        options: { maxByteLength: number },
      ) => ArrayBuffer & { resize(length: number): void };
      const buffer = new Resizable(8, { maxByteLength: 8 });
      const array = new Uint8Array(buffer, 4, 4);
      buffer.resize(2);
      withCursor(SIZE, (cursor) => assert.throws(() => cursor.read(array), code("ERR_INVALID_ARG_VALUE")));
    });

  arrays("is not an empty one: that is read and written, 0 bytes", () => {
    withCursor(SIZE, (cursor) => {
      assert.is(cursor.read(new Uint8Array(0)), 0);
      cursor.readExactly(new Uint8Array(0));
      cursor.writeArray(new Float64Array(0));
      cursor.writeArray(new BigInt64Array(0));
      assert.is(cursor.position, 0);
    });
  });

  arrays("indexOf(null) names all that it takes, and compare(null) as well", () => {
    withCursor(SIZE, (_, attachment) => {
      const messageOf = (call: () => unknown): string => {
        try {
          return String(call());
        } catch (error) {
          return (error as Error).message;
        }
      };
      const kinds =
        'The "value" argument must be of type number or string, or an instance of Uint8Array. Received null';
      for (const method of ["indexOf", "lastIndexOf", "fill"] as const)
        assert.is(
          messageOf(() => attachment[method](null as never)),
          kinds,
        );
      for (const method of ["equals", "compare"] as const)
        assert.is(
          messageOf(() => attachment[method](null as never)),
          'The "other" argument must be an instance of Uint8Array or Attachment. Received null',
        );
    });
  });
  arrays.run();
}

const guests = suite("A detached module");
guests("is refused by createSandbox", async () => {
  for (const wasm of [bytes(), bytes().buffer]) {
    const refused = await createSandbox(wasm).catch((error: unknown) => error);
    assert.ok(code("ERR_INVALID_ARG_VALUE")(refused), String(refused));
  }
});
guests.run();
