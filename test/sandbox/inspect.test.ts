// What util.inspect, and so console.log, says of a sandbox in each of its states.
import { inspect } from "node:util";
import * as assert from "uvu/assert";
import { createSandbox } from "wasm-shm";
import { suite } from "../suite.js";
import { NO_LIMIT } from "../support/engine.js";
import { apart, guest, NO_HOST, native, rejects, withSegments } from "./sandboxes.js";

const oneLine = { breakLength: Number.POSITIVE_INFINITY };
const WINDOWS = "windows: { input: { byteOffset: 268500992, byteLength: 3333, access: 'read-only' } }";

const inspecting = suite("util.inspect of a sandbox");
if (!native) inspecting.skip("says how it stands", NO_HOST);
else {
  for (const isolation of apart)
    inspecting(`in a ${isolation}: its state, its calls, its limit and its windows`, () =>
      withSegments([3333], async (segment) => {
        const windows = { input: { segment } };
        const sandbox = await createSandbox(guest("hostile/loop"), { isolation, windows, timeLimitMs: 5000 });
        const said = (state: string, running = "[]", waiting = "[]") =>
          `Sandbox { isolation: '${isolation}', ${state}, running: ${running}, waiting: ${waiting}, timeLimitMs: 5000, ${WINDOWS} }`;
        assert.is(inspect(sandbox, oneLine), said("state: 'idle'"));
        const calls = ["loop", "loop", "answer"].map((name) =>
          rejects(() => sandbox.call(name), "ERR_SHM_SANDBOX_CLOSED"),
        );
        assert.is(inspect(sandbox, oneLine), said("state: 'running'", "[ 'loop' ]", "[ 'loop', 'answer' ]"));
        await sandbox.close();
        await Promise.all(calls);
        assert.is(inspect(sandbox, oneLine), said("state: 'closed', reason: 'the sandbox is closed: it was closed'"));
      }),
    );

  for (const isolation of apart)
    inspecting(`in a ${isolation} that was ended: the reason`, async () => {
      const sandbox = await createSandbox(guest("hostile/loop"), { isolation, timeLimitMs: 2500 });
      await rejects(() => sandbox.call("loop"), "ERR_SHM_TIME_LIMIT");
      assert.match(
        inspect(sandbox, oneLine),
        /state: 'closed', reason: '.*loop took longer than 2500 ms.*', running: \[\]/,
      );
      await sandbox.close();
    });

  inspecting("inline: its state and its windows", () =>
    withSegments([3333], async (segment) => {
      const windows = { input: { segment } };
      const sandbox = await createSandbox(guest("hostile/traps"), { windows, isolation: "inline" });
      assert.is(inspect(sandbox, oneLine), `InlineSandbox { isolation: 'inline', state: 'open', ${WINDOWS} }`);
      sandbox.close();
      assert.is(inspect(sandbox, oneLine), `InlineSandbox { isolation: 'inline', state: 'closed', ${WINDOWS} }`);
    }),
  );

  inspecting("never throws: of a prototype, of what inherits from a sandbox, nested, with hidden fields", async () => {
    const thread = await createSandbox(guest("hostile/traps"), NO_LIMIT);
    const inline = await createSandbox(guest("hostile/traps"), { isolation: "inline" });
    for (const sandbox of [thread, inline])
      for (const value of [Object.getPrototypeOf(sandbox), Object.create(sandbox), { a: { b: { c: { sandbox } } } }])
        assert.type(inspect(value, { showHidden: true, showProxy: true, depth: 0 }), "string");
    await thread.close();
    inline.close();
  });
}
inspecting.run();
