// Without futex_waitv(2), as before Linux 5.16 and under some seccomp filters: everything works, with polls.
import { once } from "node:events";
import * as assert from "uvu/assert";
import { buildProbe } from "../native/guarded.js";
import { suite } from "../suite.js";
import { askModule, end, startModule } from "../support/child.js";
import { kernelHosts, withMembers } from "./support.js";

const AT = 16384;
const tests = suite("Without futex_waitv");
const [host] = kernelHosts;
if (!host) tests.skip("waits work", "this platform has no sysv host");
else {
  buildProbe();
  const start = (id: number): string => `
    import { createRequire } from "node:module";
    import { open } from "wasm-shm";
    const probe = createRequire(process.cwd() + "/package.json")("./test/native/build/Release/wasm_shm_test.node");
    const works = probe.refuseFutexWaitv();
    const domain = open(${id}).attach().join();`;

  tests("waits end by an unlock and a timeout, and a death is told within a second", async () => {
    await withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      const held = domain?.mutex(AT).lockSync();
      const doomed = await startModule(
        `import { open } from "wasm-shm"; open(${segment.id}).attach().join().event(20480); console.log("joined"); setInterval(() => {}, 1e6);`,
      );
      try {
        const child = await startModule(`${start(segment.id)}
          const deaths = [];
          domain.on("death", ({ pid }) => { deaths.push(pid); domain.event(20672).set(); });
          const waiting = domain.mutex(${AT}).lock({ timeoutMs: 20000 });
          console.log("waits");
          const got = await waiting;
          got.unlock();
          let code;
          try { domain.event(20544).waitSync({ timeoutMs: 30 }); } catch (error) { code = error.code; }
          domain.event(20608).set();
          process.exit(works && code === "ERR_SHM_TIMEOUT" && deaths.length === 1 ? 0 : 1);`);
        try {
          const exited = once(child, "exit");
          const began = performance.now();
          await end(doomed, "SIGKILL");
          await domain?.event(20672).wait({ timeoutMs: 20_000 });
          assert.ok(performance.now() - began < 1000, `${performance.now() - began} ms`);
          held?.unlock();
          await domain?.event(20608).wait({ timeoutMs: 20_000 });
          assert.equal(await exited, [0, null]);
        } finally {
          await end(child, "SIGKILL");
        }
      } finally {
        await end(doomed, "SIGKILL");
      }
      assert.is(domain?.peers().filter(({ alive }) => alive).length, 1);
    });
  });

  tests("a thread that waits is ended by another process", () => {
    withMembers(host, 1, ({ segment, domains: [domain] }) => {
      domain?.event(20480).set();
      const answer = askModule<{ works: boolean }>(
        `${start(segment.id)} domain.event(20480).waitSync(); console.log(JSON.stringify({ works }));`,
      );
      assert.is(answer.works, true);
    });
  });
}
tests.run();
