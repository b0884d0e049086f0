// cursor.readable: the bytes it hands out, how far it reads ahead, how it ends, and what it does in each state.
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import * as assert from "uvu/assert";
import type { CursorReadable, CursorReadableOptions } from "wasm-shm";
import { suite } from "../suite.js";
import { runModule } from "../support/child.js";
import { collect } from "../support/engine.js";
import { code, pairs, randomBytes } from "../support/pairs.js";
import { chunksOf, errorOf, failureOf, refusals, settle } from "./streams.js";

const SIZE = 3333;

/** A Writable that takes one chunk in each turn of the event loop, and records how many bytes wait in `source` then. */
function slowly(source: CursorReadable, waiting: number[]): Writable {
  return new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      setImmediate(() => {
        waiting.push(source.readableLength);
        done();
      });
    },
  });
}

for (const { name, native, withAttachment, withCursor, withSegment } of pairs) {
  const readable = suite(`Cursor.readable [${name}]`);

  readable(
    "hands out chunks of highWaterMark bytes, 64 KiB by default, 256 KiB of views, and moves the cursor",
    async () => {
      for (const [size, options, lengths] of [
        [SIZE, { highWaterMark: 1000 }, [1000, 1000, 1000, 333]],
        [SIZE, {}, [3333]],
        [200_000, {}, [65_536, 65_536, 65_536, 3392]],
        [300_000, { zeroCopy: true }, [262_144, 37_856]],
        [1, { highWaterMark: 1, zeroCopy: true }, [1]],
        [200_000, { highWaterMark: 70_000, zeroCopy: true }, [70_000, 70_000, 60_000]],
      ] satisfies [number, CursorReadableOptions, number[]][])
        await withCursor(size, async (cursor, attachment) => {
          const bytes = randomBytes(size);
          attachment.bytes.set(bytes);
          const stream = cursor.readable(options);
          const chunks = await chunksOf(stream);
          assert.equal(
            chunks.map(({ length }) => length),
            lengths,
          );
          assert.ok(Buffer.concat(chunks).equals(bytes));
          assert.is(stream.bytesRead, size);
          assert.is(cursor.position, size);
          assert.ok(stream.readableEnded && stream.closed);
        });
    },
  );

  readable("gives what an array would give, for any window, range, highWaterMark and position", async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 9000 }),
      fc.integer({ min: 1, max: 3000 }),
      fc.option(fc.nat(9000), { nil: undefined }),
      fc.option(fc.nat(9000), { nil: undefined }),
      fc.nat(9500),
      fc.boolean(),
      async (size, highWaterMark, from, to, position, zeroCopy) => {
        const end = to === undefined ? undefined : Math.min(to, size);
        const start = from === undefined ? undefined : Math.min(from, end ?? size);
        await withCursor(size, async (cursor, attachment) => {
          const bytes = randomBytes(size, 1 + position);
          attachment.bytes.set(bytes);
          cursor.seek(position);
          const options = {
            highWaterMark,
            zeroCopy,
            ...(start !== undefined && { start }),
            ...(end !== undefined && { end }),
          };
          const stream = cursor.readable(options);
          const chunks = await chunksOf(stream);
          const expected = bytes.subarray(start ?? position, Math.max(start ?? position, end ?? size));
          assert.ok(Buffer.concat(chunks).equals(expected));
          assert.ok(chunks.slice(0, -1).every(({ length }) => length === highWaterMark));
          assert.is(stream.bytesRead, expected.length);
          assert.is(cursor.position, start === undefined ? position + expected.length : position);
        });
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  readable("follows the cursor if it has no start; with start it has a position of its own", async () => {
    await withCursor(300, async (cursor, attachment) => {
      attachment.bytes.set(Uint8Array.from({ length: 300 }, (_, index) => index));
      for (const [options, firsts] of [
        [{ highWaterMark: 100 }, [0, 250]],
        [{ highWaterMark: 100, start: 0 }, [0, 100, 200]],
      ] satisfies [CursorReadableOptions, number[]][]) {
        cursor.reset();
        const seen: (number | undefined)[] = [];
        for await (const chunk of cursor.readable(options)) {
          seen.push(chunk[0]);
          if (seen.length === 1) cursor.seek(250);
        }
        assert.equal(seen, firsts);
      }
      assert.is(cursor.position, 250);
    });
  });

  readable("ends at once if the position is at the end or past it", async () => {
    await withCursor(SIZE, async (cursor) => {
      for (const position of [SIZE, SIZE + 1, 2 ** 40]) {
        cursor.seek(position);
        assert.equal(await chunksOf(cursor.readable()), []);
        assert.is(cursor.position, position);
      }
      assert.equal(await chunksOf(cursor.readable({ start: SIZE })), []);
      assert.equal(await chunksOf(cursor.readable({ start: 5, end: 5 })), []);
    });
  });

  for (const [title, options, expected, words] of [
    ...refusals,
    ["a zeroCopy that is not a boolean", { zeroCopy: 1 }, "ERR_INVALID_ARG_TYPE", /"options\.zeroCopy"/] as const,
  ])
    readable(`refuses ${title}, before anything happens`, () => {
      withCursor(SIZE, (cursor) => {
        assert.throws(() => cursor.readable(options as CursorReadableOptions), code(expected, words));
        assert.is(cursor.position, 0);
      });
    });

  readable("reads no further ahead than highWaterMark", async () => {
    await withCursor(100_000, async (cursor) => {
      const stream = cursor.readable({ highWaterMark: 1000 });
      stream.on("readable", () => {}); // asks for bytes, but takes none
      await settle();
      assert.is(stream.bytesRead, 1000);
      assert.is(cursor.position, 1000);
      stream.destroy();

      cursor.reset();
      const source = cursor.readable({ highWaterMark: 1000 });
      const waiting: number[] = [];
      await pipeline(source, slowly(source, waiting));
      assert.is(waiting.length, 100);
      assert.ok(Math.max(...waiting) <= 1000, `${waiting}`);
    });
  });

  readable("reads nothing before it is asked", async () => {
    await withCursor(SIZE, async (cursor) => {
      const stream = cursor.readable();
      await settle();
      assert.is(stream.bytesRead, 0);
      assert.is(cursor.position, 0);
    });
  });

  readable("reads nothing once it is destroyed", async () => {
    await withCursor(SIZE, async (cursor) => {
      const stream = cursor.readable();
      stream.read();
      stream.destroy();
      await settle();
      assert.is(stream.bytesRead, 0);
      assert.is(cursor.position, 0);
    });
  });

  readable(
    "is refused after a detach and after the cursor's dispose; a dispose before its end is an error",
    async () => {
      await withAttachment(SIZE, async (attachment) => {
        const [first, second, third] = [attachment.cursor(), attachment.cursor(), attachment.cursor()];
        first[Symbol.dispose]();
        assert.throws(() => first.readable(), code("ERR_SHM_DETACHED", /^readable: this cursor was disposed/));
        const own = second.readable({ start: 0, highWaterMark: 1000 });
        second[Symbol.dispose]();
        assert.ok(code("ERR_SHM_DETACHED", /disposed/)(await failureOf(chunksOf(own))));
        attachment.detach();
        assert.throws(() => third.readable(), code("ERR_SHM_DETACHED", /^readable: the attachment/));
        assert.throws(() => third.readable({ start: -1 }), code("ERR_OUT_OF_RANGE")); // arguments are checked first
      });
    },
  );

  readable("reads a read-only attachment, and one whose segment was destroyed", async () => {
    await withSegment(SIZE, async (segment) => {
      segment.write(randomBytes(SIZE));
      const cursor = segment.attach({ access: "read-only" }).cursor();
      assert.ok(Buffer.concat(await chunksOf(cursor.readable())).equals(randomBytes(SIZE)));
      segment.destroy();
      assert.ok(Buffer.concat(await chunksOf(cursor.readable({ start: 0 }))).equals(randomBytes(SIZE)));
    });
  });

  readable("is destroyed by an abort signal, even by one that is aborted already", async () => {
    await withCursor(SIZE, async (cursor) => {
      const controller = new AbortController();
      const seen: Uint8Array[] = [];
      const error = await failureOf(
        (async () => {
          for await (const chunk of cursor.readable({ signal: controller.signal, highWaterMark: 100 })) {
            seen.push(chunk);
            controller.abort();
          }
        })(),
      );
      assert.is((error as Error).name, "AbortError");
      assert.is(seen.length, 1);
      const dead = cursor.readable({ signal: AbortSignal.abort() });
      assert.is(((await errorOf(dead)) as Error).name, "AbortError");
      assert.is(dead.bytesRead, 0);
    });
  });

  readable("is closed by destroy, with the error it is given, and by a break out of the loop", async () => {
    await withCursor(SIZE, async (cursor) => {
      const given = new Error("enough");
      const destroyed = cursor.readable();
      destroyed.resume();
      assert.is(await errorOf(destroyed.destroy(given)), given);
      assert.is(await errorOf(cursor.readable().destroy()), undefined);
      cursor.reset();
      const stream = cursor.readable({ highWaterMark: 100 });
      for await (const chunk of stream) {
        assert.is((chunk as Uint8Array).length, 100);
        break;
      }
      await settle();
      assert.ok(stream.closed);
      assert.ok(stream.bytesRead <= 200);
    });
  });

  readable("ends, if the attachment is detached after its last byte was handed out", async () => {
    for (const highWaterMark of [SIZE / 3, SIZE, SIZE + 1])
      for (const zeroCopy of [false, true])
        for (const start of [undefined, 0])
          await withCursor(SIZE, async (cursor, attachment) => {
            const stream = cursor.readable({ highWaterMark, zeroCopy, ...(start !== undefined && { start }) });
            let length = 0;
            stream.on("data", (chunk: Uint8Array) => {
              length += chunk.length;
              if (length === SIZE) attachment.detach();
            });
            assert.is(await errorOf(stream), undefined, `${highWaterMark}, ${zeroCopy}`);
            assert.is(length, SIZE);
            assert.ok(stream.readableEnded);
          });
  });

  readable("is ENOMEM if no chunk can be allocated", async () => {
    const { allocUnsafeSlow } = Buffer;
    await withCursor(SIZE, async (cursor) => {
      const stream = cursor.readable();
      Buffer.allocUnsafeSlow = () => {
        throw new RangeError("Array buffer allocation failed");
      };
      try {
        stream.resume();
        code("ENOMEM")(await errorOf(stream));
      } finally {
        Buffer.allocUnsafeSlow = allocUnsafeSlow;
      }
    });
  });

  readable("does not take an error of a listener for its own", async () => {
    const ended = runModule(`import { createShm } from "wasm-shm";
      const shm = createShm({ host: "${native ? "sysv" : "local"}" });
      const segment = shm.create(${SIZE});
      const stream = segment.attach().cursor().readable();
      stream.on("error", () => console.log("the stream's"));
      process.on("uncaughtException", ({ message }) => console.log(message, segment[Symbol.dispose]()));
      stream.on("data", () => { throw new Error("the listener's"); });`);
    assert.is(ended.stdout, "the listener's undefined\n", ended.stderr);
  });

  readable("decodes text, across chunks", async () => {
    await withCursor(10, async (cursor) => {
      cursor.writeString("grüße€");
      const text: unknown[] = [];
      for await (const part of cursor.readable({ start: 0, highWaterMark: 1 }).setEncoding("utf8")) text.push(part);
      assert.is(text.join(""), "grüße€");
    });
  });

  readable("yields to the event loop between two segments", async () => {
    await withCursor(16 * 2 ** 20, async (source) => {
      await withCursor(16 * 2 ** 20, async (target) => {
        for (const zeroCopy of [false, true]) {
          let turns = 0;
          let moving = true;
          const count = (): void => {
            turns++;
            if (moving) setImmediate(count);
          };
          setImmediate(count);
          await pipeline(source.readable({ start: 0, zeroCopy }), target.writable({ start: 0 }));
          moving = false;
          assert.ok(turns >= 15, `${turns} turns`); // one for each MiB
        }
      });
    });
  });

  readable("holds its attachment, to which nothing else refers", async () => {
    await withSegment(SIZE, async (segment) => {
      const stream = (() => {
        const cursor = segment.attach().cursor();
        cursor.writeAll(randomBytes(SIZE));
        return cursor.readable({ start: 0, highWaterMark: 1000 });
      })();
      for (let round = 0; round < 5; round++) {
        collect();
        await settle();
      }
      assert.is(segment.stat().nattch, 1);
      assert.ok(Buffer.concat(await chunksOf(stream)).equals(randomBytes(SIZE)));
    });
  });

  if (native)
    readable("reads a window in the caller's memory, which may grow meanwhile", async () => {
      await withSegment(SIZE, async (segment) => {
        const memory = new WebAssembly.Memory({ initial: 2 });
        const attachment = segment.attach({ into: { memory, byteOffset: 8192 } });
        attachment.bytes.set(randomBytes(SIZE));
        const seen: Uint8Array[] = [];
        for await (const chunk of attachment.cursor().readable({ highWaterMark: 100 })) {
          seen.push(chunk);
          if (seen.length === 5) memory.grow(1);
        }
        assert.ok(Buffer.concat(seen).equals(randomBytes(SIZE)));
      });
    });
  readable.run();
}
