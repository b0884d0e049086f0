// The event and the condition on each host.
import * as assert from "uvu/assert";
import type { Condition, Domain, Mutex, SharedEvent } from "wasm-shm";
import { suite } from "../suite.js";
import { code } from "../support/pairs.js";
import { hosts, isPending, withMembers } from "./support.js";

const AT = 16384;

for (const pair of hosts) {
  const { name, native } = pair;
  const events = suite(`SharedEvent [${name}]`);
  const withEvents = <T>(use: (all: [SharedEvent, SharedEvent], domains: Domain[]) => T): T =>
    withMembers(pair, 2, ({ domains }) =>
      use(domains.map((domain) => domain.event(AT)) as [SharedEvent, SharedEvent], domains),
    );

  events("wakes all who wait, once it is set, and stays set", async () => {
    await withEvents(async ([one, two]) => {
      assert.is(one.isSet, false);
      const waits = Promise.all([two.wait(), two.wait(), one.wait()]);
      assert.ok(await isPending(waits));
      one.set();
      one.set();
      await waits;
      assert.is(two.isSet, true);
      await two.wait({ timeoutMs: 0 });
      two.waitSync();
      two.reset();
      two.reset();
      assert.is(one.isSet, false);
      await one.wait({ timeoutMs: 10 }).then(() => assert.unreachable(), code("ERR_SHM_TIMEOUT"));
      assert.throws(() => one.waitSync({ timeoutMs: 20 }), code(native ? "ERR_SHM_TIMEOUT" : "ERR_SHM_UNSUPPORTED"));
    });
  });

  events("a set with a reset right after it is not missed", async () => {
    await withEvents(async ([one, two]) => {
      const waits = [two.wait(), two.wait()];
      one.set();
      one.reset();
      await Promise.all(waits);
    });
  });

  events("counts past 2^32", async () => {
    await withMembers(pair, 2, async ({ words, domains: [first, second] }) => {
      const [one, two] = [first?.event(AT), second?.event(AT)];
      words[AT / 4 + 8] = -2;
      const waiting = two?.wait();
      one?.set();
      await waiting;
      one?.reset();
      assert.is(words[AT / 4 + 8], 0);
      assert.is(two?.isSet, false);
    });
  });
  events.run();

  const conditions = suite(`Condition [${name}]`);
  const withAll = <T>(use: (mutexes: [Mutex, Mutex], all: [Condition, Condition], domains: Domain[]) => T): T =>
    withMembers(pair, 2, ({ domains }) =>
      use(
        domains.map((domain) => domain.mutex(AT)) as [Mutex, Mutex],
        domains.map((domain) => domain.condition(AT + 64)) as [Condition, Condition],
        domains,
      ),
    );

  conditions("frees the mutex while it waits, and has it again after", async () => {
    await withAll(async ([one, two], [waits, tells]) => {
      const held = await one.lock();
      const waiting = waits.wait(held);
      const other = await two.lock();
      tells.notifyAll();
      assert.ok(await isPending(waiting), "until the mutex is free");
      other.unlock();
      await waiting;
      assert.is(two.tryLock(), undefined);
      held.unlock();
      assert.ok(two.tryLock());
    });
  });

  conditions("has the mutex again also after a timeout and a signal", async () => {
    await withAll(async ([one, two], [condition]) => {
      const held = await one.lock();
      await condition.wait(held, { timeoutMs: 10 }).then(() => assert.unreachable(), code("ERR_SHM_TIMEOUT"));
      assert.is(two.owner?.slot, 0);
      const reason = new Error("enough");
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 10);
      await condition.wait(held, { signal: controller.signal }).then(
        () => assert.unreachable(),
        (error) => assert.is(error, reason),
      );
      await condition.wait(held, { signal: AbortSignal.abort(reason) }).then(
        () => assert.unreachable(),
        (error) => assert.is(error, reason),
      );
      if (native) assert.throws(() => condition.waitSync(held, { timeoutMs: 20 }), code("ERR_SHM_TIMEOUT"));
      assert.is(two.owner?.slot, 0);
      held.unlock();
    });
  });

  conditions("tells that the owner of meanwhile died", async () => {
    await withAll(async ([one, two], [condition], domains) => {
      const held = await one.lock();
      const waiting = condition.wait(held, { timeoutMs: 10 });
      await two.lock();
      domains[1]?.leave();
      await waiting.then(() => assert.unreachable(), code("ERR_SHM_TIMEOUT"));
      assert.is(held.ownerDied, true);
      await condition
        .wait(held)
        .then(() => assert.unreachable(), code("ERR_SHM_NOT_RECOVERABLE", /repaired\(\) first/));
      held.repaired();
      held.unlock();
      one.tryLock()?.unlock();
    });
  });

  conditions("wants a lock of a mutex of its own domain object, which is held", async () => {
    await withAll(async ([one, two], [condition], domains) => {
      const read = domains[0]?.rwLock(20480).read.lockSync();
      for (const held of [{}, undefined, read, await two.lock()])
        await condition.wait(held as never).then(() => assert.unreachable(), code("ERR_INVALID_ARG_TYPE"));
      domains[1]?.leave();
      const held = one.lockSync();
      held.repaired();
      held.unlock();
      await condition.wait(held).then(() => assert.unreachable(), code("ERR_SHM_NOT_OWNER"));
      assert.throws(() => condition.waitSync(held), code("ERR_SHM_NOT_OWNER"));
    });
  });
  conditions.run();
}
