// Channels: what their calls refuse, and what they say of themselves.
import * as assert from "uvu/assert";
import { Channel, type ChannelMode, type Message } from "wasm-shm";
import { suite } from "../suite.js";
import type { Pair } from "../support/pairs.js";
import { checkPayload, codeOf, domainOf, hosts, isPending, PLACE, payload, withParties } from "./support.js";

const modes: ChannelMode[] = ["spsc", "mpsc", "mpmc"];
const local = hosts.find(({ native }) => !native) as Pair;

const read = async (step: Promise<Message | undefined>): Promise<number[]> => [...((await step)?.bytes ?? [])];

const options = suite("Channel: arguments");
options("are checked before anything happens", () =>
  withParties(local, 3, async (parties) => {
    const [one, two] = [domainOf(parties, 0), domainOf(parties, 1)];
    for (const [wrong, code] of [
      [{ capacity: 1000 }, "ERR_OUT_OF_RANGE"],
      [{ capacity: 32 }, "ERR_OUT_OF_RANGE"],
      [{ capacity: 2 ** 31 }, "ERR_OUT_OF_RANGE"],
      [{ capacity: "64" }, "ERR_INVALID_ARG_TYPE"],
      [{ capacity: 1 << 20 }, "ERR_OUT_OF_RANGE"],
      [{ mode: "mcmc" }, "ERR_INVALID_ARG_TYPE"],
      [{ redeliver: 1 }, "ERR_INVALID_ARG_TYPE"],
      [{ codec: "xml" }, "ERR_INVALID_ARG_TYPE"],
      [{ codec: { encode() {} } }, "ERR_INVALID_ARG_TYPE"],
      [{ size: 1 }, "ERR_INVALID_ARG_VALUE"],
    ] as const)
      assert.is(await codeOf(() => one.channel(PLACE, wrong as object)), code, JSON.stringify(wrong));
    for (const [place, code] of [
      [PLACE + 4, "ERR_OUT_OF_RANGE"],
      [0, "ERR_OUT_OF_RANGE"],
      [2 ** 40, "ERR_OUT_OF_RANGE"],
      [-64, "ERR_OUT_OF_RANGE"],
      ["0", "ERR_INVALID_ARG_TYPE"],
    ] as const)
      assert.is(await codeOf(() => one.channel(place as number)), code, String(place));
    assert.ok(parties.words.subarray(PLACE / 4).every((word) => word === 0));

    const channel = one.channel(PLACE, { capacity: 4096, mode: "mpmc", redeliver: false });
    assert.is(two.channel(PLACE).redeliver, false);
    for (const other of [{ capacity: 8192 }, { mode: "spsc" as const }, { redeliver: true }])
      assert.is(await codeOf(() => two.channel(PLACE, other)), "ERR_SHM_LAYOUT", JSON.stringify(other));
    assert.is(await codeOf(() => domainOf(parties, 2).mutex(PLACE)), "ERR_SHM_LAYOUT");
    for (const [wrong, code] of [
      [{ publish: "never" }, "ERR_INVALID_ARG_TYPE"],
      [{ peerDeath: "end" }, "ERR_INVALID_ARG_TYPE"],
      [{ zeroCopy: true }, "ERR_INVALID_ARG_VALUE"],
    ] as const)
      assert.is(await codeOf(() => channel.writer(wrong as object)), code, JSON.stringify(wrong));
    for (const [wrong, code] of [
      [{ zeroCopy: 1 }, "ERR_INVALID_ARG_TYPE"],
      [{ signal: {} }, "ERR_INVALID_ARG_TYPE"],
      [{ peerDeath: "no" }, "ERR_INVALID_ARG_TYPE"],
      [{ copy: true }, "ERR_INVALID_ARG_VALUE"],
    ] as const)
      assert.is(await codeOf(() => channel.reader(wrong as object)), code, JSON.stringify(wrong));

    const writer = channel.writer();
    for (const [wrong, code] of [
      [-1, "ERR_OUT_OF_RANGE"],
      [1.5, "ERR_OUT_OF_RANGE"],
      [channel.largest + 1, "ERR_OUT_OF_RANGE"],
      ["1", "ERR_INVALID_ARG_TYPE"],
    ] as const) {
      assert.is(await codeOf(() => writer.tryClaim(wrong as number)), code);
      assert.is(await codeOf(() => writer.claimSync(wrong as number)), code);
      assert.is(await codeOf(writer.claim(wrong as number)), code);
    }
    assert.is(await codeOf(writer.write(new Uint8Array(channel.largest + 1))), "ERR_OUT_OF_RANGE");
    assert.is(await codeOf(writer.write([1] as never)), "ERR_INVALID_ARG_TYPE");
    assert.is(await codeOf(writer.writeBatch(5 as never)), "ERR_INVALID_ARG_TYPE");
    assert.is(await codeOf(writer.write(new Uint8Array(1), { timeout: 1 } as never)), "ERR_INVALID_ARG_VALUE");
    assert.is(await codeOf(() => channel.reader().batch(0)), "ERR_OUT_OF_RANGE");
    assert.is(await codeOf(() => new (Channel as unknown as new () => unknown)()), "ERR_ILLEGAL_CONSTRUCTOR");
    assert.is(channel.used, 0);
  }),
);

options("one end takes one participant at a time", () =>
  withParties(local, 3, async (parties) => {
    const [one, two, three] = [domainOf(parties, 0), domainOf(parties, 1), domainOf(parties, 2)];
    const spsc = one.channel(PLACE, { mode: "spsc", capacity: 64 });
    const writer = spsc.writer();
    assert.is(await codeOf(() => spsc.writer()), "ERR_SHM_NOT_OWNER");
    assert.is(await codeOf(() => two.channel(PLACE).writer()), "ERR_SHM_NOT_OWNER");
    const reader = two.channel(PLACE).reader();
    assert.is(await codeOf(() => three.channel(PLACE).reader()), "ERR_SHM_NOT_OWNER");
    // One claim at a time: those that can wait do.
    const claim = writer.claimSync(1);
    assert.is(await codeOf(() => writer.tryClaim(1)), "ERR_SHM_DEADLOCK");
    const next = writer.write(Uint8Array.of(2));
    await isPending(next);
    claim.bytes[0] = 1;
    claim.commit();
    await next;
    assert.equal(await read(reader.read()), [1]);
    assert.equal(await read(reader.read()), [2]);
    const abandoned = writer.claimSync(1);
    const later = writer.claim(1);
    abandoned.abandon();
    (await later).abandon();
  }),
);

for (const host of hosts)
  for (const mode of modes) {
    options(`${host.name}, ${mode}: a writer that leaves with its end is told as one that was killed`, () =>
      withParties(host, 4, async (parties) => {
        const [one, two, three, four] = [0, 1, 2, 3].map((index) => domainOf(parties, index).channel(PLACE, { mode }));
        if (!one || !two || !three || !four) throw new Error("four parties");
        const writer = one.writer();
        await writer.write(payload(0, 8));
        const claim = writer.claimSync(16);
        const reader = two.reader();
        checkPayload((await reader.read())?.bytes as Uint8Array, 0);
        const waiting = reader.read();
        await isPending(waiting);
        domainOf(parties, 0).leave();
        assert.is(await codeOf(waiting), "ERR_SHM_PEER_DIED");
        assert.is(await codeOf(() => claim.commit()), "ERR_SHM_DETACHED");
        assert.is(await codeOf(writer.write(payload(1, 1))), "ERR_SHM_DETACHED");
        writer[Symbol.dispose]();
        assert.is(two.abandoned, mode === "spsc" ? 0 : 1);
        // Spinning finds it as well, after some steps.
        let told: string | undefined;
        for (let steps = 0; steps < 100 && told === undefined; steps++) told = await codeOf(() => reader.tryRead());
        assert.is(told, "ERR_SHM_PEER_DIED");
        reader.release();
        const ending = three.reader({ peerDeath: "end" });
        assert.is(await ending.read(), undefined);
        ending.release();
        const patient = three.reader({ peerDeath: "wait" }).read();
        await isPending(patient);
        await four.writer().write(payload(2, 12));
        checkPayload((await patient)?.bytes as Uint8Array, 2);
      }),
    );

    options(`${host.name}, ${mode}: a reader that leaves with its end is told as one that was killed`, () =>
      withParties(host, 3, async (parties) => {
        const [one, two, three] = [0, 1, 2].map((index) =>
          domainOf(parties, index).channel(PLACE, { mode, capacity: 64 }),
        );
        if (!one || !two || !three) throw new Error("three parties");
        const writer = one.writer();
        const reader = two.reader();
        await writer.writeBatch([payload(0, 24), payload(1, 24)]);
        checkPayload((await reader.read())?.bytes as Uint8Array, 0);
        const waiting = writer.write(payload(2, 24));
        await isPending(waiting);
        domainOf(parties, 1).leave();
        assert.is(await codeOf(waiting), "ERR_SHM_PEER_DIED");
        assert.is(await codeOf(() => writer.tryWrite(payload(2, 24))), "ERR_SHM_PEER_DIED");
        const next = three.reader();
        const again = await next.read();
        checkPayload(again?.bytes as Uint8Array, 0);
        assert.is(again?.redelivered, mode === "mpmc");
        assert.is(three.redelivered, mode === "mpmc" ? 1 : 0);
        checkPayload((await next.read())?.bytes as Uint8Array, 1);
        await writer.write(payload(2, 24));
        checkPayload((await next.read())?.bytes as Uint8Array, 2);
      }),
    );
  }

options("several readers: a dead one's messages go to another first, or are dropped", async () => {
  for (const host of hosts)
    for (const redeliver of [true, false])
      await withParties(host, 3, async (parties) => {
        const [one, two, three] = [0, 1, 2].map((index) =>
          domainOf(parties, index).channel(PLACE, { mode: "mpmc", capacity: 256, redeliver }),
        );
        if (!one || !two || !three) throw new Error("three parties");
        const writer = one.writer();
        for (const number of [0, 1, 2, 3, 4]) await writer.write(payload(number, 24));
        const [dying, living] = [two.reader(), three.reader()];
        const first = await living.read();
        checkPayload(first?.bytes as Uint8Array, 0);
        for await (const messages of two.reader().batch(2)) {
          assert.is(messages.length, 2);
          domainOf(parties, 1).leave();
          break;
        }
        assert.is(await codeOf(dying.read()), "ERR_SHM_DETACHED");
        const got: [number, boolean][] = [];
        writer.close();
        for await (const { bytes, redelivered } of living) got.push([bytes[0] as number, redelivered]);
        const again: [number, boolean][] = [
          [1, true],
          [2, true],
        ];
        const fresh: [number, boolean][] = [
          [3, false],
          [4, false],
        ];
        assert.equal(got, redeliver ? [...again, ...fresh] : fresh);
        assert.is(three.redelivered, redeliver ? 2 : 0);
        assert.is(three.dropped, redeliver ? 0 : 2);
        assert.is(three.used, 0);
      });
});

options("several readers end only when each message was handled", () =>
  withParties(local, 3, async (parties) => {
    const [one, two, three] = [0, 1, 2].map((index) => domainOf(parties, index).channel(PLACE, { mode: "mpmc" }));
    if (!one || !two || !three) throw new Error("three parties");
    const writer = one.writer();
    await writer.write(payload(0, 8));
    const [first, second] = [two.reader(), three.reader()];
    const held = await first.read();
    writer.close();
    const end = second.read();
    await isPending(end);
    held?.release();
    assert.is(await end, undefined);
    assert.is(await first.read(), undefined);
  }),
);

options("a loop that never waits lets timers run, for readers and writers", () =>
  withParties(local, 2, async (parties) => {
    const channel = domainOf(parties, 0).channel(PLACE, { capacity: 1 << 18 });
    const writer = channel.writer();
    const reader = domainOf(parties, 1).channel(PLACE).reader();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const bytes = new Uint8Array(1);
    try {
      for (let number = 0; number < 10_000; number++) await writer.write(bytes);
      assert.ok(ticks > 0);
      ticks = 0;
      for (let number = 0; number < 10_000; number++) await reader.read();
      assert.ok(ticks > 0);
    } finally {
      clearInterval(timer);
    }
  }),
);
options.run();
