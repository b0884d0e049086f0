// The seqlock on each host.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { code, randomBytes } from "../support/pairs.js";
import { hosts, isPending, withMembers } from "./support.js";

const AT = 16384;

for (const pair of hosts) {
  const { name } = pair;
  const seqlocks = suite(`Seqlock [${name}]`);

  for (const bytes of [1, 3, 4, 64, 65, 2222])
    for (const copies of [undefined, 2, 4, 16])
      seqlocks(
        `shows the last of ${bytes} bytes that were written, with ${copies ?? "the default"} copies`,
        async () => {
          await withMembers(pair, 2, async ({ domains: [first, second] }) => {
            const options = copies === undefined ? { bytes } : { bytes, copies };
            const [one, two] = [first?.seqlock(AT, options), second?.seqlock(AT, options)];
            assert.is(one?.size, bytes);
            assert.is(one?.byteLength, 64 + (copies ?? 2) * Math.ceil(bytes / 64) * 64);
            assert.equal(two?.read(), new Uint8Array(bytes));
            for (let round = 1; round < 20; round++) {
              const value = randomBytes(bytes, round);
              if (round % 3 === 0) one?.writeSync(value);
              else if (round % 3 === 1) await one?.write(value);
              else assert.is(one?.tryWrite(value), true);
              assert.equal(two?.read(), value);
              assert.is(two?.sequence, round);
            }
          });
        },
      );

  seqlocks("its sequence wraps", () => {
    withMembers(pair, 1, ({ words, domains: [domain] }) => {
      const seqlock = domain?.seqlock(AT, { bytes: 8, copies: 8 });
      words[AT / 4 + 8] = -3;
      words[AT / 4 + 9] = -3;
      for (let round = 0; round < 6; round++) {
        const value = randomBytes(8, round + 1);
        seqlock?.writeSync(value);
        assert.equal(seqlock?.read(), value);
      }
      assert.is(seqlock?.sequence, 3);
    });
  });

  seqlocks("waits for a writer that lives, and takes over from one that is gone", async () => {
    await withMembers(pair, 3, async ({ words, domains: [first, second, third] }) => {
      const [one, two] = [first?.seqlock(AT, { bytes: 8 }), second?.seqlock(AT, { bytes: 8 })];
      const value = randomBytes(8);
      one?.writeSync(value);
      // As a participant leaves the words that is killed in the middle of a write: begun, and one word stored.
      const self = third?.peers()[2];
      words[AT / 4 + 10] = ((self?.slot ?? 0) + 1) | ((self?.generation ?? 0) << 8);
      words[AT / 4 + 9] = 2;
      words[AT / 4 + 16] = 0x55555555;
      assert.is(two?.tryWrite(randomBytes(8, 2)), false);
      assert.equal(two?.read(), value);
      const waiting = two?.write(randomBytes(8, 3));
      assert.ok(await isPending(waiting as Promise<void>));
      third?.leave();
      await waiting;
      assert.equal(one?.read(), randomBytes(8, 3));
    });
  });

  seqlocks("tells when it is overwritten during each read", () => {
    withMembers(pair, 1, ({ words, domains: [domain] }) => {
      const seqlock = domain?.seqlock(AT, { bytes: 8 });
      words[AT / 4 + 9] = 2; // two writes have begun since the copy was whole
      assert.throws(() => seqlock?.read(), code("ERR_SHM_TIMEOUT", /more copies/));
    });
  });

  seqlocks("checks its arguments", async () => {
    await withMembers(pair, 1, async ({ domains: [domain] }) => {
      for (const options of [{ bytes: 0 }, { bytes: 2 ** 24 + 1 }, { bytes: 8, copies: 3 }, { bytes: 8, copies: 32 }])
        assert.throws(() => domain?.seqlock(AT, options), code("ERR_OUT_OF_RANGE"));
      const seqlock = domain?.seqlock(AT, { bytes: 8 });
      assert.throws(() => seqlock?.tryWrite(new Uint8Array(7)), code("ERR_OUT_OF_RANGE"));
      assert.throws(() => seqlock?.writeSync("12345678" as never), code("ERR_INVALID_ARG_TYPE"));
      await seqlock?.write(new Uint8Array(9)).then(() => assert.unreachable(), code("ERR_OUT_OF_RANGE"));
      assert.is(seqlock?.sequence, 0);
    });
  });
  seqlocks.run();
}
