// Words that another process damaged: what is released is released all the same, and what could not be made holds nothing.
import * as assert from "uvu/assert";
import { answersAt, requestsAt } from "#src/channel/calls.js";
import { DONE, Ring } from "#src/channel/layout.js";
import { suite } from "../suite.js";
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
      assert.is(words[writers], 0);
      assert.is(words[at(Ring.ReaderTable + slot, requests)], 0);
    }));

  test.run();
}
