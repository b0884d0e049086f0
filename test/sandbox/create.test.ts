// createSandbox: its options, the forms that a module may have, and that nothing else constructs a sandbox.
import * as assert from "uvu/assert";
import { createSandbox } from "wasm-shm";
import { suite } from "../suite.js";
import { NO_LIMIT } from "../support/engine.js";
import { guest, kinds, NO_HOST, native, open, rejects, withSegments } from "./sandboxes.js";

const exportsGuest = guest("hostile/exports");

for (const kind of kinds) {
  const creating = suite(`createSandbox [${kind}]`);
  if (!native) creating.skip("makes a sandbox", NO_HOST);
  else {
    creating("wrong options are refused before anything is made", () =>
      withSegments([3333], async (segment) => {
        const bad: [unknown, string | RegExp, RegExp][] = [
          [{ windows: 5 }, "ERR_INVALID_ARG_TYPE", /./],
          [{ windows: { one: 5 } }, "ERR_INVALID_ARG_TYPE", /./],
          [{ windows: { one: {} } }, "ERR_INVALID_ARG_TYPE", /windows\.one\.segment/],
          [{ windows: { one: { segment: segment.id } } }, "ERR_INVALID_ARG_TYPE", /windows\.one\.segment/],
          [{ windows: { one: { segment, access: "write" } } }, "ERR_INVALID_ARG_TYPE", /windows\.one\.access/],
          [{ windows: { one: { segment, offset: "1" } } }, "ERR_INVALID_ARG_TYPE", /windows\.one\.offset/],
          [{ windows: { one: { segment, length: 1.5 } } }, "ERR_OUT_OF_RANGE", /windows\.one\.length/],
          [{ windows: { one: { segment, offset: 4096 } } }, "ERR_OUT_OF_RANGE", /windows\.one\.offset/],
          [{ timeLimitMs: 0 }, "ERR_OUT_OF_RANGE", /timeLimitMs/],
          [{ timeLimitMs: Number.NaN }, "ERR_OUT_OF_RANGE", /timeLimitMs/],
          [{ timeLimitMs: "1" }, "ERR_INVALID_ARG_TYPE", /timeLimitMs/],
          [{ memoryLimit: -1 }, "ERR_OUT_OF_RANGE", /memoryLimit/],
          [{ memoryLimit: 1n }, "ERR_INVALID_ARG_TYPE", /memoryLimit/],
          [{ allocator: 1 }, "ERR_INVALID_ARG_TYPE", /allocator/],
          [{ imports: 1 }, "ERR_INVALID_ARG_TYPE", /./],
          [{ imports: { host: 1 } }, "ERR_INVALID_ARG_TYPE", /./],
          [{ imports: { host: { callback: 1 } } }, "ERR_INVALID_ARG_TYPE", /imports\.host\.callback/],
          [{ isolation: 1 }, "ERR_INVALID_ARG_TYPE", /isolation/],
          [{ isolation: "worker" }, "ERR_INVALID_ARG_TYPE", /isolation.*'process', 'thread', 'inline'/],
          [{ inline: true }, "ERR_INVALID_ARG_VALUE", /inline/],
          [{ processMemoryLimit: 1 }, /^ERR_(OUT_OF_RANGE|INVALID_ARG_VALUE)$/, /processMemoryLimit/],
          [{ processMemoryLimit: "1" }, /^ERR_INVALID_ARG_/, /processMemoryLimit/],
          [{ execPath: "node" }, "ERR_INVALID_ARG_VALUE", /execPath/],
          [{ execPath: 1 }, /^ERR_INVALID_ARG_/, /execPath/],
        ];
        for (const [options, expected, words] of bad)
          await rejects(
            () => createSandbox(exportsGuest, { isolation: kind, ...(options as object) } as never),
            expected,
            words,
          );
        for (const bytes of [undefined, null, "wasm", 5, {}, [], new WebAssembly.Module(exportsGuest)])
          await rejects(
            () => createSandbox(bytes as never, { isolation: kind as "inline" }),
            "ERR_INVALID_ARG_TYPE",
            /wasmBytes/,
          );
        assert.is(segment.stat().nattch, 0);
      }),
    );

    creating("takes the module in an ArrayBuffer, in a shared one and in a part of one, and keeps a copy", async () => {
      const { length } = exportsGuest;
      const inside = (bytes: Uint8Array, start: number): Uint8Array => {
        bytes.set(exportsGuest, start);
        return bytes.subarray(start, start + length);
      };
      const shared = (): Uint8Array => inside(new Uint8Array(new SharedArrayBuffer(length)), 0);
      const part = (): Uint8Array => inside(new Uint8Array(length + 20), 7);
      const forms = [
        exportsGuest.slice().buffer,
        shared(),
        shared().buffer,
        part(),
        new DataView(part().buffer, 7, length),
      ];
      for (const form of forms) {
        const opening = open(kind, form as Uint8Array);
        const { buffer, byteOffset } = ArrayBuffer.isView(form) ? form : { buffer: form, byteOffset: 0 };
        new Uint8Array(buffer, byteOffset, length).fill(0);
        const sandbox = await opening;
        assert.is(await sandbox.call("answer"), 42);
        await sandbox.close();
      }
    });

    creating("is the only way to make one: the constructors refuse every other caller", async () => {
      const options = { ...NO_LIMIT, isolation: kind } as { isolation: "inline" };
      const sandbox: object = await createSandbox(exportsGuest, options);
      const Class = sandbox.constructor as new (...values: unknown[]) => { close?: () => void };
      class Derived extends Class {}
      for (const make of [
        () => new Class(),
        () => new Class(Symbol("createSandbox"), {}, {}, 1),
        () => new Derived(),
        () => Reflect.construct(Class, [undefined, sandbox, {}, 1]),
      ])
        assert.throws(make, (error: TypeError & { code?: string }) => {
          assert.instance(error, TypeError);
          assert.is(error.code, "ERR_ILLEGAL_CONSTRUCTOR");
          assert.is(error.message, `Illegal constructor: ${Class.name} objects come from createSandbox`);
          return true;
        });
      await (sandbox as { close(): unknown }).close();
    });
  }
  creating.run();
}
