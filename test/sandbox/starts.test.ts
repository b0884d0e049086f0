// Guests' processes that cannot be started: for want of descriptors. Nothing is left of them.
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { moduleFile, root, run } from "../support/child.js";
import { confines } from "../support/engine.js";
import { native } from "./sandboxes.js";

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
}
starts.run();
