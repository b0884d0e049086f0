// Channels as their users see them, in each mode and on each host.
import { inspect } from "node:util";
import * as assert from "uvu/assert";
import type { Channel, ChannelMode, Message } from "wasm-shm";
import { suite } from "../suite.js";
import { checkPayload, codeOf, domainOf, hosts, isPending, PLACE, payload, withParties } from "./support.js";

const modes: ChannelMode[] = ["spsc", "mpsc", "mpmc"];
const CAPACITY = 1024;
const LARGEST = CAPACITY / 2 - 8;

for (const host of hosts)
  for (const mode of modes) {
    const test = suite(`Channel: ${host.name}, ${mode}`);

    /** A channel as two participants see it. */
    const pair = (
      use: (writing: Channel, reading: Channel, words: Int32Array) => Promise<void>,
    ): (() => Promise<void>) => {
      return () =>
        withParties(host, 2, async (parties) => {
          const writing = domainOf(parties, 0).channel(PLACE, { mode, capacity: CAPACITY });
          await use(writing, domainOf(parties, 1).channel(PLACE), parties.words);
        });
    };

    test(
      "messages of every length come in order, whole, over many turns of the ring",
      pair(async (writing, reading) => {
        const writer = writing.writer();
        let count = 0;
        const done = (async () => {
          for await (const message of reading.reader()) {
            assert.is(message.length, count % (LARGEST + 1));
            checkPayload(message.bytes, count++);
          }
        })();
        // A wake takes two switches of threads on the kernel's host, and milliseconds if all cores are busy.
        const messages = !host.native ? 3000 : LARGEST + 1;
        for (let number = 0; number < messages; number++) await writer.write(payload(number, number % (LARGEST + 1)));
        writer.close();
        await done;
        assert.is(count, messages);
        assert.is(reading.used, 0);
      }),
    );

    test(
      "positions wrap at 2^32",
      pair(async (writing, reading, words) => {
        for (const word of [16, 32, 97]) words[PLACE / 4 + word] = -512; // tail, head, taken
        const writer = writing.writer();
        const reader = reading.reader();
        for (let number = 0; number < 200; number++) {
          await writer.write(payload(number, 40 + (number % 9)));
          checkPayload((await reader.read())?.bytes as Uint8Array, number);
        }
        reader.release();
        assert.ok((words[PLACE / 4 + 16] as number) > 0);
        assert.is(reading.used, 0);
      }),
    );

    test(
      "a claim is filled in place, shortened, or abandoned",
      pair(async (writing, reading) => {
        const writer = writing.writer();
        const reader = reading.reader({ zeroCopy: true });
        const claim = await writer.claim(100);
        assert.is(claim.bytes.length, 100);
        claim.bytes.set([1, 2, 3]);
        assert.is(reader.tryRead(), undefined);
        if (reading.mode === "spsc") assert.is(await codeOf(() => writer.writeSync(payload(0, 8))), "ERR_SHM_DEADLOCK");
        claim.commit(3);
        {
          using forgotten = writer.tryClaim(8);
          assert.ok(forgotten);
        }
        writer.claimSync(2).commit(0);
        const first = await reader.read();
        assert.equal([...(first?.bytes ?? [])], [1, 2, 3]);
        assert.is(first?.offset, claim.offset);
        assert.is((await reader.read())?.length, 0);
        assert.is(reader.tryRead(), undefined);
        assert.is(reading.used, 0);
        assert.is(reading.abandoned, mode === "spsc" ? 0 : 1);
        assert.is(await codeOf(() => claim.commit()), "ERR_SHM_NOT_OWNER");
        assert.is(await codeOf(() => claim.bytes), "ERR_SHM_NOT_OWNER");
        assert.is(await codeOf(() => claim.abandon()), "ERR_SHM_NOT_OWNER");
      }),
    );

    test(
      "a full channel makes writers wait, and a step of the reader wakes them",
      pair(async (writing, reading) => {
        const writer = writing.writer();
        const reader = reading.reader();
        assert.ok(writer.tryWrite(payload(0, LARGEST)));
        assert.ok(writer.tryWrite(payload(1, LARGEST)));
        assert.is(writer.tryWrite(payload(2, 0)), false);
        const third = writer.write(payload(2, LARGEST));
        const fourth = writer.write(payload(3, 4));
        await isPending(third);
        assert.is(await codeOf(writer.write(payload(9, 4), { timeoutMs: 5 })), "ERR_SHM_TIMEOUT");
        const reason = new Error("enough");
        const signal = AbortSignal.abort(reason);
        try {
          await writer.claim(4, { signal });
          assert.unreachable();
        } catch (error) {
          assert.is(error, reason);
        }
        for (const number of [0, 1, 2, 3]) checkPayload((await reader.read())?.bytes as Uint8Array, number);
        await third;
        await fourth;
        assert.is(reader.tryRead(), undefined);
      }),
    );

    test(
      "a message's room is in use until the reader's next step, or its release",
      pair(async (writing, reading) => {
        const writer = writing.writer();
        const reader = reading.reader();
        for (const number of [0, 1]) writer.writeSync(payload(number, LARGEST));
        const message = await reader.read();
        assert.is(writer.tryWrite(payload(2, LARGEST)), false);
        message?.release();
        message?.release();
        assert.ok(writer.tryWrite(payload(2, LARGEST)));
        assert.is(writer.tryWrite(payload(3, LARGEST)), false);
        assert.is(reader.tryRead()?.bytes[4], 1);
        assert.is(reader.tryRead()?.bytes[4], 2);
        assert.ok(writer.tryWrite(payload(3, LARGEST)));
      }),
    );

    test(
      "a release gives the room of one small message at once",
      pair(async (writing, reading) => {
        const writer = writing.writer();
        const reader = reading.reader();
        writer.writeSync(payload(0, 8));
        const message = await reader.read();
        assert.ok(reading.used > 0);
        message?.release();
        assert.is(reading.used, 0);
      }),
    );

    test(
      "a close ends the reader after the last message, and every writer at once",
      pair(async (writing, reading) => {
        const writer = writing.writer();
        const reader = reading.reader();
        const waiting = reader.read();
        await writer.writeBatch([payload(0, 9), payload(1, 9)]);
        checkPayload((await waiting)?.bytes as Uint8Array, 0);
        writer.close();
        writer.close();
        assert.ok(reading.closed);
        assert.is(reader.ended, false);
        checkPayload((await reader.read())?.bytes as Uint8Array, 1);
        assert.is(await reader.read(), undefined);
        assert.is(reader.tryRead(), undefined);
        assert.is(reader.readSync(), undefined);
        assert.ok(reader.ended);
        assert.is(await codeOf(() => writer.tryWrite(payload(0, 1))), "ERR_SHM_CLOSED");
        assert.is(await codeOf(writing.writer().write(payload(0, 1))), "ERR_SHM_CLOSED");
      }),
    );

    test(
      "a close by the reading side wakes a writer that waits, and a reader that waits",
      pair(async (writing, reading) => {
        const writer = writing.writer();
        for (const number of [0, 1]) writer.writeSync(payload(number, LARGEST));
        const third = codeOf(writer.write(payload(2, LARGEST)));
        await isPending(third);
        reading.close();
        assert.is(await third, "ERR_SHM_CLOSED");
        const reader = reading.reader();
        let count = 0;
        for await (const { bytes } of reader) checkPayload(bytes, count++);
        assert.is(count, 2);
      }),
    );

    test(
      "batches: what is there, up to a number, and their room together",
      pair(async (writing, reading) => {
        const writer = writing.writer();
        const list = Array.from({ length: 100 }, (_, number) => payload(number, 24));
        const writes = writer.writeBatch(list).then(() => writer.close());
        const sizes: number[] = [];
        let count = 0;
        for await (const messages of reading.reader().batch(16)) {
          sizes.push(messages.length);
          for (const { bytes } of messages) checkPayload(bytes, count++);
        }
        await writes;
        assert.is(count, 100);
        assert.is(Math.max(...sizes), 16);
      }),
    );

    test(
      "a batch that fails says how many messages it wrote",
      pair(async (writing, reading) => {
        const writer = writing.writer();
        const list = Array.from({ length: 3 }, (_, number) => payload(number, LARGEST));
        try {
          await writer.writeBatch(list, { timeoutMs: 1 });
          assert.unreachable();
        } catch (error) {
          assert.is((error as { code?: string }).code, "ERR_SHM_TIMEOUT");
          assert.is((error as { written?: number }).written, 2);
        }
        for (const wrong of [new Uint8Array(LARGEST + 1), "text" as never])
          await writer.writeBatch([payload(3, 8), wrong]).then(
            () => assert.unreachable(),
            ({ written }) => assert.is(written, 0),
          );
        checkPayload(reading.reader().tryRead()?.bytes as Uint8Array, 0);
      }),
    );

    test(
      "a manual writer's messages are seen at publish, at a wait, and at its release",
      pair(async (writing, reading) => {
        const writer = writing.writer({ publish: "manual" });
        const reader = reading.reader();
        const waiting = reader.read();
        writer.tryWrite(payload(0, 8));
        // Several producers mark each message for itself, and only the wake waits for publish.
        if (mode === "spsc") {
          await isPending(waiting);
          assert.is(reader.tryRead(), undefined);
        }
        writer.publish();
        checkPayload((await waiting)?.bytes as Uint8Array, 0);
        writer.tryWrite(payload(1, LARGEST));
        writer.tryWrite(payload(2, 8));
        const last = writer.write(payload(3, LARGEST));
        for (const number of [1, 2]) checkPayload((await reader.read())?.bytes as Uint8Array, number);
        await last;
        writer.publish();
        checkPayload((await reader.read())?.bytes as Uint8Array, 3);
        writer.tryWrite(payload(4, 8));
        writer.release();
        checkPayload((await reader.read())?.bytes as Uint8Array, 4);
      }),
    );

    test(
      "a released end is free for another, which continues",
      pair(async (writing, reading) => {
        const writer = writing.writer();
        for (const number of [0, 1, 2]) await writer.write(payload(number, 30));
        const reader = reading.reader();
        checkPayload((await reader.read())?.bytes as Uint8Array, 0);
        writer.release();
        reader.release();
        assert.is(await codeOf(reader.read()), "ERR_SHM_CLOSED");
        assert.is(await codeOf(() => writer.tryClaim(1)), "ERR_SHM_CLOSED");
        const [writer2, reader2] = [reading.writer(), writing.reader()];
        await writer2.write(payload(3, 30));
        for (const number of [1, 2, 3]) checkPayload((await reader2.read())?.bytes as Uint8Array, number);
      }),
    );

    test(
      "a loop that is left gives the reader up",
      pair(async (writing, reading) => {
        const writer = writing.writer();
        await writer.writeBatch([payload(0, 8), payload(1, 8)]);
        for await (const message of reading.reader()) {
          checkPayload(message.bytes, 0);
          break;
        }
        checkPayload((await reading.reader().read())?.bytes as Uint8Array, 1);
      }),
    );

    test(
      "a signal ends the reader's wait with its reason",
      pair(async (_, reading) => {
        const stop = new AbortController();
        const reader = reading.reader({ signal: stop.signal });
        const reading1 = codeOf(async () => {
          for await (const _message of reader) assert.unreachable();
        });
        stop.abort(new Error("stop"));
        assert.is(await reading1, "Error: stop");
        const again = reading.reader();
        assert.is(await codeOf(again.read({ signal: AbortSignal.abort(new Error("other")) })), "Error: other");
        assert.is(await codeOf(again.read({ timeoutMs: 3 })), "ERR_SHM_TIMEOUT");
      }),
    );

    test(
      "a read with a signal of its own ends by the reader's, too",
      pair(async (writing, reading) => {
        const [ofReader, ofCall] = [new AbortController(), new AbortController()];
        const call = ofCall.signal;
        const reader = reading.reader({ signal: ofReader.signal });
        const read = reader.read({ signal: call });
        writing.writer().tryWrite(payload(0, 8));
        checkPayload((await read)?.bytes as Uint8Array, 0);
        const byCall = codeOf(reader.read({ signal: call }));
        ofCall.abort(new Error("call"));
        assert.is(await byCall, "Error: call");
        assert.is(await codeOf(reader.read({ signal: 1 as never })), "ERR_INVALID_ARG_TYPE");
        const byReader = codeOf(reader.read({ signal: new AbortController().signal }));
        ofReader.abort(new Error("reader"));
        assert.is(await byReader, "Error: reader");
      }),
    );

    test(
      "a wait that blocks ends by its timeout, and the local host refuses it",
      pair(async (writing, reading) => {
        const reader = reading.reader();
        const expected = !host.native ? "ERR_SHM_UNSUPPORTED" : "ERR_SHM_TIMEOUT";
        assert.is(await codeOf(() => reader.readSync({ timeoutMs: 2 })), expected);
        const writer = writing.writer();
        writer.writeSync(payload(0, LARGEST));
        writer.writeSync(payload(1, LARGEST));
        assert.is(await codeOf(() => writer.writeSync(payload(2, LARGEST), { timeoutMs: 2 })), expected);
        checkPayload(reader.readSync()?.bytes as Uint8Array, 0);
      }),
    );

    test(
      "bytes are copies, unless the reader asks for the channel's own",
      pair(async (writing, reading, words) => {
        const writer = writing.writer();
        await writer.writeBatch([Uint8Array.of(1), Uint8Array.of(2)]);
        const copying = reading.reader();
        const copy = await copying.read();
        assert.is(copy?.value, copy?.bytes);
        copying.release();
        const reader = reading.reader({ zeroCopy: true });
        const own = (await reader.read()) as Message;
        new Uint8Array(words.buffer, words.byteOffset)[own.offset] = 7;
        assert.is(own.bytes[0], 7);
        assert.is.not(own.value, own.bytes);
        assert.is(copy?.bytes[0], 1);
        assert.is(own.bytes.byteLength, 1);
      }),
    );

    test("an array has what was there before its writer's death, and the next step tells of that", () =>
      withParties(host, 2, async (parties) => {
        const reader = domainOf(parties, 0).channel(PLACE, { mode, capacity: CAPACITY }).reader();
        // Of the looks that find nothing, each 64th asks for deaths: here the one behind the last message.
        for (let looks = 0; looks < 63; looks++) assert.is(reader.tryRead(), undefined);
        const writer = domainOf(parties, 1).channel(PLACE).writer();
        for (let number = 0; number < 3; number++) writer.tryWrite(payload(number, 9));
        parties.attachments[1]?.detach();
        const steps = reader.batch(10);
        const { value = [] } = await steps.next();
        for (const [number, { bytes }] of value.entries()) checkPayload(bytes, number);
        assert.is(value.length, 3);
        assert.is(await codeOf(steps.next()), "ERR_SHM_PEER_DIED");
      }));

    test("what was made with one set of options refuses another", () =>
      withParties(host, 2, async (parties) => {
        const writing = domainOf(parties, 0).channel(PLACE, { mode, capacity: CAPACITY });
        const other = domainOf(parties, 1);
        const refused = codeOf(() => other.channel(PLACE, { mode, capacity: 2 * CAPACITY }));
        assert.is(await refused, "ERR_SHM_LAYOUT");
        const reading = other.channel(PLACE);
        assert.is(reading.mode, mode);
        assert.is(reading.capacity, CAPACITY);
        assert.is(reading.largest, LARGEST);
        assert.is(reading.byteLength, 960 + CAPACITY);
        assert.is(writing.redeliver, true);
        assert.match(inspect(reading), `Channel { offset: ${PLACE}, mode: '${mode}', capacity: ${CAPACITY}, used: 0`);
      }));

    test.run();
  }
