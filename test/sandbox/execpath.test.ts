// A Node that is named runs the guest's process: so Bun and Deno have such sandboxes, too.
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { createSandbox, createSandboxPool } from "wasm-shm";
import { suite } from "../suite.js";
import { isEmulated, isNode, toolNode } from "../support/engine.js";
import { attached, guest, NO_HOST, native, rejects, withIntactSegment } from "./sandboxes.js";

const named = { execPath: toolNode };
const naming = suite("A sandbox whose Node is named");
if (!native || isEmulated) naming.skip("works", NO_HOST);
else {
  naming("calls, blocks for calls, and calls imported functions that are async", async () => {
    await using sandbox = await createSandbox(guest("hostile/exports"), named);
    assert.is(await sandbox.call("answer"), 42);
    assert.equal(sandbox.callSync("several"), [1, 2n, 3]);
    const imports = { host: { callback: (value: number) => sleep(5).then(() => value * 2) } };
    await using calling = await createSandbox(guest("hostile/callback"), { ...named, imports });
    assert.is(await calling.call("enter", 21), 42);
  });

  naming("is ended at its deadline, and told when its process is killed", () =>
    withIntactSegment(async (segment) => {
      const options = { ...named, windows: { window: { segment } } };
      const late = await createSandbox(guest("hostile/loop"), { ...options, timeLimitMs: 1500 });
      await rejects(() => late.call("loop"), "ERR_SHM_TIME_LIMIT");
      await late.close();
      const killed = await createSandbox(guest("hostile/loop"), options);
      const running = rejects(() => killed.call("loop"), "ERR_SHM_SANDBOX_CLOSED", /SIGKILL/);
      process.kill(killed.pid as number, "SIGKILL");
      await running;
      await killed.close();
      await attached(segment, 0);
    }),
  );

  naming("may be one of a pool", async () => {
    await using pool = await createSandboxPool(guest("hostile/exports"), { ...named, size: 1 });
    assert.equal(await Promise.all([1, 2, 3].map((value) => pool.call("i32", value))), [1, 2, 3]);
  });

  if (!isNode)
    naming("has to be named here: this engine is not a Node", async () => {
      await rejects(() => createSandbox(guest("hostile/exports")), "ERR_SHM_UNSUPPORTED", /execPath names a Node/);
    });
}
naming.run();
