// Participants in processes and workers of their own: how they end, what they keep alive, and what they cost.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import type { Peer } from "wasm-shm";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { assertRuns, end, root, runModule, startModule } from "../support/child.js";
import { code } from "../support/pairs.js";
import { signalProcess } from "../support/processes.js";
import { until } from "../support/waiting.js";
import { kernelHosts, startWorker, withMembers } from "./support.js";

const AT = 16384;
const tests = suite("Participants in other processes");
const [host] = kernelHosts;
const joins = (id: number): string =>
  `import { open } from "wasm-shm"; const domain = open(${id}).attach().join(); const mutex = domain.mutex(${AT});`;

if (!host) tests.skip("end in every way", "this platform has no sysv host");
else {
  tests("a kill is told within a second, to listeners and to those that wait", async () => {
    await withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      const child = await startModule(
        `${joins(segment.id)} mutex.lockSync(); console.log("held"); setInterval(() => {}, 1e6);`,
      );
      try {
        const dead: Peer[] = [];
        domain?.on("death", (peer) => dead.push(peer));
        const waiting = domain?.mutex(AT).lock({ timeoutMs: 30_000 });
        const began = performance.now();
        await end(child, "SIGKILL");
        const held = await waiting;
        assert.is(held?.ownerDied, true);
        await until("the event", () => dead.length === 1);
        assert.ok(performance.now() - began < 1000, `${performance.now() - began} ms`);
        assert.is(dead[0]?.pid, child.pid);
        held?.repaired();
        held?.unlock();
      } finally {
        await end(child, "SIGKILL");
      }
    });
  });

  tests("an exit beside a thread that waits in lockSync is an exit, and both leave", async () => {
    await withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      const held = domain?.mutex(AT).lockSync();
      const waits = `import(${JSON.stringify(`${root}dist/index.js`)}).then(({ open }) => {
        const mutex = open(${segment.id}).attach().join().mutex(${AT});
        require("node:worker_threads").parentPort.postMessage(0);
        mutex.lockSync();
      });`;
      for (let round = 0; round < campaign(4, 200); round++) {
        const ended = runModule(`import { Worker } from "node:worker_threads";
          ${joins(segment.id)}
          const worker = new Worker(${JSON.stringify(waits)}, { eval: true });
          worker.once("message", () => setTimeout(() => process.exit(3), 50));`);
        assert.is(ended.code, 3, ended.stderr);
      }
      held?.unlock();
      await until("both to leave", () => domain?.peers().length === 1);
    });
  });

  tests("a stopped process is never taken for dead", async () => {
    await withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      const child = await startModule(
        `${joins(segment.id)} const held = mutex.lockSync(); console.log("held"); process.stdin.once("data", () => { held.unlock(); process.exit(); });`,
      );
      try {
        const waiting = domain?.mutex(AT).lock();
        signalProcess(child.pid as number, "SIGSTOP");
        await sleep(campaign(1500, 10_000));
        assert.is(
          domain?.peers().every(({ alive }) => alive),
          true,
        );
        signalProcess(child.pid as number, "SIGCONT");
        child.stdin?.write("unlock\n");
        assert.is((await waiting)?.ownerDied, false);
      } finally {
        await end(child, "SIGKILL");
      }
    });
  });

  tests("process.exit with waits pending ends at once, and leaves", async () => {
    await withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      const told: string[] = [];
      for (const event of ["leave", "death"] as const) domain?.on(event, () => told.push(event));
      const held = domain?.mutex(AT).lockSync();
      const child = await startModule(
        `${joins(segment.id)} mutex.lock(); domain.event(20480).wait(); console.log("waits"); process.stdin.once("data", () => process.exit(3));`,
      );
      const exited = once(child, "exit");
      try {
        await until("the join", () => domain?.peers().length === 2);
        const began = performance.now();
        child.stdin?.write("exit\n");
        assert.equal(await exited, [3, null]);
        assert.ok(performance.now() - began < 2000, `${performance.now() - began} ms`);
        await until("the leave", () => told.length > 0);
        assert.equal(told, ["leave"]);
        held?.unlock();
      } finally {
        await end(child, "SIGKILL");
      }
    });
  });

  tests("an error that nobody catches leaves, too, and what it held is told", async () => {
    await withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      const ended = runModule(`${joins(segment.id)} mutex.lockSync(); throw new Error("on purpose");`);
      assert.is(ended.code, 1);
      assert.is((await domain?.mutex(AT).lock({ timeoutMs: 5000 }))?.ownerDied, true);
      assert.is(domain?.peers().length, 1);
    });
  });

  tests("pending waits keep the process alive; after unref they do not", async () => {
    await withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      const held = domain?.mutex(AT).lockSync();
      const quiet = runModule(
        `${joins(segment.id)} domain.unref(); mutex.lock({ timeoutMs: 100000 }).catch(() => {});`,
      );
      assert.is(quiet.code, 0, quiet.stderr);
      const later = runModule(
        `${joins(segment.id)} mutex.lock({ timeoutMs: 100000 }).catch(() => {});
        domain.service(32768, { capacity: 1024, clients: 1 }).request(new Uint8Array(1), { timeoutMs: 100000 }).catch(() => {});
        domain.unref();`,
      );
      assert.is(later.code, 0, later.stderr);
      const idle = runModule(`${joins(segment.id)} domain.on("death", () => {});`);
      assert.is(idle.code, 0, idle.stderr);
      const child = await startModule(
        `${joins(segment.id)} const wait = mutex.lock(); console.log("waits"); await wait; console.log("got");`,
      );
      try {
        await sleep(200);
        assert.is(child.exitCode, null);
        const gone = once(child, "exit");
        held?.unlock();
        assert.equal(await gone, [0, null]);
      } finally {
        await end(child, "SIGKILL");
      }
    });
  });

  tests("a worker that is terminated while it waits ends at once, and leaves", async () => {
    await withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      const held = domain?.mutex(AT).lockSync();
      for (const wait of [
        "mutex.lockSync()",
        "await mutex.lock()",
        "await new Promise(() => setInterval(() => {}, 1e6))",
      ]) {
        const worker = await startWorker(
          `const domain = open(workerData).attach().join(); const mutex = domain.mutex(${AT}); domain.mutex(20480).lockSync();
           parentPort.postMessage("waits"); ${wait};`,
          segment.id,
        );
        let began: number;
        try {
          assert.is(domain?.peers().length, 2);
          await sleep(60);
        } finally {
          began = performance.now();
          await worker.terminate();
        }
        assert.ok(performance.now() - began < 2000, `${wait}: ${performance.now() - began} ms`);
        await until("the leave", () => domain?.peers().length === 1);
        const left = domain?.mutex(20480).tryLock();
        assert.is(left?.ownerDied, true);
        left?.repaired();
        left?.unlock();
      }
      held?.unlock();
    });
  });

  tests("an attachment that is dropped with its domain leaves when it is collected", async () => {
    await withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      const child = await startModule(
        `import { open } from "wasm-shm";
        (() => { open(${segment.id}).attach().join(); })();
        console.log("joined");
        const timer = setInterval(() => gc(), 20);
        process.stdin.once("data", () => clearInterval(timer)).unref();`,
        ["--expose-gc"],
      );
      try {
        await until("the leave", () => domain?.peers().length === 1);
        await assertRuns(child);
      } finally {
        await end(child, "SIGKILL");
      }
    });
  });

  tests("1,000 waits that nothing ends take no processor time", async () => {
    await withMembers(host, 2, async ({ domains: [first, second] }) => {
      const held = first?.mutex(AT).lockSync();
      const controller = new AbortController();
      const { signal } = controller;
      const waits = Promise.allSettled([
        ...Array.from({ length: 500 }, () => second?.mutex(AT).lock({ signal })),
        ...Array.from({ length: 500 }, (_, index) => second?.event(20480 + 64 * index).wait({ signal })),
      ]);
      await sleep(50);
      const before = process.cpuUsage();
      await sleep(1000);
      const { user, system } = process.cpuUsage(before);
      controller.abort();
      await waits;
      held?.unlock();
      assert.ok(user + system < 30_000, `${user + system} µs in a second`);
    });
  });

  tests("a blocked thread is woken by another process, and by a death", async () => {
    await withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      for (const [source, ownerDied] of [
        ["const held = mutex.lockSync(); console.log('held'); setTimeout(() => { held.unlock(); }, 100);", false],
        ["mutex.lockSync(); console.log('held'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);", true],
      ] as const) {
        const child = await startModule(`${joins(segment.id)} ${source}`);
        const began = performance.now();
        const held = domain?.mutex(AT).lockSync({ timeoutMs: 30_000 });
        assert.is(held?.ownerDied, ownerDied);
        assert.ok(performance.now() - began < 3000);
        held?.repaired();
        held?.unlock();
        await end(child, "SIGKILL");
      }
      assert.throws(() => domain?.event(20480).waitSync({ timeoutMs: 70 }), code("ERR_SHM_TIMEOUT"));
    });
  });
}
tests.run();
