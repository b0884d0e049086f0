// cursor.readable: what it hands out, when it asks for more, how it ends, and what becomes of it in each state.
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import * as assert from "uvu/assert";
import type { CursorReadable, CursorReadableOptions } from "wasm-shm";
import { suite } from "../suite.js";
import { runModule } from "../support/child.js";
import { code, pairs, randomBytes } from "../support/pairs.js";
import { chunksOf, errorOf, failureOf, refusals, settle } from "./streams.js";

const SIZE = 3333;
const collect = globalThis.gc as () => void; // test/run.ts passes --expose-gc

/** A Writable that takes a chunk in one turn of the event loop, and notes what waits in `source` by then. */
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

  readable("hands the window out in chunks of highWaterMark, 64 KiB by default, and moves the cursor", async () => {
    for (const [size, options, lengths] of [
      [SIZE, { highWaterMark: 1000 }, [1000, 1000, 1000, 333]],
      [SIZE, {}, [3333]],
      [200_000, {}, [65_536, 65_536, 65_536, 3392]],
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
  });

  readable("gives what an array gives, for any window, range, highWaterMark and position", async () => {
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

  readable("without start goes on from wherever the cursor is; with start it has a position of its own", async () => {
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

  readable("ends at once where the position is at the end, or past it", async () => {
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
    ["a zeroCopy that is no boolean", { zeroCopy: 1 }, "ERR_INVALID_ARG_TYPE", /"options\.zeroCopy"/] as const,
  ])
    readable(`refuses ${title}, before anything happens`, () => {
      withCursor(SIZE, (cursor) => {
        assert.throws(() => cursor.readable(options as CursorReadableOptions), code(expected, words));
        assert.is(cursor.position, 0);
      });
    });

  readable("takes no more than highWaterMark ahead of its reader", async () => {
    await withCursor(100_000, async (cursor) => {
      const stream = cursor.readable({ highWaterMark: 1000 });
      stream.on("readable", () => {}); // asks for bytes, and takes none
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

  readable("takes nothing before it is asked", async () => {
    await withCursor(SIZE, async (cursor) => {
      const stream = cursor.readable();
      await settle();
      assert.is(stream.bytesRead, 0);
      assert.is(cursor.position, 0);
    });
  });

  readable("copies, each in memory of its own: neither side sees what the other does to it", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
      attachment.bytes.fill(7);
      const [chunk] = (await chunksOf(cursor.readable())) as [Uint8Array];
      attachment.bytes.fill(8);
      assert.ok(chunk.every((byte) => byte === 7));
      chunk.fill(9);
      assert.ok(attachment.bytes.every((byte) => byte === 8));
      assert.is(chunk.buffer.byteLength, SIZE); // of no pool
      assert.is(structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] }).length, SIZE);
    });
  });

  readable("with zeroCopy hands out the window itself, which no transfer takes away", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
      attachment.bytes.fill(7);
      const [chunk] = (await chunksOf(cursor.readable({ zeroCopy: true }))) as [Uint8Array];
      assert.is(chunk.buffer, attachment.memory.buffer);
      attachment.bytes[3332] = 8;
      assert.is(chunk[3332], 8);
      chunk[0] = 9;
      assert.is(attachment.bytes[0], 9);
      try {
        structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] }); // a copy, or an error, as the engine likes
      } catch (error) {
        assert.is((error as Error).name, "DataCloneError");
      }
      assert.is(chunk.length, SIZE);
      assert.is(attachment.bytes[0], 9);
    });
  });

  for (const zeroCopy of [false, true])
    readable(
      `fails at its next chunk after a detach, and hands out no zeros${zeroCopy ? ", with zeroCopy" : ""}`,
      async () => {
        await withCursor(SIZE, async (cursor, attachment) => {
          attachment.bytes.fill(7);
          const stream = cursor.readable({ highWaterMark: 1000, zeroCopy });
          const sums: number[] = [];
          const error = await failureOf(
            (async () => {
              for await (const chunk of stream) {
                sums.push((chunk as Uint8Array).reduce((sum, byte) => sum + byte, 0));
                if (sums.length === 2) {
                  await settle(); // so that a third waits in the stream
                  attachment.detach();
                }
              }
            })(),
          );
          assert.ok(code("ERR_SHM_DETACHED", /^readable: the attachment of this cursor was detached/)(error));
          assert.ok(sums.length >= 2 && sums.length <= 3 && sums.every((sum) => sum === 7000), `${sums}`);
          assert.ok(stream.destroyed);
        });
      },
    );

  readable("hands out no view that waited through a detach, even the last of a window", async () => {
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

  readable("goes on after a grow of the memory; views that waited through it are an error", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
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
    });
  });

  readable("hands out no view that a grow took while the next chunk was on its way", async () => {
    await withCursor(SIZE, async (cursor, attachment) => {
      const stream = cursor.readable({ highWaterMark: 1000, zeroCopy: true });
      stream.on("readable", () => {});
      await settle();
      assert.is(stream.read(10).length, 10); // and asks for the next
      attachment.memory.grow(0);
      assert.ok(code("ERR_SHM_DETACHED", /the 990 bytes of views/)(await errorOf(stream)));
    });
  });

  readable("takes nothing once it is destroyed", async () => {
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
    "is refused after a detach and after the cursor's dispose; a dispose in the middle is an error",
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
        assert.throws(() => third.readable({ start: -1 }), code("ERR_OUT_OF_RANGE")); // arguments come first
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

  readable("is destroyed by an abort signal, also one that is aborted already", async () => {
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

  readable("is closed by destroy, by the error it is given, and by a break out of the loop", async () => {
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

  readable("does not take an error of its listener's for its own", async () => {
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

  readable("lets the event loop have its turns on the way between two segments", async () => {
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

  readable("holds its attachment, which everyone else dropped", async () => {
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
    readable("reads a window in a memory of the caller's, which may grow meanwhile", async () => {
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

const inProcess = suite("Streams and their process");

inProcess("one that waits for others does not keep it; a pipeline under way does", () => {
  const idle = runModule(`import { createShm } from "wasm-shm";
    const segment = createShm({ host: "local" }).create(1000);
    const cursor = segment.attach().cursor();
    cursor.readable().on("readable", () => {});
    cursor.readable();
    cursor.writable().write("text");
    console.log("end");`);
  assert.is(`${idle.code} ${idle.stdout}`, "0 end\n", idle.stderr);
  const busy = runModule(`import { pipeline } from "node:stream/promises";
    import { createShm } from "wasm-shm";
    const shm = createShm({ host: "local" });
    const [source, target] = [shm.create(8 << 20).attach(), shm.create(8 << 20).attach()];
    source.fill(7);
    pipeline(source.cursor().readable(), target.cursor().writable()).then(() => console.log(target.equals(source)));`);
  assert.is(busy.stdout, "true\n", busy.stderr);
});

inProcess("the portable face has none, and says who has", () => {
  const ended = runModule(`import { create } from "wasm-shm/portable";
    const cursor = create(10).attach().cursor();
    for (const name of ["readable", "writable"])
      try { cursor[name](); } catch ({ code, message }) { console.log(code, message); }`);
  const words = 'is not supported: it is in the package\'s Node entry point: import "wasm-shm" in Node';
  assert.is(
    ended.stdout,
    `ERR_SHM_UNSUPPORTED readable ${words}\nERR_SHM_UNSUPPORTED writable ${words}\n`,
    ended.stderr,
  );
});
inProcess.run();
