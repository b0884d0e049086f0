// Channels, topics and services with a segment of their own: `channel.create({ key })` and its kin, on each host.
import * as assert from "uvu/assert";
import { keyOf, SegmentStatus } from "wasm-shm";
import { LEAVING, Slot, slotWord } from "#src/host/membership.js";
import { suite } from "../suite.js";
import { wordsOf } from "../sync/support.js";
import { codeOf, hosts, nextKey } from "./support.js";

for (const { name, shm } of hosts) {
  const test = suite(`Objects with segments of their own: ${name}`);

  test("a channel comes with its segment and its domain, and leaves with them", async () => {
    const key = nextKey();
    const made = shm.channel.create({ key, codec: "json" });
    const opened = shm.channel.open({ key, codec: "json" });
    assert.is(opened.id, made.id);
    assert.is(made.capacity, 2 ** 20);
    assert.is(made.domain.slots, 64);
    assert.is(made.domain.peers().length, 2);
    await made.writer().write({ a: 1 });
    assert.equal((await opened.reader().read())?.value, { a: 1 });
    opened[Symbol.dispose]();
    assert.is(made.domain.peers().length, 1);
    assert.not(made.closed);
    made[Symbol.dispose]();
    made[Symbol.dispose](); // twice does no harm
    assert.is(await codeOf(() => shm.open({ key })), "ENOENT");
    assert.is(await codeOf(() => made.writer()), "ERR_SHM_DETACHED");
  });

  test("without a key it is found by its id, and its segment is removed at once", async () => {
    const made = shm.topic.create({ overrun: "overwrite", capacity: 4096 });
    assert.ok(made.segment.stat().mode & SegmentStatus.Destroyed);
    const subscriber = shm.topic.open({ id: made.id }).subscribe();
    await made.writer().write(Uint8Array.of(7));
    assert.equal([...((await subscriber.read())?.bytes ?? [])], [7]);
    made[Symbol.dispose]();
    assert.is(await subscriber.read(), undefined); // it was closed
  });

  test("a name is a key", () => {
    const word = `wasm-shm test ${nextKey()}`;
    const made = shm.service.create({ key: word, clients: 2, capacity: 1024 });
    assert.is(shm.open({ key: keyOf(word) }).id, made.id);
    made[Symbol.dispose]();
  });

  test("a service that is disposed of rejects what nobody will answer", async () => {
    const key = nextKey();
    const made = shm.service.create<number>({ key, codec: "json" });
    const asking = shm.service.open<number>({ key, codec: "json" });
    const server = made.serve((value) => value);
    assert.is(await asking.request(5), 5);
    await server.stop();
    const pending = codeOf(asking.request(6));
    made[Symbol.dispose]();
    assert.is(await pending, "ERR_SHM_CLOSED");
    assert.is(await codeOf(asking.request(7)), "ERR_SHM_CLOSED");
    asking[Symbol.dispose]();
  });

  test("a service that is closed answers what was asked before", async () => {
    const key = nextKey();
    const made = shm.service.create<number>({ key, codec: "json" });
    const asking = shm.service.open<number>({ key, codec: "json" });
    const server = made.serve(async (value) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return value;
    });
    const answers = [1, 2, 3, 4].map((value) => asking.request(value));
    await new Promise((resolve) => setTimeout(resolve, 2));
    made.close();
    assert.equal(await Promise.all(answers), [1, 2, 3, 4]);
    await server.stopped;
    assert.ok(asking.closed);
    for (const each of [asking, made]) each[Symbol.dispose]();
  });

  test("with exclusive: false all are alike, and the last one removes it", async () => {
    const key = nextKey();
    const options = { key, exclusive: false, mode: "mpsc" } as const;
    const [one, two] = [shm.channel.create(options), shm.channel.create(options)];
    assert.is(two.id, one.id);
    one[Symbol.dispose](); // it has made it
    await two.writer().write(new Uint8Array(3));
    assert.is((await two.reader().read())?.length, 3);
    const three = shm.channel.create(options);
    assert.is(three.id, two.id);
    two[Symbol.dispose]();
    assert.not(three.closed);
    three[Symbol.dispose]();
    assert.is(await codeOf(() => shm.open({ key })), "ENOENT");
  });

  test("what was left or detached by hand is given back all the same", async () => {
    for (const exclusive of [true, false])
      for (const byHand of ["leave", "detach", "destroy"]) {
        const key = nextKey();
        const made = shm.channel.create({ key, exclusive });
        if (byHand === "leave") made.domain.leave();
        else if (byHand === "detach") made.segment[Symbol.dispose]();
        else made.segment.destroy();
        made[Symbol.dispose]();
        const isLeft = byHand === "detach" && !exclusive; // nothing is attached that could show who uses it
        assert.is(await codeOf(() => shm.open({ key })), isLeft ? undefined : "ENOENT", `${exclusive} ${byHand}`);
        if (isLeft) shm.open({ key }).destroy();
      }
  });

  test("what lives there, and what is something else, stays", async () => {
    const key = nextKey();
    using made = shm.channel.create({ key });
    assert.is(await codeOf(() => shm.channel.create({ key })), "EEXIST");
    assert.is(await codeOf(() => shm.topic.create({ key })), "EEXIST");
    assert.is(await codeOf(() => shm.topic.open({ key })), "ERR_SHM_LAYOUT");
    assert.is(await codeOf(() => shm.channel.open({ key, mode: "mpmc" })), "ERR_SHM_LAYOUT");
    assert.is(await codeOf(() => shm.channel.create({ key, exclusive: false, capacity: 64 })), "ERR_SHM_LAYOUT");
    assert.not(made.closed);
    assert.is(made.domain.peers().filter(({ alive }) => alive).length, 1);
    const other = nextKey();
    using bytes = shm.create(8192, { key: other });
    bytes.write(new TextEncoder().encode("other data"));
    assert.is(await codeOf(() => shm.channel.create({ key: other })), "EEXIST");
    assert.is(await codeOf(() => shm.channel.open({ key: other })), "ERR_SHM_LAYOUT");
    assert.is(shm.open({ key: other }).id, bytes.id);
  });

  test("a segment that is too small for any object is none", async () => {
    for (const size of [1, 16, 19, 20, 64, 191]) {
      const key = nextKey();
      using small = shm.create(size, { key });
      for (const target of [{ key }, { id: small.id }]) {
        assert.is(await codeOf(() => shm.channel.open(target)), "ERR_SHM_LAYOUT", `${size}`);
        assert.is(await codeOf(() => shm.topic.open(target)), "ERR_SHM_LAYOUT", `${size}`);
      }
      assert.is(await codeOf(() => shm.channel.create({ key })), "EEXIST");
      assert.is(await codeOf(() => shm.channel.create({ key, exclusive: false })), "ERR_SHM_LAYOUT");
      assert.is(small.stat().nattch, 0);
    }
  });

  test("opening ends, whatever the slots say of participants that join and leave", async () => {
    const key = nextKey();
    using made = shm.channel.create({ key, slots: 64 });
    const words = wordsOf(made.segment.attach());
    const hostile = Array.from({ length: 62 }, (_, index) => index + 2);
    for (const slot of hostile) {
      const word = slotWord(slot);
      words[word + Slot.Life] = 1;
      words[word + Slot.Described] = slot === 63 ? 0 : 1; // the last has described itself, the others are about to
      words[word + Slot.Kind] = LEAVING;
    }
    const began = performance.now();
    assert.is(await codeOf(() => shm.channel.open({ key })), "ERR_SHM_LAYOUT");
    assert.ok(performance.now() - began < 30_000);
    for (const slot of hostile) words[slotWord(slot) + Slot.Life] = 0;
  });

  test("bad options make nothing", async () => {
    const own = () => shm.list().filter(({ cpid }) => cpid === process.pid).length;
    const before = own();
    for (const [options, code] of [
      [{ kye: 1 }, "ERR_INVALID_ARG_VALUE"],
      [{ slots: 65 }, "ERR_OUT_OF_RANGE"],
      [{ capacity: 1000 }, "ERR_OUT_OF_RANGE"],
      [{ permissions: 0o1000 }, "ERR_OUT_OF_RANGE"],
      [{ key: 1.5 }, "ERR_OUT_OF_RANGE"],
      [{ key: {} }, "ERR_INVALID_ARG_TYPE"],
      [{ codec: "xml" }, "ERR_INVALID_ARG_TYPE"],
      [{ exclusive: 1, key: 1 }, "ERR_INVALID_ARG_TYPE"],
      [{ exclusive: false }, "ERR_INVALID_ARG_VALUE"],
      [{ uid: 0 }, "ERR_INVALID_ARG_VALUE"],
      [{ key: 0 }, "ERR_OUT_OF_RANGE"],
      [{ key: 2 ** 32 }, "ERR_OUT_OF_RANGE"],
      [{ key: "free", uid: "me" }, "ERR_INVALID_ARG_TYPE"],
      [{ key: "free", uid: -1 }, "ERR_OUT_OF_RANGE"],
    ] as const)
      assert.is(await codeOf(() => shm.channel.create(options as never)), code, JSON.stringify(options));
    for (const [options, code] of [
      [{}, "ERR_INVALID_ARG_VALUE"],
      [{ id: 1, key: 1 }, "ERR_INVALID_ARG_VALUE"],
      [{ id: 1, uid: 0 }, "ERR_INVALID_ARG_VALUE"],
      [{ key: 0 }, "ERR_OUT_OF_RANGE"],
      [{ id: -1 }, "ERR_OUT_OF_RANGE"],
      [{ key: 1, slots: 3 }, "ERR_INVALID_ARG_VALUE"],
    ] as const)
      assert.is(await codeOf(() => shm.channel.open(options as never)), code, JSON.stringify(options));
    assert.is(own(), before);
  });
  test.run();
}
