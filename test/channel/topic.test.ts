// Topics as their users see them, with each policy and on each host.
import { inspect } from "node:util";
import * as assert from "uvu/assert";
import { type Overrun, type Reader, Topic, type TopicOptions } from "wasm-shm";
import { suite } from "../suite.js";
import {
  checkPayload,
  codeOf,
  domainOf,
  hosts,
  isPending,
  type Parties,
  PLACE,
  payload,
  withParties,
} from "./support.js";

const policies: Overrun[] = ["block", "overwrite", "drop"];
const CAPACITY = 1024;
const LARGEST = CAPACITY / 2 - 8;

const topicsOf = (parties: Parties, options: TopicOptions): Topic[] =>
  parties.domains.map((domain) => domain.topic(PLACE, options));

/** The numbers of the messages that are there, and how many were missed before each. */
function drain(reader: Reader): [number: number, missed: number][] {
  const got: [number, number][] = [];
  for (let message = reader.tryRead(); message; message = reader.tryRead()) {
    const number = new DataView(message.bytes.buffer, message.bytes.byteOffset).getUint32(0, true);
    checkPayload(message.bytes, number);
    got.push([number, message.missed]);
  }
  return got;
}

for (const host of hosts)
  for (const overrun of policies) {
    const test = suite(`Topic: ${host.name}, ${overrun}`);
    const withTopics = (count: number, use: (topics: Topic[], parties: Parties) => Promise<void>): Promise<void> =>
      withParties(host, count, (parties) =>
        use(topicsOf(parties, { capacity: CAPACITY, overrun, subscribers: 4 }), parties),
      );

    test("every subscriber gets every message, in order, and then the end", () =>
      withTopics(3, async (topics) => {
        const [one, two, three] = topics as [Topic, Topic, Topic];
        const writer = one.writer();
        await writer.write(payload(99, 8)); // nobody is there yet
        const readers = [two.subscribe(), three.subscribe(), three.subscribe()];
        assert.is(one.subscribers, 3);
        const counts = [0, 0, 0];
        const done = readers.map(async (reader, index) => {
          for await (const { bytes, missed } of reader) {
            assert.is(missed, 0);
            checkPayload(bytes, counts[index] as number);
            counts[index] = (counts[index] as number) + 1;
          }
        });
        for (let number = 0; number < 200; number++) {
          await writer.write(payload(number, 4 + ((number * 7) % (LARGEST - 3))));
          // With the other policies a writer does not wait for slow readers.
          while (overrun !== "block" && counts.some((count) => count <= number))
            await new Promise((resolve) => setTimeout(resolve, 1));
        }
        writer.close();
        await Promise.all(done);
        assert.equal(counts, [200, 200, 200]);
        assert.is(one.subscribers, 0);
        assert.is(one.dropped, 0);
      }));

    test("a slow subscriber", () =>
      withTopics(2, async (topics) => {
        const [one, two] = topics as [Topic, Topic];
        const writer = one.writer();
        const slow = two.subscribe();
        const fast = two.subscribe();
        const size = 56; // 64 with its header: 16 to a turn
        let number = 0;
        while (number < 16) {
          assert.ok(writer.tryWrite(payload(number++, size)));
          assert.is(drain(fast).length, 1);
        }
        const all = Array.from({ length: 16 }, (_, index) => [index, 0]);
        if (overrun === "overwrite") {
          for (; number < 20; number++) assert.ok(writer.tryWrite(payload(number, size)));
          assert.equal(drain(slow), [[4, 4], ...all.slice(5), [16, 0], [17, 0], [18, 0], [19, 0]]);
        } else if (overrun === "block") {
          assert.is(writer.tryWrite(payload(number, size)), false);
          const waiting = writer.write(payload(number, size));
          await isPending(waiting);
          assert.is(slow.tryRead()?.bytes[0], 0);
          await isPending(waiting);
          assert.equal(drain(slow), all.slice(1));
          await waiting;
          assert.equal(drain(slow), [[16, 0]]);
        } else {
          assert.is(writer.tryWrite(payload(number++, size)), false);
          await writer.write(payload(number++, size));
          assert.is(one.dropped, 2);
          assert.equal(drain(slow), all);
          await writer.write(payload(number++, size));
          assert.equal(drain(slow), [[18, 2]]);
          assert.equal(drain(fast), [[18, 2]]);
        }
      }));

    test("a killed or released subscriber holds nothing up", () =>
      withTopics(3, async (topics, parties) => {
        const [one, two, three] = topics as [Topic, Topic, Topic];
        const writer = one.writer();
        two.subscribe();
        const released = three.subscribe();
        for (const number of [0, 1]) writer.tryWrite(payload(number, LARGEST));
        const third = writer.write(payload(2, LARGEST));
        if (overrun === "block") await isPending(third);
        domainOf(parties, 1).leave();
        if (overrun === "block") await isPending(third);
        released.release();
        await third;
        assert.is(one.subscribers, 0);
        const next = three.subscribe();
        await writer.write(payload(3, 4));
        assert.is(drain(next)[0]?.[0], 3);
      }));

    test("a killed writer is told, and another continues with its numbers", () =>
      withTopics(3, async (topics, parties) => {
        const [one, two, three] = topics as [Topic, Topic, Topic];
        const writer = one.writer();
        const reader = two.subscribe();
        assert.is(await codeOf(() => three.writer()), "ERR_SHM_NOT_OWNER");
        await writer.write(payload(0, 8));
        writer.claimSync(8);
        domainOf(parties, 0).leave();
        checkPayload((await reader.read())?.bytes as Uint8Array, 0);
        assert.is(await codeOf(reader.read()), "ERR_SHM_PEER_DIED");
        // As if it had been killed between its last two stores: the message is missed.
        parties.words[PLACE / 4 + 21] = 2;
        const successor = three.writer();
        await successor.write(payload(1, 8));
        assert.equal(drain(reader), [[1, 1]]);
      }));

    test("positions and numbers wrap at 2^32", () =>
      withTopics(2, async (topics, parties) => {
        for (const word of [16, 19, 20]) parties.words[PLACE / 4 + word] = -512; // tail, intent, oldest
        parties.words[PLACE / 4 + 21] = -3;
        const [one, two] = topics as [Topic, Topic];
        const writer = one.writer();
        const reader = two.subscribe();
        for (let number = 0; number < 100; number++) {
          writer.tryWrite(payload(number, 40 + (number % 9)));
          assert.equal(drain(reader), [[number, 0]]);
        }
        assert.is(parties.words[PLACE / 4 + 21], 97);
      }));

    test("writes wait for an open claim of their writer, whatever the overrun", () =>
      withTopics(2, async (topics) => {
        const [one, two] = topics as [Topic, Topic];
        const [writer, reader] = [one.writer(), two.subscribe()];
        const claim = await writer.claim(8);
        const written = writer.write(payload(1, 8));
        const batch = writer.writeBatch([payload(2, 8), payload(3, 8)]);
        for (const call of [() => writer.writeSync(payload(4, 8)), () => writer.claimSync(8)])
          assert.is(await codeOf(call), "ERR_SHM_DEADLOCK");
        claim.bytes.set(payload(0, 8));
        claim.commit();
        await Promise.all([written, batch]);
        assert.is(one.dropped, 0);
        const read = drain(reader).map(([number]) => number);
        assert.equal(read, [0, 1, 2, 3]);
      }));

    test("claims, shorter messages, and a manual writer", () =>
      withTopics(2, async (topics) => {
        const [one, two] = topics as [Topic, Topic];
        const writer = one.writer({ publish: "manual" });
        const reader = two.subscribe();
        const claim = await writer.claim(100);
        assert.is(await codeOf(() => writer.tryClaim(1)), "ERR_SHM_DEADLOCK");
        claim.bytes.set(payload(0, 9));
        claim.commit(9);
        writer.claimSync(30).abandon();
        writer.tryWrite(payload(1, 8));
        assert.is(reader.tryRead(), undefined);
        writer.publish();
        assert.equal(drain(reader), [
          [0, 0],
          [1, 0],
        ]);
      }));

    test.run();
  }

const more = suite("Topic: arguments");
const local = hosts.filter(({ native }) => !native)[0];
if (!local) throw new Error("there is always a local host");
more("options are checked, and must agree", () =>
  withParties(local, 3, async (parties) => {
    const [one, two] = [domainOf(parties, 0), domainOf(parties, 1)];
    for (const [wrong, code] of [
      [{ capacity: 100 }, "ERR_OUT_OF_RANGE"],
      [{ overrun: "lose" }, "ERR_INVALID_ARG_TYPE"],
      [{ subscribers: 0 }, "ERR_OUT_OF_RANGE"],
      [{ subscribers: 1025 }, "ERR_OUT_OF_RANGE"],
      [{ mode: "spsc" }, "ERR_INVALID_ARG_VALUE"],
    ] as const)
      assert.is(await codeOf(() => one.topic(PLACE, wrong as object)), code, JSON.stringify(wrong));
    const topic = one.topic(PLACE, { capacity: 256, overrun: "overwrite", subscribers: 2 });
    const other = two.topic(PLACE);
    assert.is(other.overrun, "overwrite");
    assert.is(other.mostSubscribers, 2);
    assert.is(other.byteLength, 320 + 2 * 64 + 256);
    assert.match(
      inspect(other, { breakLength: 200 }),
      `Topic { offset: ${PLACE}, overrun: 'overwrite', capacity: 256, subscribers: 0`,
    );
    for (const wrong of [{ capacity: 512 }, { overrun: "drop" as const }, { subscribers: 3 }])
      assert.is(await codeOf(() => two.topic(PLACE, wrong)), "ERR_SHM_LAYOUT");
    assert.is(await codeOf(() => topic.subscribe({ zeroCopy: true })), "ERR_INVALID_ARG_VALUE");
    assert.is(await codeOf(() => topic.writer({ peerDeath: "wait" } as object)), "ERR_INVALID_ARG_VALUE");
    topic.subscribe();
    const second = other.subscribe();
    assert.is(await codeOf(() => other.subscribe()), "ERR_SHM_TOO_MANY_PEERS");
    second.release();
    other.subscribe();
    assert.is(await codeOf(() => new (Topic as unknown as new () => unknown)()), "ERR_ILLEGAL_CONSTRUCTOR");
  }),
);
more.run();
