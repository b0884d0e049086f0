// callSync: calls for which this thread waits.

import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { createSandbox, type SandboxOptions } from "wasm-shm";
import { suite } from "../suite.js";
import { confines } from "../support/engine.js";
import { code } from "../support/pairs.js";
import { at, guest, native, rejects, withIntactSegment, withSandbox } from "./sandboxes.js";

const exportsGuest = guest("hostile/exports");
const callback = guest("hostile/callback");
const hosting = (
  call: (...values: never[]) => unknown,
): Pick<SandboxOptions, "imports"> & { isolation: "process" } => ({
  isolation: "process",
  imports: { host: { callback: call } },
});

const sync = suite("Sandbox.callSync");
if (!confines || !native) sync.skip("calls", "this engine starts no process");
else {
  sync("gives the results of call, and its errors with the guest's stack", async () => {
    await using sandbox = await createSandbox(exportsGuest);
    for (const value of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]) assert.is(sandbox.callSync("i32", value), value);
    for (const value of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]) assert.is(sandbox.callSync("i64", value), value);
    for (const value of [0.5, -0, Number.NaN, Number.POSITIVE_INFINITY])
      assert.ok(Object.is(sandbox.callSync("f64", value), value));
    assert.equal(sandbox.callSync("several"), [1, 2n, 3]);
    assert.is(sandbox.callSync("nothing"), undefined);
    assert.is(sandbox.callSync("nullExtern"), null);
    assert.throws(() => sandbox.callSync("none"), code("ERR_SHM_GUEST_EXPORT", /several/));
    assert.throws(() => sandbox.callSync("x".repeat(1e6)), code("ERR_SHM_GUEST_EXPORT"));
    assert.throws(() => sandbox.callSync("someFunction"), code("ERR_SHM_UNSUPPORTED"));
    assert.throws(() => sandbox.callSync("i32", "1" as unknown as number), code("ERR_INVALID_ARG_TYPE"));
    assert.throws(() => sandbox.callSync("i32", 1n), code("ERR_INVALID_ARG_TYPE", /^i32: /));
    await using traps = await createSandbox(guest("hostile/traps"));
    try {
      traps.callSync("unreachable");
      assert.unreachable();
    } catch (error) {
      assert.ok(code("ERR_SHM_GUEST_TRAP", /^unreachable trapped/)(error));
      assert.match(((error as Error).cause as Error).stack ?? "", /wasm/);
    }
    assert.is(traps.callSync("answer"), 42);
    assert.is(await traps.call("answer"), 42);
  });

  sync("works between calls that are awaited, and 2,000 times", async () => {
    await using sandbox = await createSandbox(exportsGuest);
    for (let count = 0; count < 1000; count++) {
      assert.is(sandbox.callSync("i32", count), count);
      if (count % 10 === 0) assert.is(await sandbox.call("i32", -count), -count);
      assert.is(sandbox.callSync("i64", BigInt(count)), BigInt(count));
    }
  });

  sync("reports stores into read-only windows", () =>
    withIntactSegment((segment) =>
      withSandbox("process", guest("hostile/stores"), { windows: { window: { segment } } }, async (any) => {
        const sandbox = any as unknown as Awaited<ReturnType<typeof createSandbox>>;
        assert.throws(() => sandbox.callSync("i32.store", at(any, "window")), code("ERR_SHM_READ_ONLY"));
      }),
    ),
  );

  sync("calls imported functions, which may call the guest in turn, and throw", async () => {
    const error = new Error("mine");
    const sandbox = await createSandbox(
      callback,
      hosting((value: number) => {
        if (value < 0) throw error;
        return value === 0 ? 100 : (sandbox.callSync("enter", value - 1) as number) + 1;
      }),
    );
    assert.is(sandbox.callSync("enter", 15), 115);
    assert.is(await sandbox.call("enter", 5), 105); // an awaited call whose import calls synchronously
    assert.throws(
      () => sandbox.callSync("enter", -1),
      (thrown: unknown) => thrown === error,
    );
    assert.is(sandbox.callSync("enter", 1), 101);
    await sandbox.close();
  });

  sync(
    "an imported function that makes an awaited call: it runs inside, and its promise settles afterwards",
    async () => {
      const inner: Promise<unknown>[] = [];
      const sandbox = await createSandbox(
        callback,
        hosting((value: number) => {
          if (value === 7) inner.push(sandbox.call("enter", 1), sandbox.call("enter", 2));
          return value;
        }),
      );
      assert.is(sandbox.callSync("enter", 7), 7);
      assert.equal(await Promise.all(inner), [1, 2]);
      assert.is(sandbox.callSync("enter", 3), 3);
      await sandbox.close();
    },
  );

  sync("an imported function must not return a promise", async () => {
    await using sandbox = await createSandbox(
      callback,
      hosting(async (value: number) => value),
    );
    assert.throws(() => sandbox.callSync("enter", 1), code("ERR_SHM_UNSUPPORTED", /host\.callback returned a promise/));
    assert.is(await sandbox.call("enter", 1), 1);
  });

  sync("is refused while another call runs, after close, and in a thread", async () => {
    const sandbox = await createSandbox(
      callback,
      hosting(() => sleep(100).then(() => 5)),
    );
    const running = sandbox.call("enter", 1);
    assert.throws(() => sandbox.callSync("enter", 1), code("ERR_SHM_UNSUPPORTED", /another call is running/));
    assert.is(await running, 5);
    await sandbox.close();
    assert.throws(() => sandbox.callSync("enter", 1), code("ERR_SHM_SANDBOX_CLOSED"));
    await using thread = await createSandbox(exportsGuest, { isolation: "thread" });
    assert.throws(() => thread.callSync("answer"), code("ERR_SHM_UNSUPPORTED", /isolation: "process"/));
  });

  sync("ends at the time limit, and the sandbox is closed", () =>
    withIntactSegment(async (segment) => {
      const sandbox = await createSandbox(guest("hostile/loop"), {
        windows: { window: { segment } },
        timeLimitMs: 1000,
      });
      const start = performance.now();
      assert.throws(() => sandbox.callSync("loop"), code("ERR_SHM_TIME_LIMIT", /^loop took longer than 1000 ms/));
      assert.ok(performance.now() - start < 1100, `${performance.now() - start} ms`);
      assert.throws(() => sandbox.callSync("loop"), code("ERR_SHM_SANDBOX_CLOSED", /loop took longer/));
      await rejects(() => sandbox.call("loop"), "ERR_SHM_SANDBOX_CLOSED");
      await sandbox.close();
    }),
  );

  sync("a process that is killed meanwhile is ERR_SHM_SANDBOX_CLOSED with the signal", async () => {
    for (const timeLimitMs of [20_000, Number.POSITIVE_INFINITY]) {
      const sandbox = await createSandbox(guest("hostile/loop"), { timeLimitMs });
      const killer = spawn("sh", ["-c", `sleep 0.3; kill -9 ${sandbox.pid}`], { stdio: "ignore" });
      assert.throws(
        () => sandbox.callSync("loop"),
        code("ERR_SHM_SANDBOX_CLOSED", /its process was killed by SIGKILL/),
      );
      killer.unref();
      await sandbox.close();
    }
  });

  sync("a process that takes more than processMemoryLimit is ERR_SHM_MEMORY_LIMIT", async () => {
    const sandbox = await createSandbox(guest("hostile/table"), { timeLimitMs: 20_000 });
    const message = /killed by SIGABRT: beside the guest's memory it needed more than processMemoryLimit/;
    assert.throws(() => sandbox.callSync("growTable", 9_999_000), code("ERR_SHM_MEMORY_LIMIT", message));
    assert.throws(() => sandbox.callSync("size"), code("ERR_SHM_SANDBOX_CLOSED", message));
    await sandbox.close();
  });
}
sync.run();
