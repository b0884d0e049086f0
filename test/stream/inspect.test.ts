// What util.inspect, and so console.log, says of a stream in each of its states.
import { once } from "node:events";
import { inspect } from "node:util";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { pairs, randomBytes } from "../support/pairs.js";
import { chunksOf, errorOf, settle } from "./streams.js";

const SIZE = 3333;
const oneLine = { breakLength: Number.POSITIVE_INFINITY };

for (const { name, withAttachment, withCursor } of pairs) {
  const inspecting = suite(`util.inspect of a stream [${name}]`);

  inspecting("a readable: its position, end, bytes and state", async () => {
    await withCursor(SIZE, async (cursor) => {
      cursor.seek(33);
      const stream = cursor.readable({ highWaterMark: 1000, zeroCopy: true, end: 3000 });
      const fields = (position: number, bytesRead: number, waiting: number, state: string) =>
        `CursorReadable { position: ${position}, end: 3000, bytesRead: ${bytesRead}, waiting: ${waiting}, zeroCopy: true, state: '${state}' }`;
      assert.is(inspect(stream, oneLine), fields(33, 0, 0, "open"));
      stream.on("readable", () => {});
      await settle();
      assert.is(inspect(stream, oneLine), fields(1033, 1000, 1000, "open"));
      stream.removeAllListeners("readable");
      await chunksOf(stream);
      assert.is(inspect(stream, oneLine), fields(3000, 2967, 0, "done"));
    });
  });

  inspecting("a writable: its position, end, bytes and state", async () => {
    await withCursor(SIZE, async (cursor) => {
      const stream = cursor.writable({ start: 10 });
      const fields = (position: number, bytesWritten: number, waiting: number, state: string) =>
        `CursorWritable { position: ${position}, end: 3333, bytesWritten: ${bytesWritten}, waiting: ${waiting}, state: '${state}' }`;
      assert.is(inspect(stream, oneLine), fields(10, 0, 0, "open"));
      stream.cork();
      stream.write(randomBytes(5));
      assert.is(inspect(stream, oneLine), fields(10, 0, 5, "open"));
      stream.uncork();
      stream.end();
      await once(stream, "finish");
      assert.is(inspect(stream, oneLine), fields(15, 5, 0, "done"));
    });
  });

  inspecting("says detached, destroyed and failed, and never throws", async () => {
    await withAttachment(SIZE, async (attachment) => {
      const make = () => {
        const cursor = attachment.cursor();
        return [cursor.readable(), cursor.writable(), cursor.readable({ start: 7 }), cursor.writable({ start: 7 })];
      };
      const destroyed = make().map((stream) => stream.destroy());
      const failed = await Promise.all(
        make().map(async (stream) => {
          const error = errorOf(stream);
          stream.destroy(new Error("enough"));
          await error;
          return stream;
        }),
      );
      const disposed = (() => {
        const cursor = attachment.cursor();
        const streams = [cursor.readable(), cursor.writable({ start: 7 })];
        cursor[Symbol.dispose]();
        return streams;
      })();
      const left = make();
      attachment.detach();
      for (const [streams, state] of [
        [destroyed, "destroyed"],
        [failed, "failed"],
        [disposed, "detached"],
        [left, "detached"],
      ] as const)
        for (const stream of streams) assert.match(inspect(stream, oneLine), new RegExp(`state: '${state}' }$`));
      assert.match(inspect(left[0], oneLine), /position: undefined, end: 3333/);
      assert.match(inspect(left[3], oneLine), /position: 7, end: 3333/);
      for (const stream of left)
        for (const value of [Object.getPrototypeOf(stream), Object.create(stream), { a: { b: { c: { stream } } } }])
          assert.type(inspect(value, { showHidden: true, depth: 0 }), "string");
    });
  });
  inspecting.run();
}
