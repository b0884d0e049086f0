// Arguments that a method does not take are refused, not ignored: an offset in the manner of Buffer, say.
import * as assert from "uvu/assert";
import { type Attachment, type Cursor, Segment } from "wasm-shm";
import { suite } from "../../suite.js";
import { cursorOperations, rangeOperations } from "../../support/operations.js";
import { code, pairs } from "../../support/pairs.js";

type Methods = Record<string, (...values: unknown[]) => unknown>;

/** What takes no arguments at all, and what is a property. */
const properties = ["position", "remaining"];

for (const { name, withCursor, withSegment } of pairs) {
  const extra = suite(`Extra arguments [${name}]`);

  /** Calls a method with one argument more than it takes, of which none is valid: the count is what it refuses first. */
  function refuses(object: object, method: string): void {
    const message = new RegExp(`^The argument 'arguments\\[(\\d)\\]' is invalid\\. ${method} takes \\1 argument`);
    const call = (): unknown => (object as Methods)[method]?.(...new Array(9).fill(undefined));
    assert.throws(call, code("ERR_INVALID_ARG_VALUE", message));
  }

  extra("are refused by each method of a cursor, of ranges and of an attachment", () => {
    withCursor(4096, (cursor, attachment) => {
      for (const method of [...cursorOperations, "readable", "writable"])
        if (!properties.includes(method)) refuses(cursor, method);
      for (const method of [...rangeOperations, "view", "cursor", "join"]) refuses(attachment, method);
    });
  });

  extra("are refused by each method of a segment that takes a place or options", () => {
    withSegment(4096, (segment) => {
      assert.instance(segment, Segment);
      for (const method of ["attach", "setPermissions", "read", "write", "readChunk", "seek"]) refuses(segment, method);
    });
  });

  extra("such as an offset or a length in the manner of Buffer change nothing", () => {
    withCursor(4096, (cursor, attachment) => {
      for (const [use, words] of [
        [(at) => at.writeString("text", 16), /writeString takes 1 argument\. Received type number \(16\)/],
        [(at) => at.writeCString("text", 16), /writeCString takes 1 argument/],
        [(at) => at.writeVarString("text", 16), /writeVarString takes 1 argument/],
        [(at) => at.writeUint8(1, 16), /writeUint8 takes 1 argument/],
        [(at) => at.readUint8(16), /readUint8 takes 0 arguments/],
        [(at) => at.writeUint32(1, true, 16), /writeUint32 takes 2 arguments/],
        [(at) => at.writeVarUint(1, 16), /writeVarUint takes 1 argument/],
        [(at) => at.read(new Uint8Array(4), 0, 4), /read takes 1 argument/],
      ] as [(at: Record<keyof Cursor, (...values: unknown[]) => unknown>) => unknown, RegExp][])
        assert.throws(() => use(cursor as never), code("ERR_INVALID_ARG_VALUE", words));
      assert.is(cursor.position, 0);
      assert.ok(attachment.bytes.every((byte) => byte === 0));
    });
  });

  extra("in the place of the byte order is not a byte order", () => {
    withCursor(4096, (cursor, attachment: Attachment) => {
      const at = cursor as unknown as Methods;
      for (const order of [16, 0, "LE", null, {}])
        for (const [method, ...values] of [
          ["readUint16"],
          ["readFloat16"],
          ["readBigInt64"],
          ["writeFloat64", 1],
          ["writeBigUint64", 1n],
          ["readArray", Uint16Array, 4],
          ["readInto", new Uint16Array(4)],
          ["writeArray", new Uint16Array(4)],
          ["readFloat16Array", 4],
          ["writeFloat16Array", new Float32Array(4)],
        ] as [string, ...unknown[]][])
          assert.throws(() => at[method]?.(...values, order), code("ERR_INVALID_ARG_TYPE", /"littleEndian"/));
      assert.is(cursor.position, 0);
      assert.ok(attachment.bytes.every((byte) => byte === 0));
    });
  });
  extra.run();
}
