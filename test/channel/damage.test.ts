// Words that another process damaged: what is released is released all the same, and what could not be made holds nothing.
import * as assert from "uvu/assert";
import { answersAt, requestsAt } from "#src/channel/calls.js";
import { DONE, Ring } from "#src/channel/layout.js";
import { TopicWord } from "#src/channel/subscriptions.js";
import { suite } from "../suite.js";
import { beforeEachAccess } from "../support/accesses.js";
import { until } from "../support/waiting.js";
import { codeOf, domainOf, hosts, PLACE, payload, withParties } from "./support.js";

/** No position: it is not on a record's boundary. */
const NOWHERE = 3;
/** A state that no participant stores. */
const WRONG = 0x7fffffff;
const at = (word: number, place = PLACE): number => place / 4 + word;

for (const host of hosts) {
  const test = suite(`Damaged channels: ${host.name}`);

  test("an end whose maker fails is free for another", () =>
    withParties(host, 2, async (parties) => {
      const { words } = parties;
      const one = domainOf(parties, 0).channel(PLACE, { mode: "spsc", capacity: 256 });
      const two = domainOf(parties, 1).channel(PLACE);
      const topic = domainOf(parties, 0).topic(2 * PLACE, { capacity: 256 });
      for (const [word, make, again] of [
        [at(Ring.Tail), () => one.writer(), () => two.writer().release()],
        [at(Ring.Head), () => one.reader(), () => two.reader().release()],
        [
          at(Ring.Tail, 2 * PLACE),
          () => topic.writer(),
          () =>
            domainOf(parties, 1)
              .topic(2 * PLACE)
              .writer()
              .release(),
        ],
      ] as const) {
        words[word] = NOWHERE;
        assert.is(await codeOf(make), "ERR_SHM_LAYOUT");
        words[word] = 0;
        again();
      }
    }));

  for (const mode of ["mpsc", "mpmc"] as const)
    test(`a writer that is released abandons all its claims: ${mode}`, () =>
      withParties(host, 1, async (parties) => {
        const domain = domainOf(parties, 0);
        const channel = domain.channel(PLACE, { mode, capacity: 256 });
        const writer = channel.writer();
        for (const length of [8, 16, 24]) writer.tryClaim(length);
        parties.words[at(Ring.Records + 1)] = WRONG;
        assert.is(await codeOf(() => writer.release()), "ERR_SHM_LAYOUT");
        assert.is(channel.abandoned, 2);
        assert.is(parties.words[at(Ring.WriterTable + domain.slot)], 0);
        writer.release(); // the second time does nothing
      }));

  test("a reader that is released has handled all its messages", () =>
    withParties(host, 1, async (parties) => {
      const domain = domainOf(parties, 0);
      const channel = domain.channel(PLACE, { mode: "mpmc", capacity: 256 });
      const writer = channel.writer();
      for (let number = 0; number < 3; number++) writer.tryWrite(payload(number, 8));
      const reader = channel.reader({ zeroCopy: true });
      const { value } = await reader.batch(3).next();
      assert.is(value?.length, 3);
      parties.words[at(Ring.Records + 1 + 4)] = WRONG; // of the second
      assert.is(await codeOf(() => reader.release()), "ERR_SHM_LAYOUT");
      assert.is(parties.words[at(Ring.Records + 1)], DONE);
      assert.is(parties.words[at(Ring.Records + 1 + 8)], DONE);
      assert.is(parties.words[at(Ring.ReaderTable + domain.slot)], 0);
    }));

  for (const zeroCopy of [false, true])
    test(`a message of a dead reader has no length beyond what is published${zeroCopy ? ", without a copy" : ""}`, () =>
      withParties(host, 2, async (parties) => {
        const channel = domainOf(parties, 0).channel(PLACE, { mode: "mpmc", capacity: 256 });
        const writer = channel.writer();
        writer.tryWrite(payload(1, 8));
        const dead = domainOf(parties, 1).channel(PLACE).reader();
        assert.is(dead.tryRead()?.length, 8);
        parties.attachments[1]?.detach(); // it dies with the message
        const reader = channel.reader({ zeroCopy });
        for (const length of [9, 300, 1 << 20, 0x3fffffff, 0x7fffffff]) {
          parties.words[at(Ring.Records)] = length;
          assert.is(await codeOf(() => reader.tryRead()?.bytes), "ERR_SHM_LAYOUT", String(length));
        }
        parties.words[at(Ring.Records)] = 8;
        const message = reader.tryRead();
        assert.ok(message?.redelivered);
        assert.equal(Uint8Array.from(message?.bytes ?? []), payload(1, 8));
      }));

  test("a writer that is closed closes the channel, although its claim was damaged", () =>
    withParties(host, 1, async (parties) => {
      const channel = domainOf(parties, 0).channel(PLACE, { mode: "mpsc", capacity: 256 });
      const writer = channel.writer();
      writer.tryClaim(8);
      parties.words[at(Ring.Records + 1)] = WRONG;
      assert.is(await codeOf(() => writer.close()), "ERR_SHM_LAYOUT");
      assert.ok(channel.closed);
    }));

  test("messages before one that is damaged are delivered, in an array, too", () =>
    withParties(host, 1, async (parties) => {
      for (const mode of ["spsc", "mpsc", "mpmc"] as const) {
        const place = PLACE * (1 + ["spsc", "mpsc", "mpmc"].indexOf(mode));
        const channel = domainOf(parties, 0).channel(place, { mode, capacity: 256 });
        const writer = channel.writer();
        for (let number = 0; number < 3; number++) writer.tryWrite(payload(number, 8));
        parties.words[at(Ring.Records + 8, place)] = WRONG; // the length of the third
        const steps = channel.reader().batch(10);
        const { value } = await steps.next();
        assert.equal(
          value?.map(({ bytes }) => bytes),
          [payload(0, 8), payload(1, 8)],
        );
        assert.is(await codeOf(steps.next()), "ERR_SHM_LAYOUT");
      }
    }));

  test("a message that was taken is not lost, whatever happens to the lock and the head meanwhile", () =>
    withParties(host, 2, async (parties) => {
      const { words } = parties;
      const mine = domainOf(parties, 0).channel(PLACE, { mode: "mpmc", capacity: 256 });
      const theirs = domainOf(parties, 1).channel(PLACE);
      let steps = Number.POSITIVE_INFINITY;
      for (let step = 0; step < steps; step++) {
        words.fill(0, at(Ring.Tail), at(Ring.Records + 64));
        const writer = mine.writer();
        writer.tryWrite(payload(1, 8));
        const reader = mine.reader();
        const unhook = beforeEachAccess((now) => {
          if (now !== step) return;
          words[at(Ring.Consumers)] = 0x80;
          words[at(Ring.Head)] = NOWHERE;
        });
        let got: unknown;
        const code = await codeOf(() => {
          got = reader.tryRead();
        });
        steps = unhook();
        assert.ok(code === undefined || code === "ERR_SHM_LAYOUT", code);
        words[at(Ring.Head)] = 0;
        words[at(Ring.Consumers)] = 0;
        if (got === undefined) {
          const other = theirs.reader();
          assert.is(other.tryRead()?.length, 8, `nobody gets it after a change at step ${step}`);
          other.release();
        }
        reader.release();
        writer.release();
      }
      assert.ok(steps > 5);
    }));

  test("a message that is released after its subscriber changes no entry", () =>
    withParties(host, 2, async (parties) => {
      const { words } = parties;
      const topic = domainOf(parties, 0).topic(PLACE, { capacity: 256, subscribers: 1 });
      const writer = topic.writer();
      const reader = topic.subscribe();
      writer.tryWrite(payload(1, 100));
      const message = reader.tryRead();
      assert.ok(message);
      reader.release();
      const next = domainOf(parties, 1).topic(PLACE).subscribe();
      const position = at(TopicWord.Entries + 1);
      for (let round = 0; round < 5; round++) {
        writer.tryWrite(payload(round, 100));
        next.tryRead()?.release();
      }
      const before = words[position];
      message.release();
      assert.is(words[position], before);
      next.release();
    }));

  test("a client that damages its own answers has none, and ends no server", () =>
    withParties(host, 3, async (parties) => {
      const { words } = parties;
      const sizes = { requests: 256, answers: 256, clients: 2 };
      const options = { capacity: sizes.requests, answerCapacity: sizes.answers, clients: sizes.clients };
      const serve = () =>
        domainOf(parties, 0)
          .service(PLACE, options)
          .serve((value) => value);
      const [hostile, honest] = [1, 2].map((index) => domainOf(parties, index).service(PLACE, options));
      const first = serve();
      assert.equal(await hostile?.request(payload(1, 9)), payload(1, 9));
      await first.stop();
      for (const [word, value] of [
        [Ring.Tail, NOWHERE],
        [Ring.Head, NOWHERE],
        [0, WRONG],
      ] as const) {
        const there = at(word, answersAt(PLACE, sizes, 0));
        const before = words[there] as number;
        words[there] = value;
        const server = serve();
        const lost = codeOf(hostile?.request(payload(2, 9), { timeoutMs: 50 }) ?? Promise.resolve());
        assert.equal(await honest?.request(payload(3, 9)), payload(3, 9));
        assert.ok(["ERR_SHM_TIMEOUT", "ERR_SHM_LAYOUT"].includes((await lost) ?? ""), `word ${word}: ${await lost}`);
        await server.stop();
        words[there] = before;
      }
    }));

  test("a server that cannot continue tells those who ask, and ends no process", () =>
    withParties(host, 2, async (parties) => {
      const options = { capacity: 256, answerCapacity: 256, clients: 1 };
      const [serving, asking] = [0, 1].map((index) => domainOf(parties, index).service(PLACE, options));
      const server = serving?.serve((value) => value);
      parties.words[at(Ring.Tail, requestsAt(PLACE))] = NOWHERE;
      asking?.close();
      await new Promise((resolve) => setTimeout(resolve, 50)); // an unhandled rejection ends this process
      assert.is(await codeOf(server?.stopped ?? Promise.resolve()), "ERR_SHM_LAYOUT");
    }));

  test("a server that cannot continue stops all its loops, and gives up its ends", () =>
    withParties(host, 2, async (parties) => {
      const { words } = parties;
      const sizes = { requests: 256, answers: 256, clients: 1 };
      const options = { capacity: sizes.requests, answerCapacity: sizes.answers, clients: sizes.clients };
      const [serving, asking] = [0, 1].map((index) => domainOf(parties, index).service(PLACE, options));
      const server = serving?.serve((value) => value, { concurrency: 3 });
      assert.equal(await asking?.request(payload(7, 9)), payload(7, 9));
      const { slot } = domainOf(parties, 0);
      const requests = requestsAt(PLACE);
      const writers = at(Ring.WriterTable + slot, answersAt(PLACE, sizes, 0));
      assert.is.not(words[writers], 0);
      words[at(Ring.Tail, requests)] = NOWHERE;
      asking?.close(); // which wakes the server
      assert.is(await codeOf(server?.stopped ?? Promise.resolve()), "ERR_SHM_LAYOUT");
      await until("the server's ends", () => words[writers] === 0);
      assert.is(words[at(Ring.ReaderTable + slot, requests)], 0);
    }));

  test.run();
}
