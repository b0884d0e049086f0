// A participant that dies before each single step of each call. A step is one access of Atomics to the shared words: from
// the chosen one on, each throws and does nothing, as if the thread were gone. Then the kernel's part is done: its slot is
// given back. Whatever was left half done, the others must be able to continue.
import * as assert from "uvu/assert";
import { createShm, type Domain, type Host, type Membership } from "wasm-shm";
import { localHost } from "#src/host/local.js";
import { suite } from "../suite.js";
import { beforeEachAccess } from "../support/accesses.js";
import { kernelHosts } from "./support.js";

const AT = 4096;
const TIMEOUT = { timeoutMs: 5000 };

class Death extends Error {}

/** Lets the next `count` accesses happen and no other; returns how to end that. */
function dieAfter(count: number): () => boolean {
  const unhook = beforeEachAccess((step) => {
    if (step >= count) throw new Death();
  });
  return () => unhook() > count;
}

/** A host that tells which memberships it made, in their order. */
function watched(host: Host): { host: Host; memberships: Membership[] } {
  const memberships: Membership[] = [];
  const join: Host["join"] = (mapping, request) => {
    const made = host.join?.(mapping, request) ?? -1;
    if (typeof made !== "number") memberships.push(made);
    return made;
  };
  const proxy = new Proxy(host, {
    get(target, name) {
      if (name === "join") return join;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { host: proxy, memberships };
}

interface Course {
  /** Before the death; `others` live on. */
  prepare?(mortal: Domain, others: [Domain, Domain]): unknown;
  /** What is interrupted. */
  call(mortal: Domain, prepared: never): unknown;
  /** After it: must succeed. `prepared` is from the others' side, too. */
  after(others: [Domain, Domain], prepared: never): unknown;
}

async function lockAgain({ mutex }: { mutex: ReturnType<Domain["mutex"]> }): Promise<void> {
  for (let round = 0; round < 2; round++) {
    const held = await mutex.lock(TIMEOUT);
    if (round === 1) assert.is(held.ownerDied, false);
    held.repaired();
    held.unlock();
  }
}

const either = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error) => (error as { code?: string }).code,
  );

const courses: Record<string, Course> = {
  "mutex: lock, unlock": {
    call: (mortal) => mortal.mutex(AT).lockSync().unlock(),
    after: async ([one]) => lockAgain({ mutex: one.mutex(AT) }),
  },
  "mutex: unlock, with one that waits": {
    prepare: (mortal, [one]) => {
      const held = mortal.mutex(AT).lockSync();
      return { held, waiting: one.mutex(AT).lock(TIMEOUT) };
    },
    call: (_, { held }: { held: { unlock(): void } }) => held.unlock(),
    after: async (others, { waiting }: { waiting: Promise<{ repaired(): void; unlock(): void }> }) => {
      const got = await waiting;
      got.repaired();
      got.unlock();
      await lockAgain({ mutex: others[1].mutex(AT) });
    },
  },
  "mutex: taken from the dead, repaired, unlocked": {
    prepare: (_, [one, two]) => {
      two.mutex(AT).lockSync();
      two.leave();
      return one;
    },
    call: (mortal) => {
      const held = mortal.mutex(AT).lockSync();
      held.repaired();
      held.unlock();
    },
    after: async ([one]) => lockAgain({ mutex: one.mutex(AT) }),
  },
  "mutex: a wait that begins": {
    prepare: (_, [one]) => one.mutex(AT).lockSync(),
    call: (mortal) =>
      void mortal
        .mutex(AT)
        .lock()
        .catch(() => {}),
    after: async ([, two], held: { unlock(): void }) => {
      held.unlock();
      await lockAgain({ mutex: two.mutex(AT) });
    },
  },
  "rwLock: read, with a writer that waits": {
    prepare: (mortal, [one]) => {
      const held = mortal.rwLock(AT).read.lockSync();
      return { held, waiting: one.rwLock(AT).write.lock(TIMEOUT) };
    },
    call: (_, { held }: { held: { unlock(): void } }) => held.unlock(),
    after: async (others, { waiting }: { waiting: Promise<{ ownerDied: boolean; unlock(): void }> }) => {
      const got = await waiting;
      assert.is(got.ownerDied, false);
      got.unlock();
      (await others[1].rwLock(AT).read.lock(TIMEOUT)).unlock();
    },
  },
  "rwLock: read lock and unlock": {
    call: (mortal) => mortal.rwLock(AT).read.lockSync().unlock(),
    after: async ([one]) => (await one.rwLock(AT).write.lock(TIMEOUT)).unlock(),
  },
  "rwLock: write lock and unlock, with a reader that waits": {
    prepare: (mortal, [one]) => {
      const held = mortal.rwLock(AT).write.lockSync();
      return { held, waiting: one.rwLock(AT).read.lock(TIMEOUT) };
    },
    call: (mortal, { held }: { held: { unlock(): void } }) => {
      held.unlock();
      mortal.rwLock(AT).write.tryLock()?.unlock();
    },
    after: async ([, two], { waiting }: { waiting: Promise<{ unlock(): void }> }) => {
      (await waiting).unlock();
      const held = await two.rwLock(AT).write.lock(TIMEOUT);
      held.repaired();
      held.unlock();
    },
  },
  "rwLock: a writer that asks and gives up": {
    prepare: (_, [one]) => one.rwLock(AT).read.lockSync(),
    call: (mortal) => mortal.rwLock(AT).write.tryLock(),
    after: async ([, two], held: { unlock(): void }) => {
      const again = await two.rwLock(AT).read.lock(TIMEOUT);
      assert.is(again.ownerDied, false);
      again.unlock();
      held.unlock();
      (await two.rwLock(AT).write.lock(TIMEOUT)).unlock();
    },
  },
  "semaphore: acquire and release, beside one that holds": {
    prepare: (_, [one, two]) => {
      const [held, rest] = [two, one].map((domain) => domain.semaphore(AT, { permits: 2 }).acquireSync());
      return { held, rest };
    },
    call: (mortal, { held }: { held: { release(): void } }) => {
      held.release();
      mortal.semaphore(AT, { permits: 2 }).acquireSync().release();
    },
    after: async ([one], { rest }: { rest: { release(): void } }) => {
      rest.release();
      const semaphore = one.semaphore(AT, { permits: 2 });
      (await semaphore.acquire(TIMEOUT)).release();
    },
  },
  "event: set, with one that waits": {
    prepare: (_, [one]) => one.event(AT).wait(TIMEOUT),
    call: (mortal) => mortal.event(AT).set(),
    after: async ([, two], waiting: Promise<void>) => {
      if (!two.event(AT).isSet) two.event(AT).set();
      await waiting;
    },
  },
  "condition: notifyAll, with one that waits": {
    prepare: (_, [one]) => {
      const held = one.mutex(AT + 64).lockSync();
      return one.condition(AT).wait(held, TIMEOUT);
    },
    call: (mortal) => mortal.condition(AT).notifyAll(),
    after: async ([, two], waiting: Promise<void>) => {
      two.condition(AT).notifyAll();
      await waiting;
    },
  },
  "barrier: arrive, as the last": {
    prepare: (_, [one]) => either(one.barrier(AT, { parties: 2 }).arrive(TIMEOUT)),
    call: (mortal) => mortal.barrier(AT, { parties: 2 }).arriveSync(),
    after: async ([one, two], waiting: Promise<unknown>) => {
      const second = two.barrier(AT, { parties: 2 });
      // Either they met, or the death was told, or it died before it was a party at all.
      const outcome = await Promise.race([waiting, either(second.arrive(TIMEOUT))]);
      assert.ok(["done", "ERR_SHM_PEER_DIED"].includes(outcome as string), String(outcome));
      second.reset();
      await waiting;
      await Promise.all([one.barrier(AT, { parties: 2 }).arrive(TIMEOUT), second.arrive(TIMEOUT)]).catch(async () => {
        second.reset(); // the first arrival met the one above
        await Promise.all([one.barrier(AT, { parties: 2 }).arrive(TIMEOUT), second.arrive(TIMEOUT)]);
      });
    },
  },
  "seqlock: write": {
    prepare: (_, [one]) => one.seqlock(AT, { bytes: 40 }).writeSync(new Uint8Array(40).fill(1)),
    call: (mortal) => mortal.seqlock(AT, { bytes: 40 }).writeSync(new Uint8Array(40).fill(2)),
    after: async ([one, two]) => {
      const value = one.seqlock(AT, { bytes: 40 }).read();
      assert.ok(
        value.every((byte) => byte === value[0]),
        value.join(),
      );
      await two.seqlock(AT, { bytes: 40 }).write(new Uint8Array(40).fill(3), TIMEOUT);
      assert.is(one.seqlock(AT, { bytes: 40 }).read()[39], 3);
    },
  },
};

const hosts: [string, () => Host][] = [["local", localHost]];
const [kernel] = kernelHosts;
if (kernel) hosts.push(["sysv", () => kernel.shm.host]);

for (const [name, makeHost] of hosts) {
  const deaths = suite(`A death at each step [${name}]`);
  for (const [title, course] of Object.entries(courses))
    deaths(title, async () => {
      let step = 0;
      for (let died = true; died; step++) {
        assert.ok(step < 2000, "the call ends");
        const { host, memberships } = watched(makeHost());
        const segment = createShm({ host, core: "js" }).create(16384);
        try {
          const [mortal, one, two] = [1, 2, 3].map(() => segment.attach().join({ slots: 4 })) as [
            Domain,
            Domain,
            Domain,
          ];
          const prepared = course.prepare?.(mortal, [one, two]);
          const revive = dieAfter(step);
          try {
            course.call(mortal, prepared as never); // without a turn of the loop, in which others would die, too
          } catch (error) {
            if (!(error instanceof Death)) throw error;
          } finally {
            died = revive();
          }
          memberships[0]?.leave();
          await course.after([one, two], prepared as never);
        } catch (error) {
          (error as Error).message += ` (step ${step})`;
          throw error;
        } finally {
          segment[Symbol.dispose]();
        }
      }
      assert.ok(step > 2, `${step} steps`);
    });
  deaths.run();
}
