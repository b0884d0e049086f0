// A process that writes random words into everything while calls run: typed errors only, no loop without an end, and no
// store outside the objects.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { Attempts } from "../support/attempts.js";
import { campaign } from "../support/campaign.js";
import { assertRuns, end, startModule } from "../support/child.js";
import { hostileCodes, kernelHosts, SEGMENT_BYTES, withMembers, wordsOf } from "./support.js";

/** The domain and all objects lie below; nothing that is called may store above. */
const END = 8192;
const WAIT = { timeoutMs: 3 };

const tests = suite("A hostile peer");
const [host] = kernelHosts;
if (!host) tests.skip("meets typed errors only", "this platform has no sysv host");
else
  tests("meets typed errors only", async () => {
    await withMembers(host, 1, async ({ segment, attachments: [attachment] }) => {
      if (!attachment) throw new Error("no attachment");
      const child = await startModule(`
        import { open } from "wasm-shm";
        const attachment = open(${segment.id}).attach();
        const words = new Int32Array(attachment.memory.buffer, attachment.byteOffset, ${END / 4});
        const likely = [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x101, 0x201, 0x202, 0x40000000, -0x80000000, -0x40000000, -1, 16, 17, 64, 65];
        console.log("writes");
        for (;;) {
          const word = 64 * Math.floor(Math.random() * ${END / 256}) + Math.floor(Math.random() * 64);
          const value = Math.random() < 0.7 ? likely[Math.floor(Math.random() * likely.length)] : Math.random() * 2 ** 32;
          Atomics.store(words, word, value | 0);
          if (Math.random() < 0.001) words.fill(0, 0, 64 * Math.floor(Math.random() * ${END / 256}));
        }`);
      const attempts = new Attempts(hostileCodes);
      const attempt = (call: () => unknown): Promise<void> => attempts.make(call);
      try {
        for (const limit = Date.now() + campaign(4_000, 600_000); Date.now() < limit; )
          await attempt(async () => {
            using domain = attachment.join({ slots: 16 });
            domain.on("death", () => {}).on("join", () => {});
            domain.peers();
            for (let round = 0; round < 5; round++) {
              await attempt(async () => (await domain.mutex(4096).lock(WAIT)).unlock());
              await attempt(() => domain.mutex(4096).lockSync(WAIT).unlock());
              await attempt(() => domain.mutex(4096).owner);
              await attempt(async () => (await domain.rwLock(4608).read.lock(WAIT)).unlock());
              await attempt(async () => (await domain.rwLock(4608).write.lock(WAIT)).unlock());
              await attempt(() => domain.rwLock(4608).write.lockSync(WAIT).unlock());
              await attempt(() => domain.rwLock(4608).readers);
              await attempt(async () => (await domain.semaphore(4352, { permits: 2 }).acquire(WAIT)).release());
              await attempt(() => domain.semaphore(4352, { permits: 2 }).available);
              await attempt(() => domain.event(4160).set());
              await attempt(() => domain.event(4160).wait(WAIT));
              await attempt(() => domain.barrier(4480, { parties: 2 }).arrive(WAIT));
              await attempt(() => domain.barrier(4480, { parties: 2 }).reset());
              await attempt(() => domain.seqlock(5760, { bytes: 100 }).write(new Uint8Array(100), WAIT));
              await attempt(() => domain.seqlock(5760, { bytes: 100 }).read());
              await attempt(async () => {
                const held = domain.mutex(4096).tryLock();
                if (!held) return;
                await attempt(() => domain.condition(4224).wait(held, WAIT));
                await attempt(() => held.unlock());
              });
            }
          });
        await assertRuns(child);
      } finally {
        await end(child, "SIGKILL");
      }
      const { longest, seen } = attempts;
      assert.ok(longest < 20_000, `${longest} ms`);
      assert.ok((seen.get("done") ?? 0) > 0 && seen.size > 3, JSON.stringify([...seen]));
      assert.ok(
        wordsOf(attachment)
          .subarray(END / 4, SEGMENT_BYTES / 4)
          .every((word) => word === 0),
      );
    });
  });
tests.run();
