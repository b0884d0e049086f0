// How participants of locks and channels end, other than by kill -9: the OOM killer, exec, a pid namespace, process.exit, a
// terminated worker, a detached window, a memory that is collected. Each is told, and what was held or claimed is given on.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import type { Domain } from "wasm-shm";
import { suite } from "../suite.js";
import { assertRuns, end, firstOutput, isRoot, moduleFile, root, startModule, works } from "../support/child.js";
import { absent } from "../support/peers.js";
import { until } from "../support/waiting.js";
import { lacking, peerPath } from "../sync/kills.js";
import { startWorker } from "../sync/support.js";
import { codeOf, domainOf, hosts, kernelHosts, PLACE, withParties } from "./support.js";

/** Where the mutex is, and a channel of several writers. */
const MUTEX = PLACE;
const CHANNEL = PLACE + 64;
const LIMIT = { timeoutMs: 60_000 };

const tests = suite("Ends of participants");
const [host] = kernelHosts;

/** Holds a lock, and a claim after a message that is whole. */
const holds = `
  domain.mutex(${MUTEX}).lockSync();
  const writer = domain.channel(${CHANNEL}).writer();
  writer.tryWrite(Uint8Array.of(1));
  const claim = writer.tryClaim(100);`;
const source = (id: number, then: string): string => `
  import { open } from "wasm-shm";
  const attachment = open(${id}).attach();
  const domain = attachment.join();
  ${holds}
  console.log("holds");
  ${then}`;

/** Starts a program of another command, and waits for its first output. */
async function launch(command: string, args: string[], env = process.env): Promise<ChildProcess> {
  const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  await firstOutput(child);
  return child;
}

/** What is left of the holder: its lock, its message, and no more. */
async function inherits(domain: Domain, died: boolean, claims = 1): Promise<void> {
  const held = await domain.mutex(MUTEX).lock(LIMIT);
  assert.is(held.ownerDied, true);
  held.repaired();
  held.unlock();
  const channel = domain.channel(CHANNEL);
  using reader = channel.reader(died ? {} : { peerDeath: "wait" });
  assert.is((await reader.read(LIMIT))?.length, 1);
  if (died) assert.is(await codeOf(reader.read(LIMIT)), "ERR_SHM_PEER_DIED");
  else assert.is(reader.tryRead(), undefined);
  assert.is(channel.abandoned, claims);
}

/** Runs `begin` with one participant here, waits for the end, and looks at what is left. */
function test(title: string, begin: (id: number, domain: Domain) => Promise<ChildProcess>): void {
  tests(title, () =>
    withParties(host as NonNullable<typeof host>, 1, async (parties) => {
      const domain = domainOf(parties, 0);
      domain.channel(CHANNEL, { mode: "mpsc", capacity: 1024 });
      const waiting = domain.mutex(MUTEX);
      const child = await begin(parties.segment.id, domain);
      try {
        await inherits(domain, true);
        assert.is(waiting.owner, undefined);
      } finally {
        await end(child, "SIGKILL");
      }
    }),
  );
}

/** A control group of memory, of version 1 or 2, that this process may make; undefined if there is none. */
function makeGroup(bytes: number): { add(pid: number): void; remove(): void } | undefined {
  for (const [base, limit] of [
    ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
    ["/sys/fs/cgroup", "memory.max"],
  ] as const) {
    const folder = `${base}/wasm-shm-${process.pid}`;
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    const remove = (): void => rmdirSync(folder);
    try {
      writeFileSync(`${folder}/${limit}`, String(bytes), { flag: "r+" });
      return { add: (pid) => writeFileSync(`${folder}/cgroup.procs`, String(pid), { flag: "r+" }), remove };
    } catch {
      remove();
    }
  }
  return undefined;
}

if (!host) tests.skip("are told", "this platform has no sysv host");
else {
  const group = makeGroup(200 * 2 ** 20);
  if (!group) absent(tests, "the OOM killer", "this user cannot make a control group of memory");
  else {
    test("the OOM killer", async (id) => {
      const child = await startModule(
        source(
          id,
          `process.stdin.once("data", () => { for (const all = []; ; ) all.push(Buffer.alloc(2 ** 24, 1)); });`,
        ),
      );
      group.add(child.pid as number);
      const gone = once(child, "exit");
      child.stdin?.write("\n");
      assert.equal(await gone, [null, "SIGKILL"]);
      return child;
    });
    tests("leaves no control group", () =>
      until("the group's end", () => {
        try {
          group.remove();
          return true;
        } catch {
          return false; // the kernel has not counted the process out yet
        }
      }),
    );
  }

  if (lacking.python) absent(tests, "exec", lacking.python);
  else
    test("exec, which keeps the process and ends its threads", (id) => {
      const program = `
import os, sys, wasm_shm
domain = wasm_shm.attach(${id}).join()
held = domain.mutex(${MUTEX}).lock()
writer = domain.channel(${CHANNEL}).writer()
writer.write(b"1")
claim = writer.claim(100)
print("holds", flush=True)
os.execvp("sleep", ["sleep", "100"])`;
      return launch("python3", ["-c", program], peerPath);
    });

  if (!isRoot || !works("unshare", ["--pid", "--fork", "true"]))
    absent(tests, "a kill in another pid namespace", "this user cannot make a pid namespace");
  else
    test("a kill in another pid namespace, whose processes cannot be asked whether they live", async (id, domain) => {
      const file = moduleFile(source(id, "setInterval(() => {}, 1e6);"));
      const child = await launch("unshare", ["--pid", "--fork", "--kill-child", process.execPath, file]);
      await sleep(1500); // longer than a participant takes to notice one that vanished
      assert.ok(domain.peers().every(({ alive }) => alive));
      assert.is(domain.mutex(MUTEX).tryLock(), undefined);
      await end(child, "SIGKILL");
      return child;
    });

  /** Ends that leave: the end of a writer is then no death. `begin` returns the process if it must still run after that. */
  const leaves = (title: string, claims: number, begin: (id: number) => Promise<ChildProcess | undefined>): void =>
    tests(title, () =>
      withParties(host, 1, async (parties) => {
        const domain = domainOf(parties, 0);
        domain.channel(CHANNEL, { mode: "mpsc", capacity: 1024 });
        domain.channel(CHANNEL + 4096, { mode: "mpmc", capacity: 1024 });
        const child = await begin(parties.segment.id);
        try {
          await until("the leave", () => domain.peers().length === 1);
          if (child) await assertRuns(child);
          await inherits(domain, false, claims);
        } finally {
          if (child) await end(child, "SIGKILL");
        }
      }),
    );
  const waits = `
    domain.channel(${CHANNEL + 4096}).reader({ peerDeath: "wait" }).read().catch(() => {});
    for (let count = 0; count < 2; count++) writer.claim(500).catch(() => {}); // one gets it, one waits
    domain.event(65536).wait().catch(() => {});`;

  leaves("process.exit with waits pending", 2, async (id) => {
    const child = await startModule(source(id, `${waits} setTimeout(() => process.exit(3), 50);`));
    if (child.exitCode === null) await once(child, "exit");
    assert.is(child.exitCode, 3);
    return undefined;
  });
  for (const then of [`${waits} await new Promise(() => setInterval(() => {}, 1e6))`, "domain.event(65536).waitSync()"])
    leaves(
      `a worker that is terminated: ${then.includes("Sync") ? "blocked" : "with waits pending"}`,
      then.includes("Sync") ? 1 : 2,
      async (id) => {
        const worker = await startWorker(
          `const domain = open(workerData).attach().join(); ${holds} parentPort.postMessage("holds"); ${then};`,
          id,
        );
        await sleep(50);
        await worker.terminate();
        return undefined;
      },
    );
  leaves("an attachment that is collected, with a lock held and a claim open", 1, (id) =>
    startModule(
      `import { open } from "wasm-shm";
      (() => { const domain = open(${id}).attach().join(); ${holds} })();
      console.log("holds");
      setInterval(() => gc(), 20);`,
      ["--expose-gc"],
    ),
  );
}

for (const each of hosts)
  tests(`a detach with waits pending and a claim open [${each.name}]`, () =>
    withParties(each, 2, async (parties) => {
      const [one, two] = [domainOf(parties, 0), domainOf(parties, 1)];
      const channel = one.channel(CHANNEL, { mode: "mpsc", capacity: 1024 });
      channel.writer().tryClaim(100);
      const full = one.channel(CHANNEL).writer();
      while (full.tryWrite(new Uint8Array(100)));
      const ended = [
        one
          .channel(CHANNEL + 4096, { mode: "mpmc" })
          .reader()
          .read(),
        full.write(new Uint8Array(200)),
        one.event(131072 * 2).wait(),
      ].map(codeOf);
      parties.attachments[0]?.detach();
      assert.equal(await Promise.all(ended), ["ERR_SHM_DETACHED", "ERR_SHM_DETACHED", "ERR_SHM_DETACHED"]);
      using reader = two.channel(CHANNEL).reader({ peerDeath: "wait" });
      assert.is((await reader.read(LIMIT))?.length, 100);
      assert.is(two.channel(CHANNEL).abandoned, 1);
    }),
  );
tests.run();
