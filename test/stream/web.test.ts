// The web forms: Readable.toWeb and Writable.toWeb over a cursor's streams.
import { Readable, Writable } from "node:stream";
import { ByteLengthQueuingStrategy } from "node:stream/web";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { code, pairs, randomBytes } from "../support/pairs.js";
import { failureOf, settle } from "./streams.js";

const SIZE = 33_333;

for (const { name, withAttachment, withCursor } of pairs) {
  const web = suite(`Streams of the web [${name}]`);

  web("hand out and take a whole window", async () => {
    await withCursor(SIZE, async (source, attachment) => {
      attachment.bytes.set(randomBytes(SIZE));
      for (const zeroCopy of [false, true])
        await withCursor(SIZE, async (target, { bytes }) => {
          const from = source.readable({ start: 0, highWaterMark: 1000, zeroCopy });
          const to = target.writable();
          await Readable.toWeb(from).pipeTo(Writable.toWeb(to));
          assert.ok(Buffer.compare(bytes, randomBytes(SIZE)) === 0);
          assert.is(to.bytesWritten, SIZE);
        });
    });
  });

  web("hand out Uint8Arrays to for await, and to a Response", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
      attachment.bytes.set(randomBytes(SIZE));
      const chunks: Uint8Array[] = [];
      for await (const chunk of Readable.toWeb(cursor.readable({ highWaterMark: 1000 }))) {
        assert.instance(chunk, Uint8Array);
        assert.ok((chunk as Uint8Array).length <= 1000);
        chunks.push(chunk as Uint8Array);
      }
      assert.ok(Buffer.concat(chunks).equals(randomBytes(SIZE)));
      const response = new Response(Readable.toWeb(cursor.readable({ start: 0 })) as ReadableStream);
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(randomBytes(SIZE)));
    });
  });

  web("are read no further ahead than the queue's bytes and a chunk or two", async () => {
    await withCursor(SIZE, async (cursor) => {
      const source = cursor.readable({ highWaterMark: 100 });
      const stream = Readable.toWeb(source, { strategy: new ByteLengthQueuingStrategy({ highWaterMark: 1000 }) });
      await settle();
      assert.ok(source.bytesRead >= 1000 && source.bytesRead <= 1200, `${source.bytesRead}`);
      const reader = stream.getReader();
      for (let count = 0; count < 10; count++) await reader.read();
      await settle();
      assert.ok(source.bytesRead >= 2000 && source.bytesRead <= 2200, `${source.bytesRead}`);
      await reader.cancel();
    });
  });

  web("make a writer wait until its bytes have drained", async () => {
    await withCursor(2 ** 21, async (cursor) => {
      const stream = cursor.writable({ highWaterMark: 100 });
      const writer = Writable.toWeb(stream).getWriter();
      const writes = [new Uint8Array(2 ** 20), Uint8Array.of(1)].map((chunk) => writer.write(chunk)); // the first is as much as one turn moves
      await Promise.resolve();
      assert.is(stream.bytesWritten, 2 ** 20);
      await Promise.all(writes);
      assert.is(stream.bytesWritten, 2 ** 20 + 1);
      await writer.close();
      assert.ok(stream.writableFinished);
    });
  });

  web("close the stream behind them when they are cancelled or aborted", async () => {
    await withCursor(SIZE, async (cursor) => {
      const source = cursor.readable({ highWaterMark: 100 });
      const reader = Readable.toWeb(source).getReader();
      await reader.read();
      await reader.cancel();
      await settle();
      assert.ok(source.closed);
      const target = cursor.writable({ start: 0 });
      target.on("error", () => {}); // it fails with the reason of the abort
      const writer = Writable.toWeb(target).getWriter();
      const closed = failureOf(writer.closed);
      await writer.write(Uint8Array.of(1));
      await writer.abort(new Error("enough"));
      assert.is(((await closed) as Error).message, "enough");
      assert.ok(target.destroyed);
      assert.is(target.bytesWritten, 1);
    });
  });

  web("are aborted by the signal of the stream behind them", async () => {
    await withCursor(SIZE, async (cursor) => {
      const controller = new AbortController();
      const reader = Readable.toWeb(cursor.readable({ highWaterMark: 100, signal: controller.signal })).getReader();
      await reader.read();
      controller.abort();
      const error = await failureOf(
        (async () => {
          while (!(await reader.read()).done);
        })(),
      );
      assert.is((error as Error).name, "AbortError");
    });
  });

  web("fail with the error of the stream behind them: a detach, and the end of the window", async () => {
    await withAttachment(SIZE, async (attachment) => {
      const [from, to] = [attachment.cursor(), attachment.cursor()];
      const full = await failureOf(Readable.toWeb(from.readable()).pipeTo(Writable.toWeb(to.writable({ end: 1000 }))));
      assert.ok(code("ERR_SHM_OUT_OF_BOUNDS", /1000 bytes landed in all/)(full));
      const reader = Readable.toWeb(from.readable({ start: 0, highWaterMark: 100 })).getReader();
      await reader.read();
      attachment.detach();
      const gone = await failureOf(
        (async () => {
          while (!(await reader.read()).done);
        })(),
      );
      assert.ok(code("ERR_SHM_DETACHED")(gone));
    });
  });
  web.run();
}
