// A process that writes random words into channels, topics and services while calls run: typed errors only, no loop without an
// end, and no store outside the objects.
import * as assert from "uvu/assert";
import { domainBytes } from "#src/host/membership.js";
import { suite } from "../suite.js";
import { Attempts } from "../support/attempts.js";
import { campaign } from "../support/campaign.js";
import { assertRuns, end, startModule } from "../support/child.js";
import { kernelHosts, SEGMENT_BYTES, withMembers, wordsOf } from "../sync/support.js";

/** All objects lie between; nothing that is called may store elsewhere, except in the domain before. */
const [FIRST, LAST] = [8192, 32768];
const allowed = [
  "ERR_SHM_LAYOUT",
  "ERR_SHM_TIMEOUT",
  "ERR_SHM_NOT_OWNER",
  "ERR_SHM_PEER_DIED",
  "ERR_SHM_CLOSED",
  "ERR_SHM_DEADLOCK",
  "ERR_SHM_HANDLER",
  "ERR_SHM_TOO_MANY_PEERS",
  "ERR_SHM_DETACHED",
];
const WAIT = { timeoutMs: 2 };

const tests = suite("A hostile peer of channels");
const [host] = kernelHosts;
if (!host) tests.skip("meets typed errors only", "this platform has no sysv host");
else
  tests("meets typed errors only", async () => {
    await withMembers(host, 1, async ({ segment, attachments: [attachment] }) => {
      if (!attachment) throw new Error("no attachment");
      const child = await startModule(`
        import { open } from "wasm-shm";
        const attachment = open(${segment.id}).attach();
        const words = new Int32Array(attachment.memory.buffer, attachment.byteOffset, ${LAST / 4});
        const likely = [0, 1, 2, 3, 8, 16, 64, 504, 512, 0x101, 0x102, 0x201, 0x202, 0x40000000, 0x40000101, 0x40000201,
          -0x80000000, -0x40000000, -0x60000000, -0x7ffffff8, -8, -1, 4096, 8192];
        console.log("writes");
        const pick = (most) => Math.floor(Math.random() * most);
        for (;;) {
          // A line of an object: words that matter are near its beginning.
          const object = ${FIRST / 4} + 1024 * pick(${(LAST - FIRST) / 4096});
          const word = object + (Math.random() < 0.5 ? 16 * pick(16) + pick(4) : pick(1024));
          const value = Math.random() < 0.7 ? likely[pick(likely.length)] : Math.random() * 2 ** 32;
          Atomics.store(words, word, value | 0);
          if (Math.random() < 0.01) words.fill(0, object, object + 1024);
          const until = performance.now() + Math.random() * 0.1;
          while (performance.now() < until);
        }`);
      const attempts = new Attempts(allowed);
      const attempt = (call: () => unknown): Promise<void> => attempts.make(call);
      const bytes = new Uint8Array(300);
      try {
        for (const limit = Date.now() + campaign(4_000, 600_000); Date.now() < limit; ) {
          using domain = attachment.join();
          for (const [index, mode] of (["spsc", "mpsc", "mpmc"] as const).entries())
            await attempt(async () => {
              const channel = domain.channel(FIRST + 4096 * index, { mode, capacity: 2048 });
              using writer = channel.writer();
              using reader = channel.reader({ zeroCopy: index === 1 });
              for (let round = 0; round < 10; round++) {
                await attempt(() => writer.tryWrite(bytes.subarray(0, 10 * round)));
                await attempt(() => writer.claimSync(round, WAIT).commit(round >> 1));
                await attempt(() => writer.writeBatch([bytes, bytes], WAIT));
                await attempt(() => writer.tryClaim(20)?.abandon());
                await attempt(() => reader.tryRead()?.bytes);
                await attempt(() => reader.read(WAIT));
                await attempt(() => reader.readSync(WAIT)?.release());
                await attempt(() => [channel.used, channel.closed, channel.abandoned]);
              }
            });
          for (const [index, overrun] of (["block", "overwrite"] as const).entries())
            await attempt(async () => {
              const topic = domain.topic(FIRST + 4096 * (3 + index), { overrun, capacity: 2048, subscribers: 2 });
              using writer = topic.writer();
              using reader = topic.subscribe();
              for (let round = 0; round < 10; round++) {
                await attempt(() => writer.tryWrite(bytes.subarray(0, 20 * round)));
                await attempt(() => writer.write(bytes, WAIT));
                await attempt(() => reader.tryRead()?.bytes);
                await attempt(() => reader.read(WAIT));
                await attempt(() => topic.subscribers);
              }
            });
          await attempt(async () => {
            const service = domain.service(FIRST + 4096 * 5, { capacity: 512, answerCapacity: 256, clients: 1 });
            const server = service.serve((value) => value, { concurrency: 2 });
            const stopped = attempt(() => server.stopped);
            for (let round = 0; round < 5; round++) await attempt(() => service.request(bytes.subarray(0, 40), WAIT));
            service.release();
            await attempt(() => server.stop());
            await stopped;
          });
        }
        await assertRuns(child);
      } finally {
        await end(child, "SIGKILL");
      }
      const { longest, seen } = attempts;
      assert.ok(longest < 20_000, `${longest} ms`);
      assert.ok((seen.get("done") ?? 0) > 0 && seen.size > 3, JSON.stringify([...seen]));
      const words = wordsOf(attachment);
      assert.ok(words.subarray(domainBytes(4) / 4, FIRST / 4).every((word) => word === 0));
      assert.ok(words.subarray(LAST / 4, SEGMENT_BYTES / 4).every((word) => word === 0));
    });
  });
tests.run();
