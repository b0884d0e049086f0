// Participants that poll: a look without the lock says that there is nothing, or no room, and misses nothing that they must be
// told.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { end, startModule } from "../support/child.js";
import { codeOf, domainOf, hosts, kernelHosts, PLACE, withParties } from "./support.js";

const MOST_POLLS = 128;

for (const host of hosts) {
  const tests = suite(`Polls of channels with several ends: ${host.name}`);

  tests("a full channel has room again once a message is released, and is closed", () =>
    withParties(host, 2, async (parties) => {
      const writing = domainOf(parties, 0).channel(PLACE, { mode: "mpmc", capacity: 256 });
      const writer = writing.writer();
      const reader = domainOf(parties, 1).channel(PLACE).reader();
      const bytes = new Uint8Array(56);
      for (let count = 0; count < 4; count++) assert.is(writer.tryWrite(bytes), true);
      for (let poll = 0; poll < 3; poll++) assert.is(writer.tryWrite(bytes), false);
      assert.is(writer.tryClaim(0), undefined);
      assert.ok(reader.tryRead());
      assert.is(writer.tryWrite(bytes), false); // it is not released
      assert.ok(reader.tryRead());
      assert.is(writer.tryWrite(new Uint8Array(60)), false); // more than the one message had
      assert.is(writer.tryWrite(bytes), true);
      assert.is(writer.tryWrite(bytes), false);
      writing.close();
      assert.is(await codeOf(() => writer.tryWrite(bytes)), "ERR_SHM_CLOSED");
    }),
  );

  tests("the release of the last message moves the head, also by a poll that finds nothing", () =>
    withParties(host, 2, async (parties) => {
      const channel = domainOf(parties, 0).channel(PLACE, { mode: "mpmc", capacity: 256 });
      const reader = domainOf(parties, 1).channel(PLACE).reader();
      for (let turn = 0; turn < 20; turn++) {
        assert.is(channel.writer().tryWrite(new Uint8Array(100)), true);
        assert.ok(reader.tryRead());
        assert.is(reader.tryRead(), undefined);
        assert.is(channel.used, 0);
      }
      channel.close();
      assert.is(reader.tryRead(), undefined);
      assert.is(reader.ended, true);
    }),
  );
  tests.run();
}

const ends = suite("Ends of others, as those are told that poll");
for (const host of kernelHosts)
  ends(`a killed reader's message comes again at once, and a killed writer is told: ${host.name}`, () =>
    withParties(host, 1, async (parties) => {
      const channel = domainOf(parties, 0).channel(PLACE, { mode: "mpmc" });
      const reader = channel.reader();
      const start = (then: string) =>
        startModule(`import { open } from "wasm-shm";
          const channel = open(${parties.segment.id}).attach().join().channel(${PLACE});
          ${then}
          console.log("done");
          setInterval(() => {}, 1000);`);
      const writer = await start(`globalThis.kept = channel.writer(); kept.tryWrite(Uint8Array.of(1, 2));`);
      try {
        const taker = await start(`globalThis.kept = channel.reader(); kept.tryRead();`);
        try {
          assert.is(reader.tryRead(), undefined);
        } finally {
          await end(taker, "SIGKILL");
        }
        const message = reader.tryRead();
        assert.equal([message?.length, message?.redelivered], [2, true]);
      } finally {
        await end(writer, "SIGKILL");
      }
      let code: string | undefined;
      for (let poll = 0; poll < MOST_POLLS && code === undefined; poll++) code = await codeOf(() => reader.tryRead());
      assert.is(code, "ERR_SHM_PEER_DIED");
    }),
  );
if (kernelHosts.length === 0) ends.skip("of processes", "the kernel's segments are absent");
ends.run();
