// Domains on each host: how they are made and found, who takes part, and the end of a participant.
import * as assert from "uvu/assert";
import { Domain, type Host, type Peer } from "wasm-shm";
import { suite } from "../suite.js";
import { collect } from "../support/engine.js";
import { code, pairs } from "../support/pairs.js";
import { until } from "../support/waiting.js";
import { hosts, isPending, withMembers, wordsOf } from "./support.js";

for (const { name, withAttachment } of pairs) {
  const every = suite(`attachment.join [${name}]`);
  every("works with every core", () => {
    withAttachment(8192, (attachment) => {
      const domain = attachment.join({ offset: 64, slots: 4 });
      const held = domain.mutex(1024).lockSync();
      assert.is(held.ownerDied, false);
      held.unlock();
    });
  });
  every.run();
}

for (const pair of hosts) {
  const { name, native, shm, withAttachment, withSegment } = pair;
  const domains = suite(`Domain [${name}]`);

  domains("is made at its first join, and found by the next", () => {
    withSegment(8192, (segment) => {
      const [first, second] = [segment.attach(), segment.attach()];
      const one = first.join({ offset: 128, slots: 5 });
      const two = second.join({ offset: 128 });
      assert.equal([one.slot, two.slot, one.slots, two.slots], [0, 1, 5, 5]);
      assert.equal([two.offset, two.byteLength], [128, 64 + 5 * 128]);
      assert.is(first.join({ offset: 128, slots: 5 }).slot, 2);
    });
  });

  domains("has 16 slots if nobody says otherwise", () => {
    withAttachment(8192, (attachment) => assert.is(attachment.join().slots, 16));
  });

  domains("refuses other slots than it has, other bytes, and another version", () => {
    withSegment(8192, (segment) => {
      const attachment = segment.attach();
      attachment.join({ slots: 5 });
      assert.throws(() => attachment.join({ slots: 6 }), code("ERR_SHM_LAYOUT", /has 5 slots, and 6/));
      attachment.bytes.fill(7, 4096, 4200);
      assert.throws(() => attachment.join({ offset: 4096, slots: 5 }), code("ERR_SHM_LAYOUT", /other bytes/));
      const words = wordsOf(attachment);
      words[1] = 0x00020000;
      assert.throws(() => attachment.join(), code("ERR_SHM_LAYOUT", /word 1/));
      words[1] = 0x00010007; // a later minor version adds nothing that a participant must know
      attachment.join();
      words[3] = 65;
      assert.throws(() => attachment.join(), code("ERR_SHM_LAYOUT"));
      words[3] = 64; // more slots than the window has bytes
      assert.throws(() => attachment.join(), code("ERR_SHM_LAYOUT"));
    });
  });

  domains("is made by the next joiner if one was killed while it made it", () => {
    for (let written = 1; written <= 5; written++)
      withSegment(8192, (segment) => {
        const model = wordsOf(segment.attach());
        segment.attach().join({ slots: 4 }).leave();
        const header = [...model.slice(0, 5)];
        model.fill(0);
        for (let word = 0; word < written; word++) model[word] = header[word] as number;
        const domain = segment.attach().join({ slots: 4 });
        assert.equal([...model.slice(0, 5)], header);
        assert.is(domain.peers().length, 1);
      });
  });

  domains("checks its options before anything is stored", () => {
    withAttachment(8192, (attachment) => {
      for (const [options, expected] of [
        [{ offset: 32 }, "ERR_OUT_OF_RANGE"],
        [{ offset: -64 }, "ERR_OUT_OF_RANGE"],
        [{ offset: 8192 }, "ERR_OUT_OF_RANGE"],
        [{ offset: 8064, slots: 1 }, "ERR_OUT_OF_RANGE"],
        [{ slots: 0 }, "ERR_OUT_OF_RANGE"],
        [{ slots: 65 }, "ERR_OUT_OF_RANGE"],
        [{ slots: 64 }, "ERR_OUT_OF_RANGE"],
        [{ slots: "4" }, "ERR_INVALID_ARG_TYPE"],
        [{ slot: 4 }, "ERR_INVALID_ARG_VALUE"],
        [7, "ERR_INVALID_ARG_TYPE"],
      ] as [never, string][])
        assert.throws(() => attachment.join(options), code(expected));
      assert.ok(attachment.bytes.every((byte) => byte === 0));
      attachment.join({ offset: 8192 - 192, slots: 1 });
    });
  });

  domains("needs a window that it may write", () => {
    withSegment(8192, (segment) => {
      for (const access of ["read-only", "copy-on-write"] as const)
        assert.throws(() => segment.attach({ access }).join(), code("ERR_SHM_READ_ONLY"));
      const attachment = segment.attach();
      attachment.detach();
      assert.throws(() => attachment.join(), code("ERR_SHM_DETACHED"));
    });
  });

  domains("holds as many participants as it has slots", () => {
    withMembers(pair, 3, ({ segment, domains: [first, second] }) => {
      segment.attach().join();
      const attachment = segment.attach();
      assert.throws(() => attachment.join(), code("ERR_SHM_TOO_MANY_PEERS", /4 slots/));
      second?.leave();
      const next = attachment.join();
      assert.is(next.slot, 1);
      assert.is(first?.peers().length, 4);
    });
  });

  domains("holds 64 participants, and each waits for the one before", async () => {
    await withMembers(pair, 64, async ({ domains: all }) => {
      const mutexes = all.map((domain) => domain.mutex(16384));
      const order: number[] = [];
      let inside = 0;
      await Promise.all(
        mutexes.map(async (mutex, index) => {
          const held = await mutex.lock({ timeoutMs: 30_000 });
          order.push(index);
          assert.is(++inside, 1);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
          held.unlock();
        }),
      );
      assert.is(new Set(order).size, 64);
      assert.is(all[0]?.peers().length, 64);
    });
  });

  domains("tells who takes part", () => {
    withMembers(pair, 2, ({ domains: [first, second] }) => {
      const peers = (second as Domain).peers();
      assert.equal(
        peers.map(({ slot, pid, alive, self, kind }) => ({ slot, pid, alive, self, kind })),
        [0, 1].map((slot) => ({ slot, pid: process.pid, alive: true, self: slot === 1, kind: "node" })),
      );
      for (const { joined, startTime } of peers) {
        assert.ok(Math.abs(Date.now() - joined.getTime()) < 60_000);
        assert.is(startTime > 0, native);
      }
      first?.leave();
      assert.equal(
        (second as Domain).peers().map(({ slot }) => slot),
        [1],
      );
    });
  });

  domains("tells of each join and leave, and not after off", async () => {
    await withMembers(pair, 1, async ({ segment, domains: [domain] }) => {
      const told: [string, number][] = [];
      const listeners = (["join", "leave", "death"] as const).map((event) => {
        const listener = ({ slot }: Peer): void => void told.push([event, slot]);
        domain?.on(event, listener);
        return [event, listener] as const;
      });
      const other = segment.attach().join();
      await until("a join", () => told.length === 1);
      other.leave();
      await until("a leave", () => told.length === 2);
      assert.equal(told, [
        ["join", 1],
        ["leave", 1],
      ]);
      for (const [event, listener] of listeners) domain?.off(event, listener);
      segment.attach().join();
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.is(told.length, 2);
      assert.throws(() => domain?.on("jion" as never, () => {}), code("ERR_INVALID_ARG_TYPE"));
      assert.throws(() => domain?.on("join", 7 as never), code("ERR_INVALID_ARG_TYPE"));
    });
  });

  domains("ends with leave, dispose, and a detach: then every call is an error, and waits are rejected", async () => {
    const ends: ((domain: Domain, detach: () => void) => void)[] = [
      (domain) => domain.leave(),
      (domain) => domain[Symbol.dispose](),
      (_, detach) => detach(),
    ];
    for (const end of ends)
      await withMembers(pair, 2, async ({ segment, attachments: [, attachment], domains: [first, second] }) => {
        if (!first || !second) throw new Error("no domains");
        const before = segment.stat().nattch;
        const held = first.mutex(16384).lockSync();
        const mutex = second.mutex(16384);
        const rejected: unknown[] = [];
        const waits = [mutex.lock(), mutex.lock(), second.event(16448).wait()].map((wait) =>
          wait.catch((error: unknown) => rejected.push((error as { code?: string }).code)),
        );
        assert.ok(await isPending(waits[0] as Promise<unknown>));
        end(second, () => attachment?.detach());
        await Promise.all(waits);
        assert.equal(rejected, Array(3).fill("ERR_SHM_DETACHED"));
        for (const call of [
          () => mutex.tryLock(),
          () => mutex.lockSync(),
          () => mutex.owner,
          () => second.mutex(16384),
          () => second.peers(),
          () => second.leave(),
        ])
          assert.throws(call, code("ERR_SHM_DETACHED"));
        second[Symbol.dispose]();
        held.unlock();
        assert.is(first.peers().length, 1);
        assert.ok(segment.stat().nattch < before);
      });
  });

  // With AddressSanitizer in the addon this tells whether it uses what it freed (tools/sanitize.js).
  domains("a leave drops what its thread has sent to the event loop, and what it was sent for", async () => {
    await withMembers(pair, 1, async ({ segment, domains: [domain] }) => {
      const told: Peer[] = [];
      domain?.on("join", (peer) => told.push(peer));
      const rejected = domain
        ?.event(16384)
        .wait()
        .catch((error: unknown) => error);
      segment.attach().join();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50); // the thread sends meanwhile
      domain?.leave();
      assert.is(((await rejected) as { code?: string }).code, "ERR_SHM_DETACHED");
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(told, []);
    });
  });

  domains("counts each participant as one more attachment until it leaves", () => {
    withSegment(8192, (segment) => {
      const attached = (): number => segment.stat().nattch;
      const [first, second] = [segment.attach(), segment.attach()];
      const domain = first.join();
      assert.is(attached(), 3);
      second.join();
      assert.is(attached(), 4);
      domain.leave();
      assert.is(attached(), 3);
      second.detach(); // its participant leaves
      assert.is(attached(), 1);
    });
  });

  if (!native)
    domains("counts one that is dropped until it is collected", async () => {
      await withMembers(pair, 0, async ({ segment }) => {
        const before = segment.stat().nattch;
        (() => {
          segment.attach().join();
        })();
        assert.is(segment.stat().nattch, before + 2);
        await until("the leave", () => {
          collect();
          return segment.stat().nattch <= before;
        });
      });
    });

  domains("a detach that is refused leaves the participant where it is", async () => {
    await withMembers(pair, 2, async ({ segment, attachments: [, attachment], domains: [first, second] }) => {
      if (!first || !second || !attachment) throw new Error("no domains");
      const before = segment.stat().nattch;
      const held = first.mutex(16384).lockSync();
      const waiting = second.mutex(16384).lock();
      Object.assign(shm.host, { unmap: () => -12 });
      try {
        assert.throws(() => attachment.detach(), code("ENOMEM"));
      } finally {
        delete (shm.host as Partial<Host>).unmap; // the host's own is behind it
      }
      assert.equal([first.peers().length, segment.stat().nattch, attachment.bytes.length > 0], [2, before, true]);
      held.unlock();
      (await waiting).unlock();
      attachment.detach();
      assert.equal([first.peers().length, segment.stat().nattch], [1, before - 2]);
      assert.throws(() => second.peers(), code("ERR_SHM_DETACHED"));
    });
  });

  domains("leaves what it held to the next, who is told", async () => {
    await withMembers(pair, 3, async ({ domains: [first, second, third] }) => {
      const waiting = second?.mutex(16384);
      const held = first?.mutex(16384).lockSync();
      const next = waiting?.lock();
      first?.leave();
      const got = await next;
      assert.is(got?.ownerDied, true);
      got?.repaired();
      got?.unlock();
      assert.is(third?.mutex(16384).tryLock()?.ownerDied, false);
      held?.[Symbol.dispose](); // nothing is left to unlock
      assert.throws(() => held?.unlock(), code("ERR_SHM_DETACHED"));
    });
  });

  domains("objects are at places of their own, and alike for all", () => {
    withMembers(pair, 2, ({ domains: [first, second] }) => {
      if (!first || !second) throw new Error("no domains");
      first.mutex(16384);
      first.mutex(16384); // the same once more
      for (const [open, expected] of [
        [() => first.event(16384), "ERR_OUT_OF_RANGE"],
        [() => first.rwLock(16384 - 64), "ERR_OUT_OF_RANGE"],
        [() => first.mutex(0), "ERR_OUT_OF_RANGE"],
        [() => first.mutex(16385), "ERR_OUT_OF_RANGE"],
        [() => first.mutex(65536), "ERR_OUT_OF_RANGE"],
        [() => first.mutex("1" as never), "ERR_INVALID_ARG_TYPE"],
        [() => second.event(16384), "ERR_SHM_LAYOUT"],
      ] as const)
        assert.throws(open, code(expected));
      first.semaphore(20480, { permits: 3 });
      assert.throws(() => second.semaphore(20480, { permits: 4 }), code("ERR_SHM_LAYOUT", /argument 3, and 4/));
      second.semaphore(20480, { permits: 3 });
    });
  });

  domains("comes from join alone", () => {
    assert.throws(() => Reflect.construct(Domain, []), code("ERR_ILLEGAL_CONSTRUCTOR", /attachment\.join/));
  });
  domains.run();
}
