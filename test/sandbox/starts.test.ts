// Guests' processes that cannot be started: for want of descriptors, or of a form for what they are given. Nothing is left of them.
import { join } from "node:path";
import * as assert from "uvu/assert";
import { createSandbox } from "wasm-shm";
import { suite } from "../suite.js";
import { moduleFile, root, run } from "../support/child.js";
import { confines } from "../support/engine.js";
import { gone, runnersOf } from "./processes.js";
import { guest, native, rejects } from "./sandboxes.js";

const HEAD = `
  import { createSandbox, createSandboxPool, list } from "wasm-shm";
  import { closeSync, openSync, readFileSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  import { gone, runnersOf } from "${join(root, "build/test/sandbox/processes.js")}";
  const wasm = readFileSync("test/fixtures/hostile/callback.wasm");
  const held = [];
  const fill = (spare) => {
    try { for (;;) held.push(openSync("/dev/null")); } catch {}
    for (; spare > 0; spare--) closeSync(held.pop());
  };
  const free = () => { while (held.length > 0) closeSync(held.pop()); };
  const imports = { host: { callback: () => 42 } };
  const rings = () => list().filter(({ size, cpid }) => size === 900 * 1024 && cpid === process.pid).length;
  await (await createSandbox(wasm, { imports })).close();
  const said = (promise) => promise.then((value) => value?.size ?? value, ({ code }) => code);
`;

/** What a program says that may have 64 descriptors. */
function withFew(source: string): unknown {
  const command = ["-c", 'ulimit -n 64; exec "$0" "$@"', process.execPath, moduleFile(HEAD + source)];
  const ended = run("sh", command);
  assert.equal([ended.code, ended.stderr], [0, ""]);
  return JSON.parse(ended.stdout);
}

const starts = suite("A process that cannot be started");
if (!confines || !native) starts.skip("is an error", "this engine starts no process");
else {
  starts("for want of descriptors is ERR_SHM_UNSUPPORTED, however many are left, and leaves no ring", () => {
    const [codes, left] = withFew(`
      const codes = [];
      for (let spare = 0; spare < 10; spare++) {
        fill(spare);
        const sandbox = await createSandbox(wasm, { imports }).catch(({ code }) => code);
        free();
        codes.push(sandbox.pid ? "made" : sandbox);
        await sandbox.close?.();
      }
      console.log(JSON.stringify([codes, rings()]));
    `) as [string[], number];
    assert.is(codes[0], "ERR_SHM_UNSUPPORTED");
    assert.ok(
      codes.every((code) => code === "made" || code === "ERR_SHM_UNSUPPORTED"),
      codes.join(),
    );
    assert.is(left, 0);
  });

  starts("in a pool: the place stays empty, and the next call starts one, or is told why not", () => {
    const found = withFew(`
      const found = [];
      const pool = await createSandboxPool(wasm, { size: 2, imports });
      await sleep(1100); // a runner that ends at once is not started again
      const idle = runnersOf();
      fill(0);
      for (const pid of idle) process.kill(pid, "SIGKILL");
      await sleep(200);
      fill(0);
      found.push(await said(pool.call("enter", 1)));
      free();
      found.push(await said(Promise.all([pool.call("enter", 1), pool.call("enter", 1)])), runnersOf().length);
      await pool.close();

      const host = { callback: () => { fill(0); return 7; } };
      const fresh = await createSandboxPool(wasm, { size: 1, fresh: true, imports: { host } });
      found.push(await said(fresh.call("enter", 1)));
      await sleep(100);
      fill(0);
      found.push(await said(fresh.call("enter", 1)), await said(fresh.use(() => 1)));
      free();
      found.push(await said(fresh.call("enter", 1)));
      free();
      await fresh.close();
      console.log(JSON.stringify(found));
    `);
    const refused = "ERR_SHM_UNSUPPORTED";
    assert.equal(found, [refused, [42, 42], 2, 7, refused, refused, 7]);
  });

  starts("as the first ones of a pool could: those are ended again", () => {
    const found = withFew(`
      fill(16);
      const made = await said(createSandboxPool(wasm, { size: 8, imports }));
      free();
      console.log(JSON.stringify([made, await gone(runnersOf(), 2000) < 2000, rings()]));
    `);
    assert.equal(found, ["ERR_SHM_UNSUPPORTED", true, 0]);
  });

  starts(
    "as what it is given has no form of less than 512 MiB: ERR_SHM_UNSUPPORTED, and no process stays",
    async () => {
      const program = guest("hostile/import-wasi");
      const options = { wasi: { args: Array(600).fill("x".repeat(1e6)) } };
      await rejects(() => createSandbox(program, options), "ERR_SHM_UNSUPPORTED", /cannot cross/);
      assert.ok((await gone(runnersOf(), 2000)) < 2000);
    },
  );
}
starts.run();
