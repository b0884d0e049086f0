// The semaphore on each host.
import * as assert from "uvu/assert";
import type { Domain, Semaphore } from "wasm-shm";
import { suite } from "../suite.js";
import { code } from "../support/pairs.js";
import { hosts, isPending, withMembers } from "./support.js";

const AT = 16384;

for (const pair of hosts) {
  const { name, native } = pair;
  const semaphores = suite(`Semaphore [${name}]`);
  const withTwo = <T>(permits: number, use: (all: [Semaphore, Semaphore], domains: Domain[]) => T): T =>
    withMembers(pair, 2, ({ domains }) =>
      use(domains.map((domain) => domain.semaphore(AT, { permits })) as [Semaphore, Semaphore], domains),
    );

  semaphores("gives out as many permits as it has", () => {
    withTwo(3, ([one, two]) => {
      assert.equal([one.permits, one.available, one.byteLength], [3, 3, 128]);
      const first = one.acquireSync({ count: 2 });
      const second = two.tryAcquire();
      assert.equal([first.count, second?.count, two.available], [2, 1, 0]);
      assert.is(one.tryAcquire(), undefined);
      second?.release();
      assert.is(one.tryAcquire({ count: 2 }), undefined);
      first[Symbol.dispose]();
      first[Symbol.dispose]();
      assert.throws(() => first.release(), code("ERR_SHM_NOT_OWNER"));
      assert.is(two.available, 3);
    });
  });

  semaphores("gives permits to those that wait, in the order of one participant", async () => {
    await withTwo(2, async ([one, two]) => {
      const all = one.acquireSync({ count: 2 });
      const order: number[] = [];
      const many = two.acquire({ count: 2 }).then((permit) => {
        order.push(2);
        permit.release();
      });
      const few = two.acquire().then((permit) => {
        order.push(1);
        permit.release();
      });
      assert.ok(await isPending(few));
      all.release();
      await Promise.all([many, few]);
      assert.equal(order, [2, 1]);
    });
  });

  semaphores("gets the permits of a dead participant back", async () => {
    await withTwo(2, async ([one, two], domains) => {
      one.acquireSync({ count: 2 });
      const waiting = two.acquire({ count: 2 });
      assert.ok(await isPending(waiting));
      domains[0]?.leave();
      (await waiting).release();
      assert.is(two.available, 2);
    });
  });

  semaphores("ends waits by a timeout and a signal, and later ones are served", async () => {
    await withTwo(1, async ([one, two]) => {
      const held = one.acquireSync();
      await two.acquire({ timeoutMs: 10 }).then(() => assert.unreachable(), code("ERR_SHM_TIMEOUT"));
      const inherited = Object.create({ timeoutMs: 10 });
      await two.acquire(inherited).then(() => assert.unreachable(), code("ERR_SHM_TIMEOUT"));
      const controller = new AbortController();
      const aborted = two.acquire({ signal: controller.signal });
      const behind = two.acquire();
      controller.abort();
      await aborted.then(
        () => assert.unreachable(),
        (error) => assert.is(error.name, "AbortError"),
      );
      held.release();
      (await behind).release();
      const again = two.acquireSync();
      assert.throws(() => one.acquireSync({ timeoutMs: 20 }), code(native ? "ERR_SHM_TIMEOUT" : "ERR_SHM_UNSUPPORTED"));
      again.release();
    });
  });

  semaphores("checks its arguments", async () => {
    await withTwo(2, async ([one], domains) => {
      for (const permits of [0, 1024, 1.5])
        assert.throws(() => domains[0]?.semaphore(20480, { permits }), code("ERR_OUT_OF_RANGE"));
      assert.throws(() => domains[0]?.semaphore(20480, {} as never), code("ERR_INVALID_ARG_TYPE"));
      for (const count of [0, 3]) {
        assert.throws(() => one.tryAcquire({ count }), code("ERR_OUT_OF_RANGE"));
        assert.throws(() => one.acquireSync({ count }), code("ERR_OUT_OF_RANGE"));
        await one.acquire({ count }).then(() => assert.unreachable(), code("ERR_OUT_OF_RANGE"));
      }
      assert.is(one.available, 2);
    });
  });
  semaphores.run();
}
