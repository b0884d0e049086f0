// The read-write lock on each host.
import * as assert from "uvu/assert";
import type { Domain, Held, RwLock } from "wasm-shm";
import { suite } from "../suite.js";
import { code } from "../support/pairs.js";
import { hosts, isPending, withMembers } from "./support.js";

const AT = 16384;

for (const pair of hosts) {
  const { name, native } = pair;
  const locks = suite(`RwLock [${name}]`);
  const withLocks = <T>(use: (locks: [RwLock, RwLock, RwLock], domains: Domain[]) => T): T =>
    withMembers(pair, 3, ({ domains }) =>
      use(domains.map((domain) => domain.rwLock(AT)) as [RwLock, RwLock, RwLock], domains),
    );

  locks("lets many read, and one write", () => {
    withLocks(([one, two, three]) => {
      assert.is(one.byteLength, 64 * 5);
      const readers = [one.read.lockSync(), two.read.lockSync(), two.read.tryLock()] as Held[];
      assert.equal(
        three.readers.map(({ slot }) => slot),
        [0, 1],
      );
      assert.is(three.write.tryLock(), undefined);
      assert.is(three.writer, undefined, "a try leaves nothing behind");
      for (const held of readers) held.unlock();
      const held = three.write.tryLock();
      assert.is(one.writer?.slot, 2);
      assert.is(one.read.tryLock(), undefined);
      assert.is(two.write.tryLock(), undefined);
      held?.unlock();
      one.read.lockSync().unlock();
      assert.throws(() => readers[0]?.unlock(), code("ERR_SHM_NOT_OWNER"));
    });
  });

  locks("lets a writer in when the last reader goes, and keeps later readers out meanwhile", async () => {
    await withLocks(async ([one, two, three]) => {
      const held = [one.read.lockSync(), two.read.lockSync()];
      const writer = three.write.lock();
      assert.ok(await isPending(writer));
      assert.is(one.read.tryLock(), undefined);
      const reader = one.read.lock();
      held[0]?.unlock();
      assert.ok(await isPending(writer));
      held[1]?.unlock();
      const got = await writer;
      assert.ok(await isPending(reader));
      got.unlock();
      (await reader).unlock();
    });
  });

  locks("a writer that gives up lets the readers in", async () => {
    await withLocks(async ([one, two, three]) => {
      const held = one.read.lockSync();
      const writer = three.write.lock({ timeoutMs: 40 });
      const reader = two.read.lock();
      assert.ok(await isPending(reader));
      await writer.then(() => assert.unreachable(), code("ERR_SHM_TIMEOUT", /lock for writing of the rwLock/));
      (await reader).unlock();
      assert.is(three.writer, undefined);
      held.unlock();
      (await three.write.lock()).unlock();
    });
  });

  locks("a dead writer keeps nobody out: readers are told until a writer repairs", async () => {
    await withLocks(async ([one, two, three], domains) => {
      one.write.lockSync();
      const reader = two.read.lock();
      assert.ok(await isPending(reader));
      domains[0]?.leave();
      const read = await reader;
      assert.is(read.ownerDied, true);
      assert.throws(() => read.repaired(), code("ERR_SHM_NOT_OWNER", /only a writer/));
      read.unlock();
      const write = three.write.tryLock();
      assert.is(write?.ownerDied, true);
      write?.repaired();
      write?.unlock();
      assert.is(two.read.tryLock()?.ownerDied, false);
    });
  });

  locks("a writer that died before it was in has changed nothing", async () => {
    await withLocks(async ([one, two, three], domains) => {
      const held = two.read.lockSync();
      const writer = one.write.lock().catch(() => {});
      assert.is(three.writer?.slot, 0);
      domains[0]?.leave();
      await writer;
      assert.is(three.read.tryLock()?.ownerDied, false);
      held.unlock();
      assert.is(two.read.tryLock()?.ownerDied, false);
    });
  });

  locks("what a dead writer left stays so when the one that took over gives up", async () => {
    await withLocks(async ([one, two, three], domains) => {
      one.write.lockSync();
      domains[0]?.leave();
      const held = two.read.lockSync();
      await three.write.lock({ timeoutMs: 10 }).then(() => assert.unreachable(), code("ERR_SHM_TIMEOUT"));
      held.unlock();
      assert.is(two.read.tryLock()?.ownerDied, true);
    });
  });

  locks("an unlock without a repair is final", () => {
    withLocks(([one, two, three], domains) => {
      one.write.lockSync();
      domains[0]?.leave();
      two.write.lockSync().unlock();
      assert.throws(() => three.read.tryLock(), code("ERR_SHM_NOT_RECOVERABLE"));
      assert.throws(() => three.write.tryLock(), code("ERR_SHM_NOT_RECOVERABLE"));
      assert.equal(three.readers, []);
    });
  });

  locks("a dead reader counts no more", async () => {
    await withLocks(async ([one, two], domains) => {
      one.read.lockSync();
      const writer = two.write.lock();
      assert.ok(await isPending(writer));
      domains[0]?.leave();
      const held = await writer;
      assert.is(held.ownerDied, false);
      held.unlock();
    });
  });

  locks("a participant holds 1,023 readers, and the next waits for one of them", async () => {
    await withLocks(async ([one]) => {
      const held = Array.from({ length: 1023 }, () => one.read.tryLock() as Held);
      assert.is(one.read.tryLock(), undefined);
      const next = one.read.lock();
      assert.ok(await isPending(next));
      held.pop()?.unlock();
      held.push(await next);
      for (const each of held) each.unlock();
      one.write.lockSync().unlock();
    });
  });

  locks("refuses a wait that blocks and can never end", () =>
    withLocks(async ([one, two]) => {
      const read = one.read.lockSync();
      assert.throws(() => one.write.lockSync(), code("ERR_SHM_DEADLOCK"));
      assert.throws(
        () => two.write.lockSync({ timeoutMs: 60 }),
        code(native ? "ERR_SHM_TIMEOUT" : "ERR_SHM_UNSUPPORTED"),
      );
      assert.is(one.writer, undefined);
      const stop = new AbortController();
      const asking = two.write.lock({ signal: stop.signal }).catch(() => {});
      assert.throws(() => one.read.lockSync(), code("ERR_SHM_DEADLOCK"));
      stop.abort();
      await asking;
      one.read.lockSync().unlock();
      read.unlock();
      const write = one.write.lockSync();
      assert.throws(() => one.read.lockSync(), code("ERR_SHM_DEADLOCK"));
      assert.throws(() => one.write.lockSync(), code("ERR_SHM_DEADLOCK"));
      write.unlock();
    }),
  );
  locks.run();
}
