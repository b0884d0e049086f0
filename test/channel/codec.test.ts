// What messages are made of, and the streams of channels.
import { deepStrictEqual } from "node:assert/strict";
import { once } from "node:events";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as msgpack from "@msgpack/msgpack";
import * as assert from "uvu/assert";
import { type Codec, type CodecName, localHost, type Message } from "wasm-shm";
import { threadHost } from "#src/host/local.js";
import { compose } from "#src/segment/compose.js";
import { suite } from "../suite.js";
import { codeOf, domainOf, hosts, isPending, PLACE, payload, withParties } from "./support.js";

const values = [null, true, -1.5, "ü", [1, [2]], { a: { b: "c" } }];
const cyclic: Record<string, unknown> = { when: new Date(7), map: new Map([[1, new Set(["x"])]]) };
cyclic["self"] = cyclic;

const codecs: [string, CodecName | Codec, unknown[]][] = [
  ["json", "json", values],
  ["clone", "clone", [...values, undefined, 7n, new Error("e"), cyclic]],
  ["MessagePack", msgpack, [...values, Uint8Array.of(1, 2)]],
];

for (const host of hosts) {
  const test = suite(`Codecs: ${host.name}`);
  for (const [name, codec, list] of codecs)
    test(`${name}: values come as they were sent`, () =>
      withParties(host, 2, async (parties) => {
        const channel = domainOf(parties, 0).channel<unknown>(PLACE, { codec });
        const topic = domainOf(parties, 0).topic<unknown>(PLACE + 131072, { codec });
        const reader = domainOf(parties, 1).channel<unknown>(PLACE, { codec }).reader();
        const zeroCopy = domainOf(parties, 1)
          .topic<unknown>(PLACE + 131072, { codec })
          .subscribe({ zeroCopy: true });
        const [writer, publisher] = [channel.writer(), topic.writer()];
        for (const value of list) {
          await writer.write(value);
          await publisher.write(value);
          const message = await reader.read();
          deepStrictEqual(message?.value, value); // uvu's does not end on a cycle
          assert.is(message?.value, message?.value);
          deepStrictEqual((await zeroCopy.read())?.value, value);
        }
      }));

  test("what cannot be encoded or decoded is an error that changes nothing", () =>
    withParties(host, 2, async (parties) => {
      const json = domainOf(parties, 0).channel(PLACE, { codec: "json" });
      const writer = json.writer();
      assert.is(await codeOf(writer.write(undefined)), "ERR_INVALID_ARG_VALUE");
      assert.match(String(await codeOf(writer.write(1n))), "TypeError");
      const odd = domainOf(parties, 0).channel(PLACE + 131072, {
        codec: { encode: () => "x", decode: () => 1 } as never,
      });
      assert.is(await codeOf(odd.writer().write(Uint8Array.of(1))), "ERR_INVALID_ARG_TYPE");
      assert.is(json.used, 0);
      writer.release();
      const raw = domainOf(parties, 1).channel(PLACE).writer();
      for (const bytes of [[0xff], [0x7b], []]) await raw.write(Uint8Array.from(bytes));
      const reader = json.reader();
      for (let count = 0; count < 3; count++) {
        const message = (await reader.read()) as Message<unknown>;
        assert.is(await codeOf(() => message.value), "ERR_SHM_MALFORMED");
      }
    }));

  test("Node's and the web's streams", () =>
    withParties(host, 2, async (parties) => {
      const writing = domainOf(parties, 0).channel<string>(PLACE, { codec: "json", capacity: 256 });
      const reading = domainOf(parties, 1).channel<string>(PLACE, { codec: "json" });
      const words = Array.from({ length: 60 }, (_, index) => `word ${index}`);
      const got: string[] = [];
      const sink = new Writable({
        objectMode: true,
        write(message: Message<string>, _encoding, done) {
          got.push(message.value);
          done();
        },
      });
      await Promise.all([
        pipeline(Readable.from(words), writing.writer().toNodeStream()),
        pipeline(Readable.from(reading.reader()), sink),
      ]);
      assert.equal(got, words);
      assert.ok(writing.closed);

      const [from, to] = [1, 0].map((index) => domainOf(parties, index).channel(PLACE + 4096, { capacity: 256 }));
      if (!from || !to) throw new Error("two channels");
      const web: number[] = [];
      const chunks = Array.from({ length: 60 }, (_, index) => payload(index, 1 + index));
      const source = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const chunk of chunks) controller.enqueue(chunk);
          controller.close();
        },
      });
      await Promise.all([
        source.pipeTo(to.writer().toWeb()),
        from
          .reader()
          .toWeb()
          .pipeTo(new WritableStream({ write: ({ bytes }) => void web.push(bytes.length) })),
      ]);
      assert.equal(
        web,
        chunks.map(({ length }) => length),
      );
    }));

  test("a stream of messages gives its end up when it ends, and when it fails", () =>
    withParties(host, 3, async (parties) => {
      const channel = domainOf(parties, 0).channel(PLACE, { capacity: 256 });
      const dying = domainOf(parties, 1).channel(PLACE);
      dying.writer().tryWrite(payload(1, 8));
      const failing = channel.reader().toWeb().getReader();
      assert.is((await failing.read()).value?.length, 8);
      parties.attachments[1]?.detach(); // its writer dies
      assert.is(await codeOf(failing.read()), "ERR_SHM_PEER_DIED");
      channel.writer().close();
      const ending = channel.reader().toWeb().getReader();
      assert.is((await ending.read()).done, true);
      domainOf(parties, 2).channel(PLACE).reader();
    }));

  test("a stream that is destroyed, aborted or cancelled gives its end up, and closes nothing", () =>
    withParties(host, 2, async (parties) => {
      const channel = domainOf(parties, 0).channel(PLACE, { capacity: 64 });
      const stream = channel.writer().toNodeStream();
      stream.write(Buffer.alloc(24));
      stream.write(Buffer.alloc(24));
      let isDone = false;
      stream.write(Buffer.alloc(24), () => {
        isDone = true;
      });
      await isPending(once(stream, "drain"));
      const closed = once(stream, "close");
      stream.destroy();
      await closed;
      assert.ok(isDone);
      const web = channel.writer().toWeb();
      await web.abort();
      const cancelled = channel.reader().toWeb();
      await cancelled.cancel();
      assert.is(channel.closed, false);
      channel.reader();
      channel.writer();
      assert.is(await codeOf(() => channel.writer().toNodeStream()), "ERR_SHM_NOT_OWNER");
    }));

  test("options of a stream are checked", () =>
    withParties(host, 1, async (parties) => {
      const writer = domainOf(parties, 0).channel(PLACE).writer();
      assert.is(await codeOf(() => writer.toNodeStream({ objectMode: 1 as never })), "ERR_INVALID_ARG_TYPE");
      assert.is(await codeOf(() => writer.toNodeStream({ highWaterMark: -1 })), "ERR_OUT_OF_RANGE");
      assert.is(await codeOf(() => writer.toNodeStream({ highwater: 1 } as never)), "ERR_INVALID_ARG_VALUE");
      for (const options of [5, null, "x"])
        assert.is(await codeOf(() => writer.toNodeStream(options as never)), "ERR_INVALID_ARG_TYPE");
      assert.is(writer.toNodeStream({ objectMode: undefined } as never).writableObjectMode, false);
      assert.is(writer.toNodeStream({ objectMode: true }).writableObjectMode, true);
    }));
  test.run();
}

const portable = suite("Codecs: without Node");
portable("clone and Node's streams are refused", async () => {
  const platform = { sysv: localHost, byDefault: threadHost, engine: {}, streams: undefined };
  using segment = compose(undefined, platform).create(1 << 18);
  using attachment = segment.attach();
  const domain = attachment.join();
  assert.is(await codeOf(() => domain.channel(PLACE, { codec: "clone" })), "ERR_SHM_UNSUPPORTED");
  assert.is(await codeOf(() => domain.channel(PLACE).writer().toNodeStream()), "ERR_SHM_UNSUPPORTED");
});
portable.run();
