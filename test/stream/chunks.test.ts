// The chunks of cursor.readable: copies and views, and how long each is valid.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { code, PLAIN, pairs, randomBytes } from "../support/pairs.js";
import { chunksOf, errorOf, failureOf, settle } from "./streams.js";

const SIZE = 3333;

for (const { name, withCursor } of pairs) {
  const chunked = suite(`Chunks of Cursor.readable [${name}]`);

  chunked("are copies in memory of their own: neither side sees the other's changes", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
      attachment.bytes.fill(7);
      const [chunk] = (await chunksOf(cursor.readable())) as [Uint8Array];
      attachment.bytes.fill(8);
      assert.ok(chunk.every((byte) => byte === 7));
      chunk.fill(9);
      assert.ok(attachment.bytes.every((byte) => byte === 8));
      assert.is(chunk.buffer.byteLength, SIZE); // not of the pool
      assert.is(structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] }).length, SIZE);
    });
  });

  chunked("are the window itself with zeroCopy, which no transfer takes away", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
      attachment.bytes.fill(7);
      const [chunk] = (await chunksOf(cursor.readable({ zeroCopy: true }))) as [Uint8Array];
      assert.is(chunk.buffer, attachment.memory.buffer);
      attachment.bytes[3332] = 8;
      assert.is(chunk[3332], 8);
      chunk[0] = 9;
      assert.is(attachment.bytes[0], 9);
      try {
        structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] }); // the engine copies it or refuses
      } catch (error) {
        assert.match((error as Error).name, /^(DataCloneError|TypeError)$/); // by engine and kind of memory
      }
      assert.is(chunk.length, SIZE);
      assert.is(attachment.bytes[0], 9);
    });
  });

  for (const zeroCopy of [false, true])
    chunked(`after a detach are an error, not zeros${zeroCopy ? ", with zeroCopy" : ""}`, async () => {
      await withCursor(SIZE, async (cursor, attachment) => {
        attachment.bytes.fill(7);
        const stream = cursor.readable({ highWaterMark: 1000, zeroCopy });
        const sums: number[] = [];
        const error = await failureOf(
          (async () => {
            for await (const chunk of stream) {
              sums.push((chunk as Uint8Array).reduce((sum, byte) => sum + byte, 0));
              if (sums.length === 2) {
                await settle(); // a third chunk waits in the stream now
                attachment.detach();
              }
            }
          })(),
        );
        assert.ok(code("ERR_SHM_DETACHED", /^readable: the attachment of this cursor was detached/)(error));
        assert.ok(sums.length >= 2 && sums.length <= 3 && sums.every((sum) => sum === 7000), `${sums}`);
        assert.ok(stream.destroyed);
      });
    });

  chunked("that are views are not handed out after a detach, not even the last one", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
      attachment.bytes.fill(7);
      const stream = cursor.readable({ zeroCopy: true });
      stream.on("readable", () => {});
      await settle();
      assert.is(stream.readableLength, SIZE);
      attachment.detach();
      const failed = errorOf(stream);
      assert.is(stream.read(), null);
      assert.ok(code("ERR_SHM_DETACHED")(await failed));
    });
  });

  chunked("continue after a grow of the memory; views that waited through it are an error", async () => {
    await withCursor(
      SIZE,
      async (cursor, attachment) => {
        const bytes = randomBytes(SIZE);
        attachment.bytes.set(bytes);
        const seen: Uint8Array[] = [];
        for await (const chunk of cursor.readable({ highWaterMark: 1000 })) {
          seen.push(chunk);
          await settle();
          attachment.memory.grow(0);
        }
        assert.ok(Buffer.concat(seen).equals(bytes));

        for (const whole of [false, true]) {
          const stream = cursor.readable({ start: 0, highWaterMark: whole ? SIZE : 1000, zeroCopy: true });
          stream.on("readable", () => {});
          await settle();
          attachment.memory.grow(0);
          const failed = errorOf(stream);
          assert.is(stream.read(), null);
          assert.ok(code("ERR_SHM_DETACHED", /the memory grew, and took the \d+ bytes of views/)(await failed));
        }
      },
      PLAIN,
    );
  });

  chunked("that are views are not handed out after a grow, even while the next chunk is on its way", async () => {
    await withCursor(
      SIZE,
      async (cursor, attachment) => {
        const stream = cursor.readable({ highWaterMark: 1000, zeroCopy: true });
        stream.on("readable", () => {});
        await settle();
        assert.is(stream.read(10).length, 10); // this also asks for the next chunk
        attachment.memory.grow(0);
        assert.ok(code("ERR_SHM_DETACHED", /the 990 bytes of views/)(await errorOf(stream)));
      },
      PLAIN,
    );
  });
  chunked("are bytes alone if they are views: setEncoding is refused, and the stream continues", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
      attachment.fill("grüße");
      const stream = cursor.readable({ zeroCopy: true });
      for (const encoding of ["utf8", "utf-8", "latin1", "hex", "utf16le"] as const)
        assert.throws(
          () => stream.setEncoding(encoding),
          (error: { hint?: string }) =>
            code("ERR_SHM_UNSUPPORTED", /^setEncoding of a readable with zeroCopy/)(error) &&
            error.hint === "use zeroCopy: false for text",
        );
      const chunks: unknown[] = await stream.toArray();
      assert.ok(chunks.every((chunk) => Buffer.isBuffer(chunk) && chunk.buffer === attachment.memory.buffer));
      const text = await cursor.readable({ start: 0 }).setEncoding("utf8").toArray();
      assert.is(text.join(""), attachment.text());
      for (const zeroCopy of [true, false])
        assert.throws(
          () => cursor.readable({ zeroCopy, encoding: "utf8" } as object),
          code("ERR_INVALID_ARG_VALUE", /options\.encoding/),
        );
    });
  });
  chunked.run();
}
