// Doors: how a ring reaches an event loop by one wake, and how it does without a door.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { Domain } from "wasm-shm";
import { suite } from "../suite.js";
import { askModule, end, isRoot, root, run, startModule, works } from "../support/child.js";
import { isNode } from "../support/engine.js";
import { absent, compile, type Talk, withPeer } from "../support/peers.js";
import { until } from "../support/waiting.js";
import { lacking, peerPath } from "./kills.js";
import { kernelHosts, withMembers } from "./support.js";

const ASKED = 16384;
const ANSWER = 16448;
const SLEEPING = (64 + 68) / 4;
const DOOR = SLEEPING + 1;
/** Words of the first slot, and of the others. */
const slotWord = (word: number, slot: number): number => word + 32 * slot;

/** In the word of the sleepers: an event loop that listens at a door. */
const LISTENER = 0x10001;
/** A listener whose loop is not counted: the peer's own sleep stands for it. */
const BARE_LISTENER = 0x10000;

const [host] = kernelHosts;
const rings = suite("Rings that wake event loops");

/** Runs door.py beside a domain. */
const withDoor = (args: (string | number)[], use: (talk: Talk) => Promise<void>, before: string[] = []) =>
  withPeer(
    "env",
    [`PYTHONPATH=${peerPath["PYTHONPATH"]}`, ...before, "python3", join(root, "test/sync/programs/door.py"), ...args],
    use,
  );

const doorOf = (words: Int32Array, slot: number): string => {
  const [low, high] = [0, 1].map((word) => BigInt((words[slotWord(DOOR, slot) + word] as number) >>> 0));
  return `@wasm-shm/${((high as bigint) * 2n ** 32n + (low as bigint)).toString(16).padStart(16, "0")}`;
};
const isBound = (door: string): boolean => readFileSync("/proc/net/unix", "utf8").includes(door);

const ROUNDS = 20;
/** The keeper looks every 400 ms: if only that ended the waits, they would take some 4000. */
const LOOKS_MS = 2500;

/** Asks so often, and waits for each answer. Milliseconds of all. */
async function answers(domain: Domain): Promise<number> {
  const [asked, answer] = [domain.event(ASKED), domain.event(ANSWER)];
  const began = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    const waits = answer.wait({ timeoutMs: 20_000 });
    await new Promise((resolve) => setTimeout(resolve, 2)); // it sleeps: it polls no more
    asked.set();
    await waits;
    answer.reset();
  }
  return performance.now() - began;
}

if (!host) rings.skip("knock, or wake the futex", "this platform has no sysv host");
else if (lacking.python) absent(rings, "knock, or wake the futex", lacking.python);
else {
  // A join and a leave wake everybody, so the ring comes a while after the one, and before the other.
  const wakers: Record<string, (id: number) => void> = {
    JavaScript: (id) => {
      askModule(`import { open } from "wasm-shm";
        const event = open(${id}).attach().join().event(${ASKED});
        await new Promise((resolve) => setTimeout(resolve, 100));
        event.set();
        await new Promise((resolve) => setTimeout(resolve, 100));
        console.log("{}");`);
    },
    Python: (id) => {
      const program = `import time, wasm_shm
event = wasm_shm.attach(${id}).join().event(${ASKED})
time.sleep(0.1)
event.set()
time.sleep(0.1)`;
      const ended = run("python3", ["-c", program], { env: peerPath });
      assert.is(ended.code, 0, ended.stderr);
    },
  };
  if (lacking.c) absent(rings, "of a waker in C", lacking.c);
  else {
    const { program, ended } = compile("ring.c", [
      "-std=c11",
      "-Wall",
      "-Wextra",
      "-Werror",
      "-pthread",
      "-I",
      join(root, "include"),
    ]);
    assert.is(ended.code, 0, ended.stderr);
    wakers["C"] = (id) => {
      const { code, stderr } = run(program, [String(id)]);
      assert.is(code, 0, stderr);
    };
  }
  for (const [language, ring] of Object.entries(wakers))
    for (const [door, listeners, knocks, woken, title] of [
      ["open", BARE_LISTENER, 1, false, "knocks, and spares the futex"],
      ["open", LISTENER, 1, true, "knocks, and wakes who sleeps beside the loop"],
      ["closed", BARE_LISTENER, 0, true, "wakes the futex if nobody has the name"],
      ["full", BARE_LISTENER, 0, true, "wakes the futex if a queue is full"],
      ["elsewhere", BARE_LISTENER, 0, true, "does not knock in another network namespace"],
    ] as const)
      rings(`a ring in ${language} ${title}`, () =>
        withMembers(host, 1, ({ segment, words }) =>
          withDoor(["listen", segment.id, door, listeners], async ({ hear, bye }) => {
            const { slot } = JSON.parse(await hear());
            await until("its sleep", () => words[slotWord(SLEEPING, slot)] === listeners + 1);
            ring(segment.id);
            assert.equal(JSON.parse(await hear()), { woken, knocks });
            await bye();
          }),
        ),
      );
}
rings.run();

const doors = suite("Doors");
if (!host) doors.skip("lead to event loops", "this platform has no sysv host");
else if (!isNode) doors.skip("lead to event loops", "this engine's event loop is not libuv's: a thread wakes it");
else if (lacking.python) absent(doors, "lead to event loops", lacking.python);
else {
  doors("a wait that sleeps listens at a door, which goes with the participant", () =>
    withMembers(host, 2, async ({ domains: [domain, other], words }) => {
      const waits = domain?.event(ASKED).wait();
      assert.is(words[SLEEPING], LISTENER);
      const door = doorOf(words, 0);
      assert.ok(isBound(door), door);
      other?.event(ASKED).set();
      await waits;
      assert.is(words[SLEEPING], 0);
      domain?.leave();
      await until("the door to be gone", () => !isBound(door));
    }),
  );

  doors("a knock alone ends a wait, without the looks of the keeper", () =>
    withMembers(host, 1, async ({ segment, domains: [domain] }) =>
      withDoor(["wake", segment.id, ROUNDS, "no futex"], async ({ hear, bye }) => {
        await hear();
        const took = await answers(domain as Domain);
        assert.ok(took < LOOKS_MS, `${took} ms`);
        await bye();
      }),
    ),
  );

  doors("a stranger that knocks is not heard for long, and rings arrive by the futex", () =>
    withMembers(host, 1, async ({ segment, domains: [domain], words }) => {
      const waits = domain?.event(ANSWER).wait();
      waits?.catch(() => {}); // a failure of the test ends it, too
      await withDoor(["flood", segment.id, 5000], async ({ hear, bye }) => {
        const { sent, failure } = JSON.parse(await hear());
        assert.ok(sent > 500 && sent < 1500, `${sent} knocks`);
        assert.is(failure, "BrokenPipeError");
        await bye();
      });
      assert.ok(isBound(doorOf(words, 0)), "a stranger could take the name");
      await withDoor(["wake", segment.id, ROUNDS, "futex"], async ({ hear, bye }) => {
        await hear();
        domain?.event(ANSWER).set();
        await waits;
        domain?.event(ANSWER).reset();
        const took = await answers(domain as Domain);
        assert.ok(took < LOOKS_MS, `${took} ms`);
        await bye();
      });
    }),
  );

  // Root needs no user namespace for it, and others may be refused one.
  const unshare = ["unshare", isRoot ? "-n" : "-rn"];
  if (!works("unshare", [...unshare.slice(1), "true"]))
    doors.skip("rings cross network namespaces", "this user may make none");
  else
    doors("rings cross network namespaces", () =>
      withMembers(host, 1, async ({ segment, domains: [domain] }) =>
        withDoor(
          ["wake", segment.id, ROUNDS, "futex"],
          async ({ hear, bye }) => {
            await hear();
            const took = await answers(domain as Domain);
            assert.ok(took < LOOKS_MS, `${took} ms`);
            await bye();
          },
          unshare,
        ),
      ),
    );

  doors("without a descriptor for it, rings arrive by the futex", () =>
    withMembers(host, 1, async ({ segment, words, domains: [domain] }) => {
      const child = await startModule(`import { openSync } from "node:fs"; import { open } from "wasm-shm";
        const domain = open(${segment.id}).attach().join();
        try { for (;;) openSync("/dev/null", "r"); } catch (error) { if (error.code !== "EMFILE") throw error; }
        const waits = domain.event(${ASKED}).wait();
        console.log("waits");
        await waits;
        process.exit(7);`);
      const ended = once(child, "exit");
      try {
        assert.is(words[slotWord(SLEEPING, 1)], 1);
        domain?.event(ASKED).set();
        assert.equal(await ended, [7, null]);
      } finally {
        await end(child, "SIGKILL");
      }
    }),
  );

  doors("opening one runs no code of async_hooks, which could leave meanwhile", () =>
    withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      const child = await startModule(`import { createHook } from "node:async_hooks"; import { open } from "wasm-shm";
        const domain = open(${segment.id}).attach().join();
        createHook({ init(id, type) { if (type === "wasm-shm domain") domain.leave(); } }).enable();
        const waits = domain.event(${ASKED}).wait();
        console.log("waits");
        await waits;
        process.exit(7);`);
      const ended = once(child, "exit");
      try {
        domain?.event(ASKED).set();
        assert.equal(await ended, [7, null]);
      } finally {
        await end(child, "SIGKILL");
      }
    }),
  );

  doors("descriptors do not add up, in this thread and in workers that are ended", async () => {
    const answer = askModule<{ left: number }>(`
      import { readdirSync } from "node:fs";
      import { Worker } from "node:worker_threads";
      import { create } from "wasm-shm";
      const segment = create(65536);
      const count = () => readdirSync("/proc/self/fd").length;
      const turn = async (attachment) => {
        const domain = attachment.join();
        domain.event(${ASKED}).wait().catch(() => {});
        await new Promise((done) => setImmediate(done));
        domain.leave();
      };
      const work = async () => {
        const worker = new Worker('const { parentPort, workerData } = require("node:worker_threads");'
          + 'import("wasm-shm").then(({ open }) => { open(workerData).attach().join().event(${ANSWER}).wait(); parentPort.postMessage(0); });',
          { eval: true, workerData: segment.id });
        await new Promise((done) => worker.once("message", done));
        await worker.terminate();
      };
      const attachment = segment.attach();
      let before = 0;
      for (let n = 0; n < 60; n++) {
        await turn(attachment);
        if (n % 6 === 0) await work();
        if (n === 6) before = count();
      }
      await new Promise((done) => setTimeout(done, 50));
      const left = count() - before;
      segment.destroy();
      console.log(JSON.stringify({ left }));`);
    assert.equal(answer, { left: 0 });
  });
}
doors.run();
