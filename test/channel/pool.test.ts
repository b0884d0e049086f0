// Pools of processes: requests, failures, processes that are killed or never serve, and the end of each side.
import { once } from "node:events";
import { existsSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { createPool, list, type Pool, servePool } from "wasm-shm";
import { suite } from "../suite.js";
import { moduleFile, run, startModule } from "../support/child.js";
import { inFolder } from "../support/folder.js";
import { until } from "../support/waiting.js";
import { codeOf, kernelHosts } from "./support.js";

const WORKER = `import { mkdirSync, readdirSync } from "node:fs";
import { servePool } from "wasm-shm";
const makesFolder = (path) => { try { mkdirSync(path); return true; } catch { return false; } };
servePool(async (value) => {
  if (value === "kill") process.kill(process.pid, "SIGKILL");
  if (value === "fail") throw new RangeError("no");
  if (value?.hangs && makesFolder(value.hangs)) await new Promise(() => {});
  if (value?.meets) {
    makesFolder(value.meets + "/" + process.pid);
    for (let turn = 0; turn < 4000 && readdirSync(value.meets).length < 2; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (value?.waits) await new Promise((resolve) => setTimeout(resolve, value.waits));
  return { value, pid: process.pid };
});`;

interface Answer {
  value: unknown;
  pid: number;
}

const test = suite("Pools");
const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function withPool(options: object, use: (pool: Pool<unknown, Answer>) => Promise<void>): Promise<void> {
  const own = () => list().filter(({ cpid }) => cpid === process.pid).length;
  const pool = await createPool<unknown, Answer>(moduleFile(WORKER), options);
  const { pids } = pool;
  try {
    await use(pool);
  } finally {
    await pool.close();
  }
  // The kernel ends those that were killed a little later.
  await until("the processes' end", () => !pids.some(isThere) && own() === 0);
}

if (kernelHosts.length === 0) test.skip("of processes", "the kernel's segments are absent");
else {
  test("share the work, and answer with what structured clone takes", () =>
    inFolder((meets) =>
      withPool({ size: 2 }, async (pool) => {
        assert.is(pool.pids.length, 2);
        const answers = await Promise.all([1, 2, 3, 4].map(() => pool.run({ meets, when: new Date(5) })));
        assert.is(new Set(answers.map(({ pid }) => pid)).size, 2);
        assert.equal(answers[0]?.value, { meets, when: new Date(5) });
      }),
    ));

  test("tell what a handler threw", () =>
    withPool({ size: 1 }, async (pool) => {
      try {
        await pool.run("fail");
        assert.unreachable();
      } catch (error) {
        assert.is((error as { code: string }).code, "ERR_SHM_HANDLER");
        assert.match(String((error as Error).cause), "RangeError: no");
      }
      assert.is((await pool.run(1)).value, 1);
    }));

  test("replace a process that is killed; its request is rejected, or done again", async () => {
    await withPool({ size: 2 }, async (pool) => {
      const before = pool.pids;
      assert.is(await codeOf(pool.run("kill")), "ERR_SHM_PEER_DIED");
      for (let index = 0; index < 8; index++) assert.is((await pool.run(index)).value, index);
      // A process that is killed counts until its end is told.
      const isReplaced = () => pool.pids.length === 2 && pool.pids.some((pid) => !before.includes(pid));
      await until("another process", isReplaced);
    });
    await inFolder((folder) =>
      withPool({ size: 1, retry: true }, async (pool) => {
        const hangs = join(folder, "began");
        const first = pool.run({ hangs });
        const waiting = pool.run(7);
        const [pid = 0] = pool.pids;
        await until("the first request's beginning", () => existsSync(hangs));
        process.kill(pid, "SIGKILL");
        // The only server was killed: its requests wait for its successor.
        const answer = await first;
        assert.equal(answer.value, { hangs });
        assert.is.not(answer.pid, pid);
        assert.is((await waiting).value, 7);
        const limited = pool.run("kill", { timeoutMs: 50 }); // less than three processes take to start
        assert.is(await codeOf(limited), "ERR_SHM_TIMEOUT");
        assert.is((await pool.run(8)).value, 8);
      }),
    );
  });

  test("reject only what a killed process worked on", () =>
    withPool({ size: 1 }, async (pool) => {
      const [killed, waiting] = [codeOf(pool.run("kill")), pool.run(1)];
      assert.is(await killed, "ERR_SHM_PEER_DIED");
      assert.is((await waiting).value, 1);
      assert.is(await codeOf(pool.run("kill")), "ERR_SHM_PEER_DIED");
      assert.is((await pool.run(2)).value, 2);
    }));

  test("have all their processes again after all were killed at once", () =>
    withPool({ size: 6 }, async (pool) => {
      const { pids } = pool;
      for (const pid of pids) process.kill(pid, "SIGKILL");
      await until("six others", () => pool.pids.length === 6 && !pool.pids.some((pid) => pids.includes(pid)));
      assert.is((await pool.run(1)).value, 1);
    }));

  test("replace a process that ended while another started", async () => {
    const first = `${tmpdir()}/wasm-shm-pool-${process.pid}`;
    const module = moduleFile(`import { mkdirSync, rmdirSync } from "node:fs";
      import { servePool } from "wasm-shm";
      let isFirst = true;
      try { mkdirSync(${JSON.stringify(first)}); } catch { isFirst = false; }
      if (!isFirst) await new Promise((resolve) => setTimeout(resolve, 300));
      servePool(() => process.pid);
      if (isFirst) setTimeout(() => process.exit(), 50);`);
    const pool = await createPool(module, { size: 2 });
    try {
      await until("two processes", () => pool.pids.length === 2);
    } finally {
      pool.terminate();
      rmdirSync(first);
    }
  });

  test("serve again, or fail, once the system starts no process", () => {
    const source = `import { closeSync, openSync } from "node:fs";
      import { createPool, list } from "wasm-shm";
      const files = [];
      const exhaust = () => { try { for (;;) files.push(openSync("/dev/null")); } catch {} };
      const release = () => { for (const file of files.splice(0)) closeSync(file); };
      const code = (work) => work.then(() => "none", (error) => error.code);
      const make = (size) => createPool(${JSON.stringify(moduleFile(WORKER))}, { size });
      const pool = await make(1);
      exhaust();
      process.kill(pool.pids[0], "SIGKILL");
      setTimeout(release, 200);
      const told = [(await pool.run(5)).value];
      exhaust();
      process.kill(pool.pids[0], "SIGKILL");
      told.push(await code(pool.run(6)), await code(pool.run(7)), await code(make(2)));
      release();
      told.push(list().filter(({ cpid }) => cpid === process.pid).length);
      console.log(JSON.stringify(told));
      process.exit();`;
    const ended = run("sh", ["-c", 'ulimit -n 64; exec "$0" "$1"', process.execPath, moduleFile(source)]);
    assert.is(ended.stderr, "");
    assert.equal(JSON.parse(ended.stdout), [5, ...Array(3).fill("ERR_SHM_PEER_DIED"), 0]);
  });

  test("with a time limit, a request that kills each process ends no pool", () =>
    withPool({ size: 1, retry: true }, async (pool) => {
      const limited = pool.run("kill", { timeoutMs: 1500 }); // more than four processes take to start
      assert.is(await codeOf(limited), "ERR_SHM_TIMEOUT");
      assert.is((await pool.run(8)).value, 8);
    }));

  test("fail if a request that is given to others kills each of them", () =>
    withPool({ size: 1, retry: true }, async (pool) => {
      const other = codeOf(pool.run("kill"));
      assert.is(await codeOf(pool.run("kill")), "ERR_SHM_PEER_DIED");
      assert.is(await other, "ERR_SHM_PEER_DIED");
      assert.is(await codeOf(pool.run(1)), "ERR_SHM_PEER_DIED");
    }));

  test("answer everything before they close, and take nothing after that", () =>
    withPool({ size: 2 }, async (pool) => {
      const answers = [1, 2, 3, 4, 5].map((n) => pool.run({ waits: 10, n }));
      await pool.close();
      assert.is((await Promise.all(answers)).length, 5);
      assert.is(await codeOf(pool.run(1)), "ERR_SHM_CLOSED");
      assert.equal(pool.pids, []);
    }));

  test("answer everything before they close, also if the only process is killed meanwhile", () =>
    withPool({ size: 1 }, async (pool) => {
      const [first, killed, last] = [pool.run({ waits: 100 }), codeOf(pool.run("kill")), pool.run(3)];
      await pool.close();
      assert.equal((await first).value, { waits: 100 });
      assert.is(await killed, "ERR_SHM_PEER_DIED");
      assert.is((await last).value, 3);
      assert.equal(pool.pids, []);
    }));

  test("reject what is pending if they are terminated", () =>
    withPool({ size: 1 }, async (pool) => {
      const pending = codeOf(pool.run({ waits: 60_000 }));
      await new Promise((resolve) => setTimeout(resolve, 50));
      pool.terminate();
      assert.is(await pending, "ERR_SHM_CLOSED");
    }));

  test("take a signal and a time limit", () =>
    withPool({ size: 1 }, async (pool) => {
      assert.is(await codeOf(pool.run({ waits: 200 }, { timeoutMs: 20 })), "ERR_SHM_TIMEOUT");
      const reason = Object.assign(new Error("enough"), { code: "ENOUGH" });
      const stop = new AbortController();
      const pending = codeOf(pool.run({ waits: 200 }, { signal: stop.signal }));
      stop.abort(reason);
      assert.is(await pending, "ENOUGH");
    }));

  test("say so if a process never serves", async () => {
    const ends = moduleFile("process.exit(3);");
    assert.is(await codeOf(createPool(ends, { size: 2 })), "ERR_SHM_PEER_DIED");
  });

  test("do not keep an idle process alive, and end with one that is killed", async () => {
    const source = `import { createPool } from "wasm-shm";
      const pool = await createPool(${JSON.stringify(moduleFile(WORKER))}, { size: 2 });
      console.log(JSON.stringify(pool.pids)); await pool.run(1);`;
    const gone = async (pids: number[]): Promise<void> => {
      for (let waited = 0; waited < 10_000 && pids.some(isThere); waited += 10)
        await new Promise((resolve) => setTimeout(resolve, 10));
      assert.not(pids.some(isThere));
    };
    for (const rest of ["", "setInterval(() => {}, 1000);"]) {
      const child = await startModule(`${source}${rest}`);
      if (rest) child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      assert.is(child.exitCode, rest ? null : 0);
      const pids = JSON.parse(child.firstOutput) as number[];
      assert.is(pids.length, 2);
      await gone(pids);
    }
  });

  test("refuse bad arguments", async () => {
    const file = moduleFile(WORKER);
    for (const [module, options, code] of [
      [5, {}, "ERR_INVALID_ARG_TYPE"],
      [new URL("https://example.org/"), {}, "ERR_INVALID_URL_SCHEME"],
      ["zero\0byte.js", {}, "ERR_INVALID_ARG_VALUE"],
      [file, { size: 0 }, "ERR_OUT_OF_RANGE"],
      [file, { sise: 1 }, "ERR_INVALID_ARG_VALUE"],
      [file, { codec: "xml" }, "ERR_INVALID_ARG_TYPE"],
      [file, { retry: 1 }, "ERR_INVALID_ARG_TYPE"],
      [file, { capacity: 100 }, "ERR_OUT_OF_RANGE"],
    ] as const)
      assert.is(await codeOf(createPool(module as never, options as never)), code, JSON.stringify(options));
    assert.is(await codeOf(() => servePool(() => 1)), "ERR_INVALID_ARG_VALUE");
    assert.is(await codeOf(() => servePool(1 as never)), "ERR_INVALID_ARG_TYPE");
  });
}
test.run();
