// createTyped and openTyped: a segment as a typed array.
import { inspect } from "node:util";
import * as assert from "uvu/assert";
import { TypedSegment } from "wasm-shm";
import { suite } from "../../suite.js";
import { code, pairs } from "../../support/pairs.js";

for (const { name, shm, native } of pairs) {
  const typed = suite(`createTyped, openTyped [${name}]`);
  const mine = (): number => shm.list().filter(({ cpid }) => cpid === process.pid).length;

  typed("share elements", () => {
    const made = shm.createTyped(Float32Array, 833, { mode: 0o640 });
    const opened = shm.openTyped(Float32Array, made.id);
    made.array[832] = 0.5;
    assert.equal([opened.array.length, opened.array[832], made.length], [833, 0.5, 833]);
    assert.is(made.array, made.array);
    assert.equal([made.segment.size, made.segment.created, opened.segment.created], [3332, true, false]);
    assert.is(made.segment.stat().mode, 0o640);
    opened[Symbol.dispose]();
    made[Symbol.dispose]();
    assert.throws(() => made.array, code("ERR_SHM_DETACHED"));
    assert.throws(() => shm.openTyped(Uint8Array, made.id), code("EINVAL"));
  });

  typed("have whole elements, and as many as were asked for", () => {
    const segment = shm.create(1003, { key: 0x57a5f000 | (process.pid & 0xfff) });
    const { key } = segment.stat();
    assert.is(shm.openTyped(Float64Array, { key }).array.length, 125);
    const found = shm.createTyped(Uint16Array, 100, { key, exclusive: false });
    assert.equal([found.array.length, found.segment.created, found.attachment.byteLength], [100, false, 1003]);
    segment[Symbol.dispose]();
  });

  typed("take the options of create and of attach", () => {
    const made = shm.createTyped(Int8Array, 10, { ephemeral: true, memory: "plain" });
    assert.instance(made.array.buffer, ArrayBuffer);
    const opened = shm.openTyped(Int8Array, made.id, { access: "read-only" });
    assert.is(opened.attachment.access, "read-only");
    assert.is(inspect(opened), `TypedSegment { id: ${made.id}, type: 'Int8Array', length: 10 }`);
    opened[Symbol.dispose]();
    made[Symbol.dispose]();
  });

  typed("take inherited options, as create and attach do", () => {
    const made = shm.createTyped(Int8Array, 10, Object.create({ ephemeral: true, memory: "plain" }));
    assert.instance(made.array.buffer, ArrayBuffer);
    assert.throws(() => shm.createTyped(Int8Array, 10, Object.create({ ephemeral: 1 })), code("ERR_INVALID_ARG_TYPE"));
    made[Symbol.dispose]();
    assert.throws(() => shm.channel.create(Object.create({ capacity: -1 })), code("ERR_OUT_OF_RANGE"));
  });

  typed("refuse bad arguments, and leave nothing", () => {
    const before = mine();
    for (const length of [0, -1, 0.5, 2 ** 29])
      assert.throws(() => shm.createTyped(Float64Array, length), code("ERR_OUT_OF_RANGE", /"length"/));
    assert.throws(() => shm.createTyped(Array as unknown as typeof Uint8Array, 1), code("ERR_INVALID_ARG_TYPE"));
    for (const options of [{ acess: "read-only" }, { offset: 0 }])
      assert.throws(() => shm.createTyped(Uint8Array, 1, options as object), code("ERR_INVALID_ARG_VALUE"));
    for (const options of [{ access: "all" }, { memory: "any" }, 7, null])
      assert.throws(() => shm.createTyped(Uint8Array, 1, options as object), code("ERR_INVALID_ARG_TYPE"));
    const kept = shm.create(1);
    assert.throws(() => shm.openTyped(Uint8Array, kept.id, { key: 7 } as object), code("ERR_INVALID_ARG_VALUE"));
    if (!native) {
      assert.throws(() => shm.createTyped(Uint8Array, 1, { memory: "shared" }), code("ERR_SHM_UNSUPPORTED"));
      assert.throws(() => shm.openTyped(Uint8Array, kept.id, { memory: "shared" }), code("ERR_SHM_UNSUPPORTED"));
    }
    assert.is(kept.stat().nattch, 0);
    kept[Symbol.dispose]();
    assert.throws(() => new (TypedSegment as never as new () => object)(), code("ERR_ILLEGAL_CONSTRUCTOR"));
    assert.is(mine(), before);
  });
  typed.run();
}
