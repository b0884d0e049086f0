// Imported functions that throw, again and again, into a guest that catches it: what is kept of it is bounded.
import * as assert from "uvu/assert";
import type { Isolation } from "wasm-shm";
import { ImportCalls } from "#src/sandbox/importcalls.js";
import { moduleOf, named } from "../module/modules.js";
import { suite } from "../suite.js";
import { code } from "../support/pairs.js";
import { kinds, NO_HOST, native, withSandbox } from "./sandboxes.js";

const imports = suite("Imported functions that throw");

imports(
  "leave their last 1,000 errors alone; an older one is a typed error, and one to come ends the guest",
  async () => {
    const told: number[] = [];
    let count = 0;
    const host = {
      fail: () => {
        throw new Error(`number ${count++}`);
      },
    };
    const ended = new Error("ended");
    const calls = new ImportCalls(
      { host },
      { post: (message) => "threw" in message && told.push(message.threw), violated: () => ended },
    );
    const fail = { imported: ["host", "fail"], number: 1, values: [] } as const;
    for (let n = 0; n < 2500; n++) await calls.call(fail);
    for (const n of [2499, 1500]) assert.is((calls.thrown(told[n] as number) as Error).message, `number ${n}`);
    for (const n of [1499, 0])
      assert.ok(code("ERR_SHM_GUEST_TRAP", /no longer known/)(calls.thrown(told[n] as number)), String(n));
    assert.is(calls.thrown(2500), ended);
    calls.forget();
    assert.ok(code("ERR_SHM_GUEST_TRAP")(calls.thrown(told[2499] as number)));
    calls.callNow(fail);
    assert.is((calls.thrown(told[2500] as number) as Error).message, "number 2500");
  },
);

/** Catches what host.fail throws, catches it 1,200 times more, and throws what it caught: the first, or the last. */
const catching = (first: boolean): Uint8Array<ArrayBuffer> => {
  const fail = [0x10, 0];
  const again = [0x03, 0x40, 0x06, 0x40, ...fail, 0x19, 0x0b, 0x20, 0, 0x41, 1, 0x6a, 0x22, 0];
  const loop = [...again, 0x41, 0xb0, 0x09, 0x48, 0x0d, 0, 0x0b];
  const body = [1, 1, 0x7f, 0x06, 0x40, ...fail, 0x19, ...loop, ...(first ? [0x09, 0] : fail), 0x0b, 0x0b];
  return moduleOf(
    [1, 1, 0x60, 0, 0],
    [2, 1, ...named("host"), ...named("fail"), 0, 0],
    [3, 1, 0],
    [5, 1, 0, 1],
    [7, 1, ...named("run"), 0, 1],
    [10, 1, body.length, ...body],
  );
};

if (native && WebAssembly.validate(catching(true)))
  for (const kind of kinds)
    imports(`of which the guest throws the last, or the first, again [${kind}]`, async () => {
      const thrownBy = async (first: boolean, isolation: Isolation): Promise<{ code?: string; message: string }> => {
        let count = 0;
        const host = {
          fail: () => {
            throw new Error(`number ${count++}`);
          },
        };
        return withSandbox(isolation, catching(first), { imports: { host } }, (sandbox) =>
          sandbox.call("run").then(
            () => new Error("nothing was thrown"),
            (error: Error) => error,
          ),
        );
      };
      assert.is((await thrownBy(false, kind)).message, "number 1201");
      const first = await thrownBy(true, kind);
      if (kind === "inline") assert.is(first.message, "number 0");
      else assert.is(first.code, "ERR_SHM_GUEST_TRAP", first.message);
    });
else imports.skip("reach the guest", native ? "this engine has no `try` and `catch` of WebAssembly" : NO_HOST);
imports.run();
