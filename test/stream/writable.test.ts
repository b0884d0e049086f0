// cursor.writable: where bytes land, its error at the end of the window, and what it does in each state.
import { once } from "node:events";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { type CursorWritable, type CursorWritableOptions, ShmRangeError } from "wasm-shm";
import { suite } from "../suite.js";
import { code, PLAIN, pairs, randomBytes } from "../support/pairs.js";
import { errorOf, failureOf, refusals, settle } from "./streams.js";

const SIZE = 3333;

/** Ends the stream and waits until it has finished; rejects if it fails. */
async function finish(stream: CursorWritable): Promise<void> {
  const finished = once(stream, "finish");
  stream.end();
  await finished;
}

for (const { name, withAttachment, withCursor, withSegment } of pairs) {
  const writable = suite(`Cursor.writable [${name}]`);

  writable("puts chunks one after the other, and moves the cursor past them", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
      cursor.seek(33);
      const stream = cursor.writable();
      const bytes = randomBytes(3300);
      for (const part of [bytes.subarray(0, 1), bytes.subarray(1, 1), bytes.subarray(1, 3000), bytes.subarray(3000)])
        stream.write(part);
      await finish(stream);
      assert.ok(Buffer.compare(attachment.bytes.subarray(33), bytes) === 0);
      assert.ok(attachment.bytes.subarray(0, 33).every((byte) => byte === 0));
      assert.is(stream.bytesWritten, 3300);
      assert.is(cursor.position, SIZE);
      await settle();
      assert.ok(stream.closed);
    });
  });

  writable("puts strings in the encoding they are written with", async () => {
    await withCursor(20, async (cursor) => {
      const stream = cursor.writable();
      stream.write("grüße");
      stream.write("00ff", "hex");
      stream.end("€", "latin1");
      await once(stream, "close");
      assert.is(
        Buffer.from(cursor.readChunk(cursor.position)).toString("hex"),
        `${Buffer.from("grüße").toString("hex")}00ffac`,
      );
      assert.is(stream.bytesWritten, 10);
    });
  });

  writable("leaves what an array would hold, for any chunks, range, highWaterMark and position", async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 9000 }),
      fc.array(fc.nat(2500), { maxLength: 8 }),
      fc.integer({ min: 1, max: 3000 }),
      fc.option(fc.nat(9000), { nil: undefined }),
      fc.option(fc.nat(9000), { nil: undefined }),
      fc.nat(9500),
      fc.boolean(),
      async (size, lengths, highWaterMark, from, to, position, corked) => {
        const end = to === undefined ? undefined : Math.min(to, size);
        const start = from === undefined ? undefined : Math.min(from, end ?? size);
        await withCursor(size, async (cursor, attachment) => {
          cursor.seek(position);
          const options = { highWaterMark, ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
          const stream = cursor.writable(options);
          if (corked) stream.cork();
          const chunks = lengths.map((length, index) => randomBytes(length, index + 1));
          for (const chunk of chunks) stream.write(chunk);
          const ended = errorOf(stream);
          stream.end();
          const error = await ended;

          const all = Buffer.concat(chunks);
          const first = start ?? position;
          const landed = Math.min(all.length, Math.max(0, (end ?? size) - first));
          const expected = new Uint8Array(size);
          if (landed > 0) expected.set(all.subarray(0, landed), first);
          assert.ok(Buffer.compare(attachment.bytes, expected) === 0);
          assert.is(stream.bytesWritten, landed);
          assert.is(cursor.position, start === undefined ? position + landed : position);
          if (landed === all.length) assert.is(error, undefined);
          else assert.ok(code("ERR_SHM_OUT_OF_BOUNDS", new RegExp(`; ${landed} bytes landed in all$`))(error));
        });
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });

  writable("fails at the end: the part that fits lands, and the error says how many bytes did", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
      const chunk = randomBytes(1000);
      const chunks = [chunk, chunk, chunk, chunk, chunk];
      const stream = cursor.writable();
      const error = await failureOf(pipeline(chunks, stream));
      assert.instance(error, ShmRangeError);
      const words = "writable at 3000 needs 1000 bytes; 333 remain of 3333; 3333 bytes landed in all";
      assert.is((error as Error).message, words);
      assert.is(stream.bytesWritten, SIZE);
      assert.is(cursor.position, SIZE);
      assert.ok(Buffer.compare(attachment.bytes.subarray(3000), chunk.subarray(0, 333)) === 0);
      assert.ok(stream.destroyed);
    });
  });

  writable("fails in the same way at its own end, and leaves the bytes behind it", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
      const stream = cursor.writable({ start: 10, end: 20 });
      const error = await failureOf(pipeline([new Uint8Array(10).fill(7), Uint8Array.of(8)], stream));
      assert.is(
        (error as Error).message,
        "writable at 20 needs 1 bytes; 0 remain to the end at 20 of 3333; 10 bytes landed in all",
      );
      assert.is(attachment.bytes[19], 7);
      assert.is(attachment.bytes[20], 0);
      assert.is(cursor.position, 0);
    });
  });

  writable("takes exactly what fits, and an empty chunk at the end", async () => {
    await withCursor(SIZE, async (cursor) => {
      const stream = cursor.writable();
      await pipeline([randomBytes(SIZE), new Uint8Array(0)], stream);
      assert.is(stream.bytesWritten, SIZE);
      cursor.seek(SIZE + 1);
      await finish(cursor.writable());
    });
  });

  writable("follows the cursor if it has no start; with start it has a position of its own", async () => {
    await withCursor(10, async (cursor, attachment) => {
      const [following, own] = [cursor.writable(), cursor.writable({ start: 2 })];
      following.write("a");
      own.write("b");
      cursor.seek(8);
      following.write("c");
      own.write("d");
      assert.is(Buffer.from(attachment.bytes).toString("latin1"), "a\0bd\0\0\0\0c\0");
      assert.is(cursor.position, 9);
    });
  });

  for (const [title, options, expected, words] of refusals)
    writable(`refuses ${title}, before anything happens`, () => {
      withCursor(SIZE, (cursor) => {
        assert.throws(() => cursor.writable(options as CursorWritableOptions), code(expected, words));
        assert.is(cursor.position, 0);
      });
    });

  writable("returns false from write at highWaterMark, 64 KiB by default, and emits drain", async () => {
    await withCursor(2 ** 21, async (cursor) => {
      assert.is(cursor.writable().writableHighWaterMark, 65_536);
      const stream = cursor.writable({ highWaterMark: 1000 });
      stream.cork();
      assert.is(stream.write(new Uint8Array(999)), true);
      assert.is(stream.write(new Uint8Array(1)), false);
      assert.is(stream.bytesWritten, 0);
      stream.uncork();
      assert.is(stream.bytesWritten, 1000);
      await once(stream, "drain");
      assert.is(stream.write(new Uint8Array(2 ** 20)), false); // as much as one turn moves
      await once(stream, "drain");
      assert.is(stream.bytesWritten, 1000 + 2 ** 20);
    });
  });

  writable("takes bytes from an async generator, from a file, and from the same window", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
    try {
      const bytes = randomBytes(200_000);
      writeFileSync(join(folder, "file"), bytes);
      await withCursor(200_000, async (cursor, attachment) => {
        await pipeline(createReadStream(join(folder, "file")), cursor.writable());
        assert.ok(Buffer.compare(attachment.bytes, bytes) === 0);
        await pipeline(
          async function* () {
            for (let index = 0; index < 4; index++) yield bytes.subarray(index, index + 1);
          },
          cursor.writable({ start: 100 }),
        );
        assert.equal([...attachment.bytes.subarray(100, 104)], [...bytes.subarray(0, 4)]);
        // From views that it then overwrites: as memmove.
        await pipeline(
          cursor.readable({ start: 100, end: 1100, zeroCopy: true }),
          cursor.writable({ start: 101, highWaterMark: 7 }),
        );
        assert.equal([...attachment.bytes.subarray(101, 105)], [...bytes.subarray(0, 4)]);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  writable("is refused by a read-only attachment", () => {
    withSegment(SIZE, (segment) => {
      const attachment = segment.attach({ access: "read-only" });
      const cursor = attachment.cursor();
      assert.throws(() => cursor.writable(), code("ERR_SHM_READ_ONLY", /^writable: the attachment of this cursor/));
      assert.throws(() => cursor.writable({ end: -1 }), code("ERR_OUT_OF_RANGE"));
      attachment.detach();
      assert.throws(() => cursor.writable(), code("ERR_SHM_DETACHED"));
    });
  });

  writable("changes nothing but a copy-on-write attachment", async () => {
    await withSegment(SIZE, async (segment) => {
      const attachment = segment.attach({ access: "copy-on-write" });
      await pipeline([randomBytes(SIZE)], attachment.cursor().writable());
      assert.ok(Buffer.compare(attachment.bytes, randomBytes(SIZE)) === 0);
      assert.ok(segment.readChunk(-1).every((byte) => byte === 0));
    });
  });

  writable("fails at its next chunk after a detach, and counts only the bytes that landed", async () => {
    await withAttachment(SIZE, async (attachment, segment) => {
      const stream = attachment.cursor().writable();
      stream.write("before");
      attachment.detach();
      const failed = errorOf(stream);
      stream.write("after");
      assert.ok(code("ERR_SHM_DETACHED", /^writable: the attachment of this cursor was detached/)(await failed));
      assert.is(stream.bytesWritten, 6);
      assert.is(Buffer.from(segment.readChunk(8)).toString(), "before\0\0");
    });
  });

  writable(
    "is refused after a detach and after the cursor's dispose; a dispose before its end is an error",
    async () => {
      await withAttachment(SIZE, async (attachment) => {
        const [first, second, third] = [attachment.cursor(), attachment.cursor(), attachment.cursor()];
        first[Symbol.dispose]();
        assert.throws(() => first.writable(), code("ERR_SHM_DETACHED", /^writable: this cursor was disposed/));
        const own = second.writable({ start: 0 });
        second[Symbol.dispose]();
        assert.ok(code("ERR_SHM_DETACHED", /disposed/)(await failureOf(pipeline(["text"], own))));
        attachment.detach();
        assert.throws(() => third.writable(), code("ERR_SHM_DETACHED"));
      });
    },
  );

  writable("finishes after a detach if all bytes had landed before", async () => {
    await withAttachment(SIZE, async (attachment) => {
      const stream = attachment.cursor().writable();
      stream.write("all");
      attachment.detach();
      await finish(stream);
      assert.is(stream.bytesWritten, 3);
    });
  });

  writable("continues after a grow of the memory", async () => {
    await withCursor(
      SIZE,
      async (cursor, attachment) => {
        const stream = cursor.writable();
        stream.write("before ");
        attachment.memory.grow(0);
        stream.write("after");
        await finish(stream);
        assert.is(Buffer.from(attachment.bytes.subarray(0, 13)).toString(), "before after\0");
      },
      PLAIN,
    );
  });

  writable("is destroyed by an abort signal, even by one that is aborted already, and by destroy", async () => {
    await withCursor(SIZE, async (cursor) => {
      const controller = new AbortController();
      const error = await failureOf(
        pipeline(
          async function* () {
            yield "one";
            controller.abort();
            yield "two";
          },
          cursor.writable({ signal: controller.signal }),
        ),
      );
      assert.is((error as Error).name, "AbortError");
      assert.is(cursor.position, 3);
      const dead = cursor.writable({ signal: AbortSignal.abort() });
      assert.is(((await errorOf(dead)) as Error).name, "AbortError");
      const given = new Error("enough");
      assert.is(await errorOf(cursor.writable().destroy(given)), given);
    });
  });

  writable(
    "yields to the event loop, and calls back for what has landed even if it is destroyed meanwhile",
    async () => {
      await withCursor(4 * 2 ** 20, async (cursor) => {
        const stream = cursor.writable();
        let called = 0;
        stream.write(new Uint8Array(2 ** 20), () => called++);
        stream.write("waits", () => called++);
        await Promise.resolve();
        assert.is(stream.bytesWritten, 2 ** 20); // the second waits for the next turn
        stream.destroy();
        await settle();
        assert.is(called, 2);
        assert.is(stream.bytesWritten, 2 ** 20);
      });
    },
  );
  writable.run();
}
