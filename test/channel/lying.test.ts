// Arrays that claim another length than they have: neither a message nor a value takes more room than its bytes.
import * as assert from "uvu/assert";
import type { ChannelMode } from "wasm-shm";
import { suite } from "../suite.js";
import { Awkward, liar, lies } from "../support/liar.js";
import type { Pair } from "../support/pairs.js";
import { codeOf, domainOf, hosts, PLACE, withParties } from "./support.js";

const local = hosts.find(({ native }) => !native) as Pair;
const NINES = [9, 9, 9, 9];
const lying = suite("Messages of arrays that lie");

for (const mode of ["spsc", "mpsc", "mpmc"] satisfies ChannelMode[])
  lying(`${mode}: a message has the bytes that its array has`, () =>
    withParties(local, 2, async (parties) => {
      const channel = domainOf(parties, 0).channel(PLACE, { capacity: 256, mode });
      const [writer, reader] = [channel.writer(), channel.reader()];
      for (const length of lies) {
        assert.is(writer.tryWrite(liar(length)), true);
        await writer.write(liar(length));
        writer.writeSync(liar(length));
        await writer.writeBatch([liar(length), liar(length)]);
        for (let count = 0; count < 5; count++) assert.equal([...(reader.tryRead()?.bytes ?? [])], NINES);
        assert.is(reader.tryRead(), undefined);
        assert.is(await codeOf(() => writer.tryWrite(liar(length, 256))), "ERR_OUT_OF_RANGE");
        assert.is(await codeOf(writer.writeBatch([liar(length, 256)])), "ERR_OUT_OF_RANGE");
      }
      await writer.write(Awkward.of(9, 9, 9, 9));
      assert.equal([...(reader.tryRead()?.bytes ?? [])], NINES);
      assert.is(channel.used === 0 || reader.tryRead() === undefined, true);
    }),
  );

lying("a topic's, and what a codec makes", () =>
  withParties(local, 2, async (parties) => {
    const topic = domainOf(parties, 0).topic(PLACE, {
      capacity: 256,
      codec: { encode: (length: unknown) => liar(length), decode: (bytes) => bytes },
    });
    const [writer, subscriber] = [topic.writer(), topic.subscribe()];
    for (const length of lies) {
      await writer.write(length);
      assert.equal([...((await subscriber.read())?.bytes ?? [])], NINES);
    }
  }),
);

lying("requests and answers", () =>
  withParties(local, 2, async (parties) => {
    const sizes = { capacity: 4096, answerCapacity: 1024, clients: 2 };
    const [one, two] = [domainOf(parties, 0).service(PLACE, sizes), domainOf(parties, 1).service(PLACE, sizes)];
    let claimed: unknown;
    const seen: number[][] = [];
    const server = one.serve((bytes: Uint8Array) => {
      seen.push([...bytes]);
      return liar(claimed);
    });
    for (claimed of lies) assert.equal([...((await two.request(liar(claimed))) as Uint8Array)], NINES, String(claimed));
    assert.ok(seen.length === lies.length && seen.every((bytes) => bytes.join() === NINES.join()));
    await server.stop();
  }),
);

lying("a seqlock's value", () =>
  withParties(local, 1, async (parties) => {
    const seqlock = domainOf(parties, 0).seqlock(PLACE, { bytes: 4 });
    for (const length of lies) {
      assert.is(seqlock.tryWrite(liar(length)), true);
      await seqlock.write(liar(length));
      seqlock.writeSync(liar(length));
      assert.equal([...seqlock.read()], NINES);
    }
    await seqlock.write(Awkward.of(1, 2, 3, 4));
    assert.equal([...seqlock.read()], [1, 2, 3, 4]);
    assert.is(await codeOf(() => seqlock.tryWrite(liar(4, 8))), "ERR_OUT_OF_RANGE");
    assert.is(await codeOf(seqlock.write(liar(4, 8))), "ERR_OUT_OF_RANGE");
  }),
);
lying.run();
