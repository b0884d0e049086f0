// Writers, readers, subscribers and servers in processes of their own, in each language, killed at random moments: no hang, no
// torn or reordered message, nothing lost but what was not committed, everyone told.
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import type { Domain, Reader } from "wasm-shm";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { end } from "../support/child.js";
import { absent } from "../support/peers.js";
import { kernelHosts, wordsOf } from "../sync/support.js";
import { lacking, languages, start } from "./parties.js";
import { codeOf } from "./support.js";
import { BYTES, checkStamp, MOST_RESULTS, PLACE, RESULTS } from "./work.js";

const ROUNDS = campaign(6, 300);
/** On a machine with ten times as much to do, 30 s were not enough. */
const HANG_MS = 120_000;

/** Kills one of `count` parties after the other, each replaced by one in another language. Between two kills `done` must grow. */
async function killing(
  role: string,
  segment: number,
  count: number,
  done: () => number,
  prepare?: (round: number) => void,
): Promise<void> {
  let next = 0;
  const begin = (): Promise<ChildProcess> =>
    start(role, segment, languages[next++ % languages.length] as (typeof languages)[0]);
  const children = await Promise.all(Array.from({ length: count }, begin));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      prepare?.(round);
      const before = done();
      const limit = Date.now() + HANG_MS;
      while (done() === before && Date.now() < limit) await sleep(1);
      assert.ok(done() > before, `nothing is done beside ${role} ${round}`);
      await sleep(Math.random() * 20);
      const victim = children[round % count] as ChildProcess;
      await end(victim, "SIGKILL");
      assert.is(victim.signalCode, "SIGKILL", `a party of round ${round} had ended`);
      children[round % count] = await begin();
    }
  } finally {
    await Promise.all(children.map((child) => end(child, "SIGKILL")));
  }
}

/** Work beside the kills: its failure is told when it is awaited. */
function beside<T>(work: () => Promise<T>): Promise<T> {
  const promise = work();
  promise.catch(() => {});
  return promise;
}

/** Fails if the work does not end. */
async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  const limit = new AbortController();
  const late = sleep(HANG_MS, undefined, { signal: limit.signal, ref: false }).then(() => {
    throw new Error(`${what} hangs`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    limit.abort();
  }
}

const kills = suite("Kills at random of channels");
const [host] = kernelHosts;
if (!host) kills.skip("of parties", "this platform has no sysv host");
else {
  for (const [language, reason] of Object.entries(lacking))
    if (reason !== undefined) absent(kills, `of parties in ${language}`, reason);
  const withDomain = (use: (domain: Domain, segment: number, results: Int32Array) => Promise<void>): Promise<void> =>
    host.withSegment(BYTES, async (segment) => {
      using attachment = segment.attach();
      await use(attachment.join({ slots: 16 }), segment.id, wordsOf(attachment).subarray(RESULTS / 4));
    });

  for (const [mode, writers] of [
    ["spsc", 1],
    ["mpsc", 3],
    ["mpmc", 3],
  ] as const)
    kills(`${mode}: writers`, () =>
      withDomain(async (domain, segment) => {
        const channel = domain.channel(PLACE, { mode, capacity: 8192 });
        const stop = new AbortController();
        const next = new Map<number, number>();
        let count = 0;
        const take = (bytes: Uint8Array): void => {
          const { sender, number } = checkStamp(bytes);
          assert.is(number, next.get(sender) ?? 0, `of ${sender}`);
          next.set(sender, number + 1);
          count++;
        };
        const reading = beside(async () => {
          for await (const { bytes } of channel.reader({ peerDeath: "wait", signal: stop.signal })) take(bytes);
        });
        await killing("write", segment, writers, () => count);
        stop.abort(null);
        await reading.catch((error) => assert.is(error, null));
        const reader = channel.reader();
        // With all writers dead the reader gets what is left, and then is told.
        await inTime(
          (async () => {
            for (;;) take(((await reader.read()) as { bytes: Uint8Array }).bytes);
          })().catch((error: { code?: string }) => assert.is(error.code, "ERR_SHM_PEER_DIED", String(error))),
          "the reader",
        );
        assert.ok(count > ROUNDS);
        assert.ok(mode !== "spsc" || channel.abandoned === 0);
        assert.is(channel.used, 0);
      }),
    );

  for (const [mode, readers] of [
    ["spsc", 1],
    ["mpsc", 1],
    ["mpmc", 3],
  ] as const)
    kills(`${mode}: readers`, () =>
      withDomain(async (domain, segment, results) => {
        const channel = domain.channel(PLACE, { mode, capacity: 4096 });
        const writer = channel.writer({ peerDeath: "wait" });
        let number = 0;
        let isDone = false;
        let most = 0; // fast readers must leave something for every round
        const writing = beside(async () => {
          for (; !isDone; number++) {
            for (; number >= most && !isDone; ) await sleep(1);
            if (isDone) break;
            const bytes = new Uint8Array(4 + (number % 90));
            new DataView(bytes.buffer).setUint32(0, number, true);
            await writer.write(bytes);
            if (number % 64 === 0) await sleep(1);
          }
        });
        try {
          await killing(
            "read",
            segment,
            readers,
            () => number,
            (round) => {
              most = Math.floor((MOST_RESULTS / ROUNDS) * (round + 1));
            },
          );
        } finally {
          isDone = true;
        }
        const last = await start("read", segment, "node");
        try {
          await inTime(writing, "the writer");
          const isRead = async (): Promise<void> => {
            while (channel.used > 0) await sleep(5);
          };
          await inTime(isRead(), "the last reader");
        } finally {
          await end(last, "SIGKILL");
        }
        const lost = Array.from({ length: number }, (_, index) => index).filter((index) => results[index] === 0);
        assert.equal(lost, [], `of ${number}`);
        assert.ok(number > 100);
      }),
    );

  kills("a topic's writer", () =>
    withDomain(async (domain, segment) => {
      const topic = domain.topic(PLACE, { capacity: 8192, overrun: "overwrite" });
      const stop = new AbortController();
      const last = new Map<number, number>();
      let count = 0;
      const follow = async (reader: Reader): Promise<void> => {
        for (;;) {
          const message = await reader.read().catch((error: { code?: string } | null) => {
            if (error?.code !== "ERR_SHM_TIMEOUT") throw error;
          });
          if (!message) {
            stop.signal.throwIfAborted();
            continue; // the writer overtook each of 1,000 tries
          }
          const { bytes, missed } = message;
          const { sender, number } = checkStamp(bytes);
          const before = last.get(sender);
          if (before !== undefined) assert.is(number - before - 1, missed, `missed before ${number} of ${sender}`);
          last.set(sender, number);
          count++;
        }
      };
      const following = beside(() => follow(topic.subscribe({ peerDeath: "wait", signal: stop.signal })));
      await killing("publish", segment, 1, () => count).catch(async (error) => {
        await Promise.race([following, sleep(0)]); // why it hangs, if it has failed
        throw error;
      });
      stop.abort(null);
      await following.catch((error) => assert.is(error, null));
      const told = codeOf(topic.subscribe().read());
      assert.is(await inTime(told, "the subscriber"), "ERR_SHM_PEER_DIED");
    }),
  );

  kills("a topic's subscribers", () =>
    withDomain(async (domain, segment) => {
      const topic = domain.topic(PLACE, { capacity: 4096, overrun: "block", subscribers: 6 });
      const writer = topic.writer();
      let number = 0;
      let isDone = false;
      const writing = beside(async () => {
        for (; !isDone; number++) {
          await writer.write(new Uint8Array(1 + (number % 99)));
          if (number % 64 === 0) await sleep(1);
        }
      });
      try {
        await killing("subscribe", segment, 3, () => number);
      } finally {
        isDone = true;
      }
      await inTime(writing, "the writer");
      assert.is(topic.subscribers, 0);
    }),
  );

  kills("a service's servers", () =>
    withDomain(async (domain, segment) => {
      const service = domain.service<number>(PLACE, {
        codec: "json",
        capacity: 4096,
        answerCapacity: 4096,
        clients: 2,
      });
      let isDone = false;
      let answers = 0;
      let told = 0;
      const asking = Array.from({ length: 5 }, async (_, index) => {
        for (let n = index; !isDone; n += 5)
          try {
            assert.is(await service.request(n), n + 1);
            answers++;
          } catch (error) {
            assert.is((error as { code?: string }).code, "ERR_SHM_PEER_DIED", String(error));
            told++;
            await sleep(2);
          }
      });
      try {
        await killing("serve", segment, 2, () => answers + told);
      } finally {
        isDone = true;
      }
      await inTime(Promise.all(asking), "the client");
      assert.ok(answers > ROUNDS, `${answers} answers, ${told} told`);
    }),
  );
}
kills.run();
