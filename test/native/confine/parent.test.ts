// A confined process dies with its parent, and is never left if that died before.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { create } from "wasm-shm";
import { launch } from "#src/host/launch.js";
import { sysvHost } from "#src/host/sysv.js";
import { suite } from "../../suite.js";
import { campaign } from "../../support/campaign.js";
import { moduleFile, root, runModule } from "../../support/child.js";
import { isEmulated, isNode } from "../../support/engine.js";
import { nativePairs } from "../../support/pairs.js";
import { buildProbe } from "../guarded.js";
import { DONE, PROBE, run, statusOf, unlaunched } from "./confined.js";

/** A guest that never yields: only a signal ends it. */
const BODY = `
  tell(process.pid);
  lock();
  tell("locked");
  for (;;);
`;

const FOREVER_MS = 10_000;

const parent = suite("The parent of a confined process");
if (nativePairs.length === 0 || !isNode || isEmulated) parent.skip("all", "it needs seccomp, Node and the addon");
else {
  buildProbe();
  const segment = create(65_536);
  process.on("exit", () => segment[Symbol.dispose]());
  const windows = [{ id: segment.id, readOnly: true }];

  const isGone = (pid: number): boolean => (statusOf(pid, "VmSize") ?? 0) === 0; // a zombie has no memory

  /** Those of this test: their arguments have its job. */
  function runners(): number[] {
    const job = JSON.stringify({ windows });
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => commandOf(pid).includes(job)).map(Number);
  }

  async function untilGone(pid: number): Promise<number> {
    const begin = performance.now();
    while (!isGone(pid)) {
      if (performance.now() - begin > FOREVER_MS) {
        process.kill(pid, "SIGKILL");
        return FOREVER_MS;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return performance.now() - begin;
  }

  /** A host in a process of its own, which starts a runner as the tests do, and passes on what that tells. */
  const host = (): string => `
    import { start, unlaunched } from ${JSON.stringify(new URL("./confined.js", import.meta.url).href)};
    const launched = process.argv[3] === "launched" ? undefined : unlaunched;
    const child = start(process.argv[2], ${JSON.stringify({ windows })}, { launched });
    child.stdout.pipe(process.stdout);
    setInterval(() => {}, 1000);
  `;

  for (const way of ["launched", "unlaunched"])
    parent(`is killed, and the process is gone within a second (${way})`, async () => {
      const child = spawn(process.execPath, [moduleFile(host()), BODY, way], {
        cwd: root,
        stdio: ["ignore", "pipe", "inherit"],
      });
      let told = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        told += text;
      });
      const closed = once(child, "close");
      const limit = setTimeout(() => child.kill("SIGKILL"), 20_000);
      let pid = 0;
      try {
        while (!told.includes("locked") && child.exitCode === null && child.signalCode === null)
          await Promise.race([closed, once(child.stdout, "data")]);
        assert.match(told, /^\d+\D+locked/);
        pid = Number.parseInt(told, 10);
        assert.not.ok(isGone(pid));
      } finally {
        clearTimeout(limit);
        child.kill("SIGKILL");
        await closed;
      }
      assert.ok((await untilGone(pid)) < 1000);
      assert.is(segment.stat().nattch, 0);
    });

  parent("is killed at any time, and no process is left", async () => {
    let seen = 0; // on a busy machine a turn may be too short for a runner
    for (let turn = 0; turn < campaign(12, 300) || (seen === 0 && turn < 100); turn++) {
      const way = turn % 3 === 0 ? "unlaunched" : "launched";
      const child = spawn(process.execPath, [moduleFile(host()), BODY, way], {
        cwd: root,
        stdio: ["ignore", "pipe", "inherit"],
      });
      child.stdout.resume();
      await new Promise((resolve) => setTimeout(resolve, 60 + 25 * turn));
      seen += runners().length;
      child.kill("SIGKILL");
      await once(child, "exit");
      for (const pid of runners()) assert.ok((await untilGone(pid)) < 1000, `turn ${turn}`);
    }
    assert.ok(seen > 0);
    await new Promise((resolve) => setTimeout(resolve, 100)); // a process that was being started
    assert.equal(runners(), []);
    assert.is(segment.stat().nattch, 0);
  });

  parent("is not the one that was named: the lock is refused", async () => {
    const body = `
      try { confine(host, { parent: process.pid, segments: [], memory: 2 ** 28 }); }
      catch ({ code, message }) { tell([code, message]); }`;
    const { code, told } = await run(body, { windows }, { launched: unlaunched });
    const [error, message] = told[0] as [string, string];
    assert.equal([code, error], [DONE, "ERR_SHM_UNSUPPORTED"]);
    assert.match(message, /process \d+ is not its parent/);
  });

  parent("is not the one that the environment names: the process ends before it begins", async () => {
    const { cwd, env } = launch(sysvHost());
    assert.ok("LD_PRELOAD" in env);
    const launched = { cwd, env: { ...env, WASM_SHM_RUNNER_OF: String(process.pid + 1) } };
    const { code, told, errors } = await run("tell(1);", { windows }, { launched });
    assert.equal([code, told, errors], [1, [], ""]);
  });

  for (const [name, errno] of [
    ["ENOSYS", 38],
    ["EPERM", 1],
  ])
    parent(`has open files that the process does not inherit, also if close_range is ${name}`, async () => {
      const secret = moduleFile("// a file that the parent has open\n");
      const source = `
        import { openSync } from "node:fs";
        import { createRequire } from "node:module";
        import { start } from ${JSON.stringify(new URL("./confined.js", import.meta.url).href)};
        const probe = createRequire("/")(${JSON.stringify(PROBE)});
        const file = openSync(${JSON.stringify(secret)});
        const works = [probe.refuse(436, ${errno}), probe.call(${process.arch === "x64" ? 32 : 23}, file) > 3]; // dup(2)
        if (!works.every(Boolean)) throw new Error("nothing to inherit");
        const body = \`
          import { readdirSync, readlinkSync } from "node:fs";
          for (const file of readdirSync("/proc/self/fd"))
            try { tell(readlinkSync("/proc/self/fd/" + file)); } catch {}
        \`;
        const child = start(body, { windows: [] });
        child.stdout.pipe(process.stdout);
        child.stderr.pipe(process.stderr);
        child.once("exit", (code) => process.exitCode = code);
      `;
      const { code, stdout, stderr } = runModule(source);
      assert.is(code, DONE, stderr);
      const files = stdout.trim().split("\n");
      assert.ok(files.length > 3);
      assert.not.ok(
        files.some((file) => file.includes(secret)),
        stdout,
      );
    });
}
parent.run();

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return ""; // it ended
  }
}
