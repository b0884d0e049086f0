// Each call of the locks, while a hostile peer changes each word right before each of its accesses, or all the time: typed
// errors only, no store outside the object, and no loop without an end.
import * as assert from "uvu/assert";
import type { Domain, Held } from "wasm-shm";
import { domainBytes, Slot, slotWord } from "#src/host/membership.js";
import { idOf, tagOf, Word } from "#src/sync/layout.js";
import { CONTENDED, INCONSISTENT, NOT_RECOVERABLE } from "#src/sync/ownerword.js";
import { suite } from "../suite.js";
import { beforeEachAccess } from "../support/accesses.js";
import { campaign } from "../support/campaign.js";
import { type Course, everyDamage } from "../support/disturb.js";
import type { Pair } from "../support/pairs.js";
import { hostileCodes, hosts, withMembers } from "./support.js";

const PLACE = 16384;
const FIRST = PLACE / 4;
const LINE = 16;
const TIMES = { stride: campaign(11, 1), pairs: campaign(2_000, 200_000) };
const NOW = { timeoutMs: 0 };
const local = hosts.find(({ native }) => !native) as Pair;

const allowed = [...hostileCodes, "ERR_SHM_UNSUPPORTED"]; // this host cannot block

/** What is tried of each kind: the domain's own calls, and the words of the object behind its first line. */
const kinds: Record<string, { words: number; fails?: number; run: (domain: Domain) => (() => unknown)[] }> = {
  mutex: {
    words: LINE,
    run: (domain) => {
      const mutex = domain.mutex(PLACE);
      return [() => mutex.tryLock()?.unlock(), () => mutex.lockSync(NOW).unlock(), () => mutex.owner];
    },
  },
  "read and write lock": {
    words: 5 * LINE,
    run: (domain) => {
      const lock = domain.rwLock(PLACE);
      return [
        () => lock.read.tryLock()?.unlock(),
        () => lock.write.tryLock()?.unlock(),
        () => lock.read.lockSync(NOW).unlock(),
        () => lock.write.lockSync(NOW).unlock(),
        () => [lock.writer, lock.readers],
      ];
    },
  },
  semaphore: {
    words: 2 * LINE,
    run: (domain) => {
      const semaphore = domain.semaphore(PLACE, { permits: 3 });
      return [
        () => semaphore.tryAcquire({ count: 2 })?.release(),
        () => semaphore.acquireSync(NOW).release(),
        () => semaphore.available,
      ];
    },
  },
  event: {
    words: LINE,
    run: (domain) => {
      const event = domain.event(PLACE);
      return [() => event.set(), () => event.waitSync(NOW), () => event.reset(), () => event.isSet];
    },
  },
  condition: {
    words: 2 * LINE,
    fails: 1, // the wait, by its timeout
    run: (domain) => {
      const condition = domain.condition(PLACE);
      const mutex = domain.mutex(PLACE + 64);
      let held: Held | undefined;
      return [
        () => {
          held = mutex.tryLock();
        },
        () => held && condition.waitSync(held, NOW),
        () => condition.notifyAll(),
        () => held?.unlock(),
      ];
    },
  },
  barrier: {
    words: 2 * LINE,
    fails: 2, // both arrivals, by their timeouts
    run: (domain) => {
      const barrier = domain.barrier(PLACE, { parties: 2 });
      return [
        () => barrier.arriveSync(NOW),
        () => barrier.reset(),
        () => barrier.arriveSync(NOW),
        () => [barrier.isBroken, barrier.arrived],
      ];
    },
  },
  seqlock: {
    words: 3 * LINE,
    run: (domain) => {
      const seqlock = domain.seqlock(PLACE, { bytes: 20 });
      return [() => seqlock.tryWrite(new Uint8Array(20)), () => seqlock.read(), () => seqlock.sequence];
    },
  },
};

const test = suite("Locks that are disturbed");
for (const [name, { words: length, fails = 0, run }] of Object.entries(kinds))
  test(`${name}: each word, before each access`, () =>
    withMembers(local, 3, ({ domains: [one, two, three], words }) => {
      if (!one || !two || !three) throw new Error("three");
      const generationAt = (slot: number): number => words[slotWord(slot) + Slot.Generation] as number;
      const slots = [one.slot, two.slot, three.slot];
      const ids = slots.map((slot) => idOf(slot, generationAt(slot)));
      const tags = slots.map((slot) => tagOf(generationAt(slot)) | 1);
      three.leave();
      const course: Course = {
        fails,
        prepare: () => {
          run(one);
        },
        run: (attempt) =>
          attempt(() => {
            for (const call of run(one)) attempt(call);
          }),
      };
      const ground = {
        words,
        domainEnd: domainBytes(4) / 4,
        first: FIRST,
        end: FIRST + length,
        targets: Array.from({ length }, (_, word) => FIRST + word),
        values: [
          ...[0, 1, 2, 3, 0x7e, NOT_RECOVERABLE, 0x80, INCONSISTENT, 0x101, 0x7fffffff, -0x80000000, -1],
          ...ids,
          ...ids.map((id) => id | 0x80),
          ...tags,
        ],
        allowed,
      };
      everyDamage(ground, course, TIMES);
    }));

test("a wait comes to its timeout, although each of its steps rings for it again", () =>
  withMembers(local, 2, async ({ domains: [one, two], words }) => {
    const permit = two?.semaphore(PLACE, { permits: 1 }).tryAcquire();
    const most = 2_000_000;
    const unhook = beforeEachAccess((step) => {
      words[FIRST + Word.State] = (words[FIRST + Word.State] as number) | CONTENDED;
      if (step > most) throw new Error("no timer runs");
    });
    try {
      await one?.semaphore(PLACE, { permits: 1 }).acquire({ timeoutMs: 20 });
      assert.unreachable();
    } catch (error) {
      assert.is((error as { code?: string }).code, "ERR_SHM_TIMEOUT", String(error));
    } finally {
      unhook();
    }
    permit?.release();
  }));
test.run();
