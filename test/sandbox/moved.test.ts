// An engine that checks bounds in code moves a guest's memory when it grows, if there was no address space to reserve its
// maximum. The windows stay behind. Only a guest whose allocator gives the windows' blocks grows a memory that has windows.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { moduleFile, run } from "../support/child.js";
import { NO_LIMIT_SOURCE } from "../support/engine.js";
import { guestFile, kinds, NO_HOST, native } from "./sandboxes.js";

const ADDRESS_SPACE = 6_000_000; // KiB
/** What a process leaves of it: enough for a thread, but not for a quarter of the maximum, which engines try last. */
const LEFT = 1_000_000; // KiB

/** Runs `use` in a process of little address space, with `sandbox`, `at` (its window), `segment` and `tell`. */
function told(kind: string, access: string, memoryLimit: number, use: string): string {
  const source = `import { readFileSync } from "node:fs";
    import { create, createSandbox } from "wasm-shm";
    const segment = create(4096);
    const used = () => Number(/VmSize:\\s+(\\d+) kB/.exec(readFileSync("/proc/self/status", "latin1"))[1]);
    const taken = [];
    while (used() < ${ADDRESS_SPACE - LEFT}) taken.push(new WebAssembly.Memory({ initial: 1024, maximum: 1024 }));
    const tell = async (call) => { try { return await call(); } catch ({ name, code }) { return name + " " + code; } };
    try {
      const wasm = readFileSync(${JSON.stringify(guestFile("hostile/grow-store.wasm"))});
      const windows = { window: { segment, access: "${access}" } };
      const sandbox = await createSandbox(wasm, { ${NO_LIMIT_SOURCE}isolation: "${kind}", allocator: "block", windows, memoryLimit: ${memoryLimit} });
      const at = sandbox.windows.window.byteOffset;
      const answers = [];
      ${use}
      console.log(answers.join());
      await sandbox.close();
      console.log(segment.stat().nattch);
    } finally { segment.destroy(); }`;
  const node = [process.execPath, "--disable-wasm-trap-handler", moduleFile(source)];
  const ended = run("sh", ["-c", `ulimit -v ${ADDRESS_SPACE}; exec "$0" "$@"`, ...node]);
  assert.is(ended.code, 0, ended.stderr);
  return ended.stdout;
}

const LARGE = 2 ** 32 - 2 ** 20; // bytes: more than can be reserved
const SMALL = 2 ** 28;
const MOVED = "ShmError ERR_SHM_MEMORY_MOVED";

if (!native) {
  const none = suite("A guest's memory that the engine moved");
  none.skip("is found", NO_HOST);
  none.run();
} else
  for (const kind of kinds.filter((each) => each !== "process")) {
    // A guest's process has an address space of its own, without a limit of it.
    const moved = suite(`A guest's memory that the engine moved [${kind}]`);
    if (kind === "thread" && Number.parseInt(process.versions.v8, 10) >= 14) {
      moved.skip("is found", "in so little address space a worker of Node 26 has no room for its heap");
      moved.run();
      continue;
    }

    for (const access of ["read-write", "read-only", "copy-on-write"])
      moved(`is ERR_SHM_MEMORY_MOVED for the call that grew it and for all later ones, ${access}`, () => {
        const use = `answers.push(await tell(() => sandbox.call("load", at)));
          answers.push(await tell(() => sandbox.call("grow", 200)));
          for (const value of [7, 8]) answers.push(await tell(() => sandbox.call("store", at, value)));`;
        assert.is(told(kind, access, LARGE, use), `0,${MOVED},${MOVED},${MOVED}\n0\n`);
      });

    moved("is ERR_SHM_MEMORY_MOVED also if the call trapped", () => {
      const use = `answers.push(await tell(() => sandbox.call("growAndTrap", 200)));`;
      assert.is(told(kind, "read-write", LARGE, use), `${MOVED}\n0\n`);
    });

    moved("is not met if the engine could reserve the maximum: stores reach the segment", () => {
      const use = `answers.push(await tell(() => sandbox.call("grow", 200)));
        await sandbox.call("store", at, 9);
        answers.push(segment.readChunk(1)[0]);`;
      assert.match(told(kind, "read-write", SMALL, use), /^4,9\n/);
    });
    moved.run();
  }
