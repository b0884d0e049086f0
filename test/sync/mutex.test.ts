// The mutex on each host.
import * as assert from "uvu/assert";
import { Mutex } from "wasm-shm";
import { suite } from "../suite.js";
import { code } from "../support/pairs.js";
import { hosts, isPending, withMembers } from "./support.js";

const AT = 16384;

for (const pair of hosts) {
  const { name, native } = pair;
  const mutexes = suite(`Mutex [${name}]`);
  const withPair = <T>(use: (first: Mutex, second: Mutex, end: () => void) => T): T =>
    withMembers(pair, 2, ({ domains: [first, second] }) => {
      if (!first || !second) throw new Error("no domains");
      return use(first.mutex(AT), second.mutex(AT), () => first.leave());
    });

  mutexes("is held by one at a time", () => {
    withPair((first, second) => {
      const held = first.tryLock();
      assert.is(held?.ownerDied, false);
      assert.is(second.tryLock(), undefined);
      assert.is(first.tryLock(), undefined);
      assert.is(second.owner?.slot, 0);
      held?.unlock();
      assert.is(second.owner, undefined);
      assert.ok(second.tryLock());
    });
  });

  mutexes("names no owner if another has the slot of the one that left", () => {
    withMembers(pair, 2, ({ segment, domains: [first, second] }) => {
      first?.mutex(AT).lockSync();
      first?.leave();
      const next = segment.attach().join();
      assert.is(next.slot, first?.slot);
      assert.is(second?.mutex(AT).owner, undefined);
      assert.is(second?.mutex(AT).tryLock()?.ownerDied, true);
      next.leave();
    });
  });

  mutexes("gives the lock to one that waits, at the unlock", async () => {
    await withPair(async (first, second) => {
      const held = await first.lock();
      const waiting = second.lock();
      assert.ok(await isPending(waiting));
      held.unlock();
      const got = await waiting;
      assert.is(first.tryLock(), undefined);
      got.unlock();
    });
  });

  mutexes("serves the waits of one participant in their order", async () => {
    await withPair(async (first, second) => {
      const held = await first.lock();
      const order: number[] = [];
      const waits = [0, 1, 2, 3].map(async (index) => {
        const got = await (index % 2 ? second : first).lock();
        order.push(index);
        got.unlock();
      });
      held.unlock();
      await Promise.all(waits);
      assert.equal(
        order.filter((index) => index % 2 === 1),
        [1, 3],
      );
      assert.equal(
        order.filter((index) => index % 2 === 0),
        [0, 2],
      );
    });
  });

  mutexes("unlocks once, at the end of a using block or before", () => {
    withPair((first, second) => {
      const held = first.lockSync();
      held[Symbol.dispose]();
      held[Symbol.dispose]();
      assert.throws(() => held.unlock(), code("ERR_SHM_NOT_OWNER"));
      assert.throws(() => held.repaired(), code("ERR_SHM_NOT_OWNER"));
      assert.ok(second.tryLock());
    });
  });

  mutexes("await using unlocks", async () => {
    await withPair(async (first, second) => {
      {
        await using held = await first.lock();
        assert.is(held.ownerDied, false);
        assert.is(second.tryLock(), undefined);
      }
      assert.ok(second.tryLock());
    });
  });

  mutexes("ends a wait at its timeout, and leaves nothing", async () => {
    await withPair(async (first, second) => {
      const held = first.lockSync();
      const began = performance.now();
      await second
        .lock({ timeoutMs: 30 })
        .then(() => assert.unreachable(), code("ERR_SHM_TIMEOUT", /lock of the mutex at 16384/));
      assert.ok(performance.now() - began >= 29);
      await second.lock({ timeoutMs: 0 }).then(() => assert.unreachable(), code("ERR_SHM_TIMEOUT"));
      held.unlock();
      const again = await second.lock({ timeoutMs: 1000 });
      again.unlock();
    });
  });

  mutexes("ends a wait by a signal, with its reason; those behind it are served", async () => {
    await withPair(async (first, second) => {
      const held = first.lockSync();
      const controller = new AbortController();
      const reason = new Error("enough");
      const aborted = second.lock({ signal: controller.signal });
      const behind = second.lock();
      controller.abort(reason);
      await aborted.then(
        () => assert.unreachable(),
        (error) => assert.is(error, reason),
      );
      await second.lock({ signal: AbortSignal.abort(reason) }).then(
        () => assert.unreachable(),
        (error) => assert.is(error, reason),
      );
      held.unlock();
      (await behind).unlock();
    });
  });

  mutexes("refuses wrong options, by a rejection if it is a promise", async () => {
    await withPair(async (first) => {
      for (const [options, expected] of [
        [{ timeoutMs: -1 }, "ERR_OUT_OF_RANGE"],
        [{ timeoutMs: 2 ** 31 }, "ERR_OUT_OF_RANGE"],
        [{ timeoutMs: "1" }, "ERR_INVALID_ARG_TYPE"],
        [{ timeout: 1 }, "ERR_INVALID_ARG_VALUE"],
        [{ signal: 1 }, "ERR_INVALID_ARG_TYPE"],
        [{ signal: null }, "ERR_INVALID_ARG_TYPE"],
        [{ signal: { aborted: false } }, "ERR_INVALID_ARG_TYPE"],
        [{ signal: { aborted: false, addEventListener() {} } }, "ERR_INVALID_ARG_TYPE"],
      ] as [never, string][]) {
        await first.lock(options).then(() => assert.unreachable(), code(expected));
        if (!("signal" in options)) assert.throws(() => first.lockSync(options), code(expected));
      }
      assert.throws(() => first.lockSync({ signal: undefined } as never), code("ERR_INVALID_ARG_VALUE"));
      assert.is(first.owner, undefined);
    });
  });

  mutexes("tells the next that an owner is gone, until it is repaired", () => {
    withMembers(pair, 4, ({ domains }) => {
      const [first, second, third, fourth] = domains.map((domain) => domain.mutex(AT)) as Mutex[];
      first?.lockSync();
      domains[0]?.leave();
      assert.is(second?.tryLock()?.ownerDied, true);
      domains[1]?.leave(); // it has not repaired either
      const held = third?.tryLock();
      assert.is(held?.ownerDied, true);
      held?.repaired();
      held?.repaired();
      held?.unlock();
      assert.is(fourth?.tryLock()?.ownerDied, false);
    });
  });

  mutexes("is not recoverable once it was unlocked without a repair, also for those that wait", async () => {
    await withMembers(pair, 3, async ({ domains }) => {
      const [first, second, third] = domains.map((domain) => domain.mutex(AT)) as [Mutex, Mutex, Mutex];
      first.lockSync();
      domains[0]?.leave();
      const held = second.tryLock();
      const waiting = third.lock();
      assert.ok(await isPending(waiting));
      held?.unlock();
      await waiting.then(() => assert.unreachable(), code("ERR_SHM_NOT_RECOVERABLE", /repaired/));
      assert.throws(() => second.tryLock(), code("ERR_SHM_NOT_RECOVERABLE"));
      assert.throws(() => third.lockSync(), code("ERR_SHM_NOT_RECOVERABLE"));
    });
  });

  mutexes("refuses a wait that blocks and can never end", () => {
    withPair((first, second) => {
      const held = first.lockSync();
      assert.throws(() => first.lockSync(), code("ERR_SHM_DEADLOCK"));
      if (native) {
        const began = performance.now();
        assert.throws(() => second.lockSync({ timeoutMs: 120 }), code("ERR_SHM_TIMEOUT"));
        assert.ok(performance.now() - began >= 119);
      } else assert.throws(() => second.lockSync(), code("ERR_SHM_UNSUPPORTED"));
      assert.throws(() => second.lockSync({ timeoutMs: 0 }), code("ERR_SHM_TIMEOUT"));
      held.unlock();
    });
  });

  mutexes("has 1,000 waits of one participant pending, and a slot's successor none of them", async () => {
    await withMembers(pair, 2, async ({ segment, domains: [first, second] }) => {
      const held = first?.mutex(AT).lockSync();
      let served = 0;
      const controller = new AbortController();
      const waits = Array.from({ length: 1000 }, async (_, index) => {
        const options = index % 2 ? {} : { signal: controller.signal };
        const got = await second?.mutex(AT).lock(options);
        served++;
        got?.unlock();
      });
      const half = Promise.allSettled(waits);
      controller.abort();
      held?.unlock();
      await half;
      assert.is(served, 500);
      second?.leave();
      const successor = segment.attach().join();
      assert.is(successor.slot, second?.slot);
      const again = first?.mutex(AT).tryLock();
      const waiting = successor.mutex(AT).lock();
      again?.unlock();
      (await waiting).unlock();
    });
  });

  mutexes("comes from a domain alone", () => {
    assert.throws(() => Reflect.construct(Mutex, []), code("ERR_ILLEGAL_CONSTRUCTOR", /domain\.mutex/));
  });
  mutexes.run();
}
