// An end that is released while calls of it are pending: each call ends, and the end is free for another.
import { once } from "node:events";
import { Readable } from "node:stream";
import { inspect } from "node:util";
import * as assert from "uvu/assert";
import type { Channel } from "wasm-shm";
import { suite } from "../suite.js";
import { codeOf, domainOf, hosts, isPending, type Parties, PLACE, payload, withParties } from "./support.js";

const MESSAGE = payload(0, 100);

/** A channel of one reader and one writer, whose ends are seen to be free at once, and their waits to end. */
function ofOne(parties: Parties): { channel: Channel; isFree(): Promise<void> } {
  const channel = domainOf(parties, 0).channel(PLACE, { mode: "spsc", capacity: 256 });
  return {
    channel,
    isFree: async () => {
      channel.reader().release();
      channel.writer().release();
      await Promise.resolve();
      assert.match(inspect(domainOf(parties, 0)), /pending: 0/);
    },
  };
}

for (const host of hosts) {
  const test = suite(`Released channels: ${host.name}`);

  test("pending reads of a released reader are rejected", () =>
    withParties(host, 1, async (parties) => {
      const { channel, isFree } = ofOne(parties);
      const reader = channel.reader();
      const codes = [codeOf(reader.read()), codeOf(reader.read()), codeOf(reader.batch(3).next())];
      reader.release();
      assert.equal(await Promise.all(codes), Array(3).fill("ERR_SHM_CLOSED"));
      const subscriber = domainOf(parties, 0)
        .topic(2 * PLACE, { capacity: 256 })
        .subscribe();
      const read = codeOf(subscriber.read());
      subscriber.release();
      assert.is(await read, "ERR_SHM_CLOSED");
      await isFree();
    }));

  test("pending writes of a released writer are rejected", () =>
    withParties(host, 1, async (parties) => {
      const { channel, isFree } = ofOne(parties);
      const writer = channel.writer();
      while (writer.tryWrite(MESSAGE));
      const codes = [writer.write(MESSAGE), writer.claim(100), writer.writeBatch([MESSAGE])].map(codeOf);
      writer.release();
      assert.equal(await Promise.all(codes), Array(3).fill("ERR_SHM_CLOSED"));
      await isFree();
    }));

  test("a reader that is released ends no call of another", () =>
    withParties(host, 1, async (parties) => {
      const channel = domainOf(parties, 0).channel(PLACE, { mode: "mpmc", capacity: 256 });
      const [one, other] = [channel.reader(), channel.reader()];
      const ended = codeOf(one.read());
      const kept = other.read();
      one.release();
      assert.is(await ended, "ERR_SHM_CLOSED");
      await isPending(kept);
      channel.writer().tryWrite(MESSAGE);
      assert.equal((await kept)?.bytes, MESSAGE);
    }));

  for (const how of ["return", "throw"] as const)
    test(`${how} of an iterator releases at once, whether it has begun or waits`, () =>
      withParties(host, 1, async (parties) => {
        const { channel, isFree } = ofOne(parties);
        const reason = new Error("enough");
        for (const begins of [false, true]) {
          const messages = channel.reader()[Symbol.asyncIterator]();
          const next = begins ? messages.next() : undefined;
          const ended = next?.then(String, (error) => error.code);
          const end = how === "return" ? messages.return(undefined) : messages.throw(reason);
          const told = end.catch((error) => error);
          await isFree();
          assert.equal(await told, how === "return" ? { value: undefined, done: true } : reason);
          if (how === "return") assert.equal(await next, begins ? { value: undefined, done: true } : undefined);
          else assert.is(await ended, begins ? "ERR_SHM_CLOSED" : undefined);
          assert.equal(await messages.next(), { value: undefined, done: true });
        }
      }));

  test("a web stream that is cancelled or aborted while it waits", () =>
    withParties(host, 1, async (parties) => {
      const { channel, isFree } = ofOne(parties);
      const reading = channel.reader().toWeb().getReader();
      const read = reading.read();
      await reading.cancel();
      assert.is((await read).done, true);
      await isFree();
      const writing = channel.writer().toWeb().getWriter();
      const writes = [1, 2, 3, 4].map(() => codeOf(writing.write(MESSAGE)));
      await isPending(Promise.all(writes));
      await writing.abort(Object.assign(new Error("enough"), { code: "ENOUGH" }));
      const told = await Promise.all(writes);
      assert.is(told.at(-1), "ENOUGH", told.join());
      await isFree();
    }));

  test("a Readable that is destroyed while it waits", () =>
    withParties(host, 1, async (parties) => {
      const { channel, isFree } = ofOne(parties);
      for (const begins of [false, true]) {
        const readable = Readable.from(channel.reader());
        if (begins) readable.resume();
        await new Promise((resolve) => setTimeout(resolve, 5));
        readable.destroy();
        await once(readable, "close");
        await isFree();
      }
    }));

  test.run();
}
