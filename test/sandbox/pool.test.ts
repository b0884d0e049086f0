// createSandboxPool: calls that go to free processes, and processes that are replaced.
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import * as assert from "uvu/assert";
import { createSandboxPool } from "wasm-shm";
import { suite } from "../suite.js";
import { confines } from "../support/engine.js";
import { until } from "../support/waiting.js";
import { gone, runnersOf, small } from "./processes.js";
import { attached, guest, native, rejects, withSegments } from "./sandboxes.js";

const MiB = 2 ** 20;
const exportsGuest = guest("hostile/exports");
const loop = guest("hostile/loop");

const pools = suite("SandboxPool");
if (!confines || !native) pools.skip("calls", "this engine starts no process");
else {
  pools("spreads calls over its processes, in order if it has one", async () => {
    await using pool = await createSandboxPool(exportsGuest, { size: 3 });
    assert.is(pool.size, 3);
    assert.equal(
      await Promise.all(Array.from({ length: 60 }, (_, value) => pool.call("i32", value))),
      Array.from({ length: 60 }, (_, value) => value),
    );
    assert.is(pool.waiting, 0);
    await rejects(() => pool.call("none"), "ERR_SHM_GUEST_EXPORT");
    await rejects(() => pool.call("i32", "1" as unknown as number), "ERR_INVALID_ARG_TYPE");
    assert.is(await pool.call("answer"), 42);
    assert.is(runnersOf().length, 3);
    assert.match(inspect(pool), /SandboxPool \{ state: 'open', size: 3, busy: 0, waiting: 0 \}/);
  });

  pools("makes calls wait, and refuses those past mostWaiting", async () => {
    const host = { callback: () => sleep(300).then(() => 7) };
    await using pool = await createSandboxPool(guest("hostile/callback"), {
      size: 1,
      mostWaiting: 2,
      imports: { host },
    });
    const calls = [pool.call("enter", 1), pool.call("enter", 1), pool.call("enter", 1)];
    assert.is(pool.waiting, 2);
    await rejects(() => pool.call("enter", 1), "ERR_SHM_POOL_FULL", /^2 calls wait for one of 1 processes/);
    assert.equal(await Promise.all(calls), [7, 7, 7]);
  });

  pools(
    "lends guests whose windows are larger than the pool's, as there is no room for two memories in a process",
    () =>
      withSegments([5000, 200 * MiB], async (usual, large) => {
        const windows = { window: { segment: usual } };
        await using pool = await createSandboxPool(exportsGuest, { size: 1, windows, processMemoryLimit: 128 * MiB });
        const limits = new Set<number | undefined>();
        for (const segment of [usual, large, usual, large])
          await pool.use(
            async (sandbox) => {
              assert.is(sandbox.windows.window.byteLength, segment.size);
              assert.is(await sandbox.call("answer"), 42);
              const spare = (sandbox.confinement?.dataLimit as number) - segment.size;
              limits.add(Math.round(spare / (16 * MiB)));
            },
            { windows: { window: { segment } } },
          );
        assert.ok(limits.size <= 2, `limits without the window: ${[...limits]} times 16 MiB`);
      }),
  );

  pools("replaces a process that was killed: idle, waiting for its job, or in a call", async () => {
    const imports = { host: { callback: () => 42 } };
    await using pool = await createSandboxPool(guest("hostile/callback"), { size: 2, timeLimitMs: 1500, imports });
    await sleep(1200); // a runner that ends at once is not started again
    const first = runnersOf();
    for (const pid of first) process.kill(pid, "SIGKILL");
    await gone(first, 2000);
    await until("both runners", () => runnersOf().length === 2);
    assert.is(await pool.call("enter", 1), 42);
    await rejects(() => pool.call("loop", 1), "ERR_SHM_TIME_LIMIT");
    assert.is(await pool.call("enter", 1), 42);
    const running = rejects(() => pool.call("loop", 1), "ERR_SHM_SANDBOX_CLOSED", /SIGKILL/);
    await sleep(300);
    for (const pid of runnersOf()) process.kill(pid, "SIGKILL");
    await running;
    assert.is(await pool.call("enter", 1), 42);
  });

  pools("gives each call a guest of its own, if that is asked for", async () => {
    // Its memory tells the calls: grow returns the pages before.
    for (const fresh of [true, false]) {
      await using pool = await createSandboxPool(guest("hostile/grow"), { size: 1, fresh });
      const sizes = [await pool.call("grow", 1), await pool.call("grow", 1)];
      assert.is(sizes[0] === sizes[1], fresh);
    }
  });

  pools("lends a guest over other windows, and ends it then", () =>
    withSegments([5000, 9000], async (one, two) => {
      await using pool = await createSandboxPool(guest("hostile/loads"), {
        size: 1,
        windows: { window: { segment: one } },
      });
      for (const segment of [one, two, one]) {
        const { size, value } = await pool.use(
          async (sandbox) => {
            const { window } = sandbox.windows;
            const value = await sandbox.call("i32.load8_u", window?.byteOffset as number);
            return { size: window?.byteLength, value };
          },
          { windows: { window: { segment } } },
        );
        assert.equal([size, value], [segment.size, segment.readChunk(1, 0)[0]]);
      }
      assert.is(await pool.use((sandbox) => sandbox.windows["window"]?.byteLength), 5000);
      await rejects(
        () =>
          pool
            .use(() => Promise.reject(new RangeError("mine")))
            .catch(({ message }) => {
              throw Object.assign(new Error(message), { code: "MINE" });
            }),
        "MINE",
        /mine/,
      );
      await rejects(() => pool.use(5 as never), "ERR_INVALID_ARG_TYPE");
      await rejects(() => pool.use(() => 0, { windows: { window: { segment: 5 as never } } }), "ERR_INVALID_ARG_TYPE");
      await rejects(() => pool.use(() => 0, { window: {} } as never), "ERR_INVALID_ARG_VALUE");
      await attached(two, 1); // what readChunk attached
    }),
  );

  pools("ends a guest that starts as it is closed: nothing is called, and no process stays", async () => {
    for (const delay of [0, 1, 2, 4, 8]) {
      let called = 0;
      const imports = { host: { callback: () => ++called } };
      const pool = await createSandboxPool(guest("hostile/callback"), { size: 1, fresh: true, imports });
      await pool.call("enter", 1);
      await sleep(100);
      called = 0;
      const ending = [pool.call("enter", 1), pool.use((sandbox) => sandbox.call("enter", 1))].map((call) =>
        call.then(
          () => "called",
          ({ code, message }) => `${code}: ${message}`,
        ),
      );
      if (delay > 0) await sleep(delay);
      await pool.close();
      assert.equal(runnersOf(), [], `${delay} ms`);
      for (const said of await Promise.all(ending))
        assert.match(
          said,
          delay === 0 ? /^ERR_SHM_SANDBOX_CLOSED: .*its pool was closed/ : /^ERR_SHM_SANDBOX_CLOSED|^called/,
        );
      if (delay === 0) assert.is(called, 0);
    }
  });

  pools("refuses a module that cannot run, wrong options, and calls after close", async () => {
    await rejects(() => createSandboxPool(guest("hostile/start-trap")), "ERR_SHM_GUEST_TRAP");
    await rejects(() => createSandboxPool(small({ code: [[0xff]] })), "ERR_SHM_GUEST_INVALID");
    for (const [options, expected] of [
      [{ size: 0 }, "ERR_OUT_OF_RANGE"],
      [{ size: "1" }, "ERR_INVALID_ARG_TYPE"],
      [{ fresh: 1 }, "ERR_INVALID_ARG_TYPE"],
      [{ mostWaiting: -1 }, "ERR_OUT_OF_RANGE"],
      [{ isolation: "thread" }, "ERR_INVALID_ARG_VALUE"],
      [{ sizes: 1 }, "ERR_INVALID_ARG_VALUE"],
    ] as const)
      await rejects(() => createSandboxPool(exportsGuest, options as object), expected);
    const pool = await createSandboxPool(loop, { size: 1 });
    const calls = [pool.call("loop"), pool.call("answer")].map((call) => rejects(() => call, "ERR_SHM_SANDBOX_CLOSED"));
    await sleep(10);
    await pool.close();
    await Promise.all(calls);
    await rejects(() => pool.call("answer"), "ERR_SHM_SANDBOX_CLOSED", /its pool was closed/);
    await rejects(() => pool.use(() => 0), "ERR_SHM_SANDBOX_CLOSED");
    await pool.close();
    assert.ok((await gone(runnersOf(), 2000)) < 2000);
    assert.throws(() => new (pool.constructor as new () => unknown)(), /Illegal constructor/);
  });
}
pools.run();
