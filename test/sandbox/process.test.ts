// A guest's process: how it ends, what is left of it, and that the host is unharmed.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { createSandbox, createSandboxPool, type Sandbox } from "wasm-shm";
import { moduleOf } from "../module/modules.js";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { end, firstOutput, moduleFile, root } from "../support/child.js";
import { confines } from "../support/engine.js";
import { Random } from "../support/random.js";
import { gone, isThere, runnersOf } from "./processes.js";
import { attached, guest, native, rejects, withIntactSegment, withSegments } from "./sandboxes.js";

const callback = guest("hostile/callback");
const loop = guest("hostile/loop");
const exportsGuest = guest("hostile/exports");

/** Runs `use` with a sandbox in a process, and sees that the process is gone afterwards. */
async function withProcess(sandbox: Sandbox, use: (pid: number) => Promise<unknown>): Promise<void> {
  const { pid } = sandbox;
  assert.type(pid, "number");
  try {
    await use(pid as number);
  } finally {
    await sandbox.close();
  }
  assert.not(isThere(pid as number));
}

const processes = suite("The process of a guest");
if (!confines || !native) processes.skip("ends", "this engine starts no such process");
else {
  processes("is a child of this one with nothing of it, and says what confines it", async () =>
    withProcess(await createSandbox(exportsGuest), async (pid) => {
      assert.ok(runnersOf().includes(pid));
      const sandbox = await createSandbox(exportsGuest);
      const { confinement } = sandbox;
      assert.ok(confinement && Object.isFrozen(confinement));
      assert.is(confinement.noNewPrivileges, true);
      assert.is(confinement.systemCalls, "filtered");
      assert.ok(confinement.dataLimit > 2 ** 29 && confinement.dataLimit < 2 ** 32, `${confinement.dataLimit}`);
      await sandbox.close();
    }),
  );

  processes("may take what its guest may have, and no more because memoryLimit is large", async () => {
    const MiB = 2 ** 20;
    const memory = [2, 1, 3, 0x65, 0x6e, 0x76, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 1, 1, 16] as const; // 1 to 16 pages
    const bounded = moduleOf([...memory]);
    const limits: number[] = [];
    for (const memoryLimit of [MiB, 1024 * MiB, Number.MAX_SAFE_INTEGER]) {
      await using sandbox = await createSandbox(bounded, { memoryLimit });
      limits.push(sandbox.confinement?.dataLimit as number);
      assert.is(sandbox.memory.allowed, MiB);
    }
    assert.ok(Math.max(...limits) - Math.min(...limits) < 16 * MiB, limits.join());
  });

  processes("takes limits of any size", async () => {
    const most = Number.MAX_SAFE_INTEGER;
    for (const options of [
      { processMemoryLimit: most },
      { memoryLimit: most },
      { memoryLimit: most, allocator: "__new" },
      { memoryLimit: most, processMemoryLimit: most },
    ]) {
      await using sandbox = await createSandbox(guest("assemblyscript/guest"), options);
      assert.is((await sandbox.write("text")).length, 2);
      assert.ok((sandbox.confinement?.dataLimit as number) <= most);
    }
    await using pool = await createSandboxPool(exportsGuest, { size: 1, memoryLimit: most, processMemoryLimit: most });
    assert.is(await pool.call("answer"), 42);
  });

  for (const signal of ["SIGKILL", "SIGSEGV", "SIGTERM", "SIGABRT", "SIGSYS"] as const)
    processes(`killed by ${signal} in a call: ERR_SHM_SANDBOX_CLOSED with the signal, and nothing stays attached`, () =>
      withIntactSegment(async (segment) => {
        const sandbox = await createSandbox(loop, { windows: { window: { segment } } });
        await withProcess(sandbox, async (pid) => {
          const running = [sandbox.call("loop"), sandbox.call("answer")].map((call) =>
            rejects(() => call, "ERR_SHM_SANDBOX_CLOSED", new RegExp(`its process was killed by ${signal}`)),
          );
          await sleep(10);
          process.kill(pid, signal);
          await Promise.all(running);
          await attached(segment, 0);
          await rejects(() => sandbox.call("answer"), "ERR_SHM_SANDBOX_CLOSED", new RegExp(signal));
          assert.throws(() => sandbox.callSync("answer"), /killed by/);
        });
      }),
    );

  processes("killed while it is idle: the next call says so", async () => {
    const sandbox = await createSandbox(exportsGuest);
    await withProcess(sandbox, async (pid) => {
      process.kill(pid, "SIGKILL");
      await gone([pid], 2000);
      await sleep(20);
      await rejects(() => sandbox.call("answer"), "ERR_SHM_SANDBOX_CLOSED", /SIGKILL/);
    });
  });

  processes("stopped by SIGSTOP: the deadline holds, and close returns", async () => {
    const sandbox = await createSandbox(exportsGuest, { timeLimitMs: 1000 });
    await withProcess(sandbox, async (pid) => {
      process.kill(pid, "SIGSTOP");
      const start = performance.now();
      await rejects(() => sandbox.call("answer"), "ERR_SHM_TIME_LIMIT");
      assert.ok(performance.now() - start < 2000);
    });
    const idle = await createSandbox(exportsGuest);
    await withProcess(idle, async (pid) => {
      process.kill(pid, "SIGSTOP");
    });
  });

  processes("that waits for an imported function is ended by close", () =>
    withIntactSegment(async (segment) => {
      const host = { callback: () => sleep(60_000, 0, { ref: false }) };
      const sandbox = await createSandbox(callback, { windows: { window: { segment } }, imports: { host } });
      await withProcess(sandbox, async () => {
        const running = rejects(() => sandbox.call("enter", 1), "ERR_SHM_SANDBOX_CLOSED");
        await sleep(20);
        await sandbox.close();
        await running;
      });
    }),
  );

  processes("leaves no timer if an imported function settles after the end", async () => {
    const host = { callback: () => sleep(200).then(() => 5) };
    const sandbox = await createSandbox(callback, { imports: { host } });
    const running = rejects(() => sandbox.call("enter", 1), "ERR_SHM_SANDBOX_CLOSED");
    await sleep(50);
    await sandbox.close();
    await running;
    await sleep(300);
    const { setTimeout: original } = globalThis;
    let timers = 0;
    globalThis.setTimeout = ((...given: Parameters<typeof setTimeout>) => {
      timers++;
      return original(...given);
    }) as typeof setTimeout;
    await sleep(50);
    globalThis.setTimeout = original;
    assert.is(timers, 0);
  });

  processes("cannot be started: execPath is not a Node, or does not exist", async () => {
    for (const execPath of ["/bin/false", "/bin/true", "/nonexistent/node", "/"])
      await rejects(() => createSandbox(exportsGuest, { execPath }), "ERR_SHM_UNSUPPORTED", /execPath names a Node/);
  });

  processes("does not outlive its host by a second, idle or in a call", async () => {
    for (const call of ["", 'sandbox.call("loop").catch(() => {});']) {
      const host = spawn(
        process.execPath,
        [
          moduleFile(`import { createSandbox } from "wasm-shm";
            import { readFileSync } from "node:fs";
            const wasm = readFileSync("test/fixtures/hostile/loop.wasm");
            const sandboxes = await Promise.all([0, 1].map(() => createSandbox(wasm, { timeLimitMs: Infinity })));
            for (const sandbox of sandboxes) { ${call} }
            console.log(sandboxes.map(({ pid }) => pid).join());
            setInterval(() => {}, 1000);`),
        ],
        { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
      );
      const limit = setTimeout(() => host.kill("SIGKILL"), 20_000);
      let pids: number[];
      try {
        pids = (await firstOutput(host)).trim().split(",").map(Number);
        assert.ok(pids.length === 2 && pids.every(isThere));
      } finally {
        clearTimeout(limit);
        await end(host, "SIGKILL");
      }
      assert.ok((await gone(pids, 5000)) < 1000);
    }
  });

  const KILLS = campaign(40, 200);
  processes(`${KILLS} are killed at random, from their start on; the host and the segment are as before`, () =>
    withSegments([70_001], async (segment) => {
      const random = new Random(7);
      const before = readdirSync("/proc/self/fd").length;
      const sum = (): bigint => {
        const attachment = segment.attach({ access: "read-only" });
        const found = BigInt(attachment.checksum("xxh3"));
        attachment.detach();
        return found;
      };
      const first = sum();
      let killed = 0;
      for (let round = 0; round < KILLS; round++) {
        const making = createSandbox(exportsGuest, { windows: { window: { segment } } }).then(
          async (sandbox) => {
            for (let call = 0; call < 50; call++) await sandbox.call("i32", call);
            await sandbox.close();
            return "";
          },
          (error: { code: string }) => error,
        );
        const ended = making.catch((error: { code: string }) => error);
        await sleep(random.below(60));
        for (const pid of runnersOf()) {
          process.kill(pid, "SIGKILL");
          killed++;
        }
        const error = await ended;
        if (error !== "") assert.match((error as { code: string }).code, /^ERR_SHM_SANDBOX_CLOSED$/);
        await attached(segment, 0);
        assert.is(sum(), first);
      }
      assert.ok(killed > 0);
      assert.equal(runnersOf(), []);
      for (let turn = 0; readdirSync("/proc/self/fd").length > before && turn < 100; turn++) await sleep(10);
      assert.ok(readdirSync("/proc/self/fd").length <= before, "descriptors are left");
    }),
  );

  processes("leaves no segment, descriptor, process or timer: many are opened and closed", () =>
    withIntactSegment(async (segment) => {
      const before = readdirSync("/proc/self/fd").length;
      const rounds = campaign(20, 10_000);
      for (let round = 0; round < rounds; round++) {
        const sandbox = await createSandbox(exportsGuest, { windows: { window: { segment } } });
        assert.is(await sandbox.call("answer"), 42);
        await sandbox.close();
      }
      assert.ok(readdirSync("/proc/self/fd").length <= before + 3);
      assert.equal(runnersOf(), []);
      const own = native?.shm.list().filter(({ size, cpid }) => size === 900 * 1024 && cpid === process.pid);
      assert.equal(own, []);
    }),
  );
}
processes.run();
