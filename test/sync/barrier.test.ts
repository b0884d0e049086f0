// The barrier on each host.
import * as assert from "uvu/assert";
import type { Barrier, Domain } from "wasm-shm";
import { suite } from "../suite.js";
import { code } from "../support/pairs.js";
import { hosts, isPending, withMembers } from "./support.js";

const AT = 16384;
const DIED = code("ERR_SHM_PEER_DIED", /reset\(\)/);

for (const pair of hosts) {
  const { name, native } = pair;
  const barriers = suite(`Barrier [${name}]`);
  type All = [Barrier, Barrier, Barrier];
  const withThree = <T>(use: (all: All, domains: Domain[], words: Int32Array) => T): T =>
    withMembers(pair, 3, ({ domains, words }) =>
      use(domains.map((domain) => domain.barrier(AT, { parties: 3 })) as All, domains, words),
    );

  barriers("lets nobody on before all have arrived, again and again", async () => {
    await withThree(async (all) => {
      for (let phase = 0; phase < 5; phase++) {
        const [first, second] = [all[0].arrive(), all[1].arrive()];
        assert.ok(await isPending(Promise.race([first, second])));
        assert.is(all[2].arrived, 2);
        all[2].arriveSync();
        await Promise.all([first, second]);
        assert.is(all[2].arrived, 0);
      }
    });
  });

  barriers("its phases wrap", async () => {
    await withThree(async (all, _, words) => {
      words[AT / 4 + 8] = 0x00ffff00;
      await Promise.all(all.map((barrier) => barrier.arrive()));
      assert.is(words[AT / 4 + 8], 0);
      await Promise.all(all.map((barrier) => barrier.arrive()));
      assert.is(words[AT / 4 + 8], 0x100);
    });
  });

  barriers("takes an arrival back at a timeout", async () => {
    await withThree(async ([one, two, three]) => {
      await one.arrive({ timeoutMs: 10 }).then(() => assert.unreachable(), code("ERR_SHM_TIMEOUT"));
      await one.arrive({ timeoutMs: 0 }).then(() => assert.unreachable(), code("ERR_SHM_TIMEOUT"));
      assert.throws(() => one.arriveSync({ timeoutMs: 10 }), code(native ? "ERR_SHM_TIMEOUT" : "ERR_SHM_UNSUPPORTED"));
      assert.is(one.arrived, 0);
      const waits = [one.arrive(), two.arrive()];
      assert.ok(await isPending(Promise.race(waits)));
      await Promise.all([...waits, three.arrive()]);
    });
  });

  barriers("tells all who wait that a party is gone, and all who come, until it is reset", async () => {
    await withMembers(pair, 3, async ({ segment, domains }) => {
      const [one, two] = domains.map((domain) => domain.barrier(AT, { parties: 3 })) as All;
      const waits = [one.arrive(), two.arrive()];
      domains[2]?.leave();
      await Promise.all(waits.map((wait) => wait.then(() => assert.unreachable(), DIED)));
      assert.is(one.isBroken, true);
      await two.arrive().then(() => assert.unreachable(), DIED);
      one.reset();
      assert.is(one.isBroken, false);
      const successor = segment.attach().join().barrier(AT, { parties: 3 });
      await Promise.all([one.arrive(), two.arrive(), successor.arrive()]);
    });
  });

  barriers("a reset rejects those that wait", async () => {
    await withThree(async ([one, two, three]) => {
      const waiting = one.arrive();
      two.reset();
      await waiting.then(() => assert.unreachable(), DIED);
      await Promise.all([one.arrive(), two.arrive(), three.arrive()]);
    });
  });

  barriers("a party that left while nobody waited is forgotten, and another takes its place", async () => {
    await withMembers(pair, 3, async ({ segment, domains }) => {
      const [one, two] = domains.map((domain) => domain.barrier(AT, { parties: 3 })) as All;
      domains[2]?.leave();
      const first = one.arrive();
      const second = two.arrive();
      assert.ok(await isPending(Promise.race([first, second])));
      await Promise.all([first, second, segment.attach().join().barrier(AT, { parties: 3 }).arrive()]);
    });
  });

  barriers("starts again when all have left and others come", async () => {
    await withMembers(pair, 3, async ({ attachments, domains }) => {
      await Promise.all(domains.map((domain) => domain.barrier(AT, { parties: 3 }).arrive()));
      for (const domain of domains) domain.leave();
      const next = attachments.map((attachment) => attachment.join());
      await Promise.all(next.map((domain) => domain.barrier(AT, { parties: 3 }).arrive()));
    });
  });

  barriers("checks its arguments", () => {
    withMembers(pair, 1, ({ domains: [domain] }) => {
      for (const parties of [0, 5, 1.5])
        assert.throws(() => domain?.barrier(AT, { parties }), code("ERR_OUT_OF_RANGE"));
      assert.throws(() => domain?.barrier(AT, { party: 1 } as never), code("ERR_INVALID_ARG_VALUE"));
    });
  });

  barriers("of one party waits for nobody", async () => {
    await withMembers(pair, 1, async ({ domains: [domain] }) => {
      const barrier = domain?.barrier(AT, { parties: 1 });
      await barrier?.arrive();
      barrier?.arriveSync();
    });
  });
  barriers.run();
}
