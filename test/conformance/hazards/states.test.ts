// Every method of a cursor and of ranges in every state: it works as before, or says that the attachment is gone.
import * as assert from "uvu/assert";
import type { Attachment, Cursor } from "wasm-shm";
import { suite } from "../../suite.js";
import { atCursor, cursorOperations, onRange, rangeOperations } from "../../support/operations.js";
import { code, PLAIN, pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333;

const tables = suite("The tables of operations");
tables("leave no method out", () => {
  for (const name of cursorOperations) assert.ok(atCursor[name], name);
  const listed = Object.keys(onRange).map((name) => name.split(" ")[0]);
  for (const name of rangeOperations) assert.ok(listed.includes(name), name);
  assert.ok(cursorOperations.length > 50 && rangeOperations.length > 12);
});
tables.run();

for (const { name, withCursor, withSegment, native } of pairs) {
  const states = suite(`Each operation in each state [${name}]`);

  for (const options of [undefined, PLAIN])
    states(`after a grow of ${options ? "a plain" : "the default"} memory, as before it`, () => {
      withCursor(
        SIZE,
        (cursor, attachment) => {
          for (const [title, use] of [...Object.entries(atCursor), ...Object.entries(onRange)]) {
            const run = (): [unknown, Uint8Array] => {
              attachment.bytes.fill(0);
              cursor.reset();
              const target = title in atCursor ? cursor : attachment;
              const answer = (use as (target: Cursor | Attachment) => unknown)(target);
              return [ArrayBuffer.isView(answer) ? String(answer) : answer, attachment.bytes.slice()];
            };
            const before = run();
            // By 0 pages: the memory may be at its maximum, and a grow by 0 detaches every view as well.
            attachment.memory.grow(0);
            assert.equal(run(), before, title);
          }
        },
        options,
      );
    });

  states("after a grow, also arrays of many parts of the scratch area", () => {
    withCursor(
      100_000,
      (cursor, attachment) => {
        const random = randomBytes(50_000);
        const floats = Float32Array.from({ length: 20_000 }, (_, index) => index % 2048);
        const numbers = Float64Array.from({ length: 20_000 }, (_, index) => index);
        const steps: [write: () => void, read: () => unknown, expected: unknown][] = [
          [() => cursor.writeArray(random, false), () => cursor.readArray(Uint8Array, 50_000, false), random],
          [() => cursor.writeFloat16Array(floats), () => cursor.readFloat16Array(20_000), floats],
          [() => cursor.writeVarUintArray(numbers), () => cursor.readVarUintArray(20_000), numbers],
          [() => cursor.writeFrame(random), () => cursor.readFrame(), random],
          [() => attachment.bytes.set(random, 5), () => attachment.equals(random, 5, 50_005), true],
          [
            () => attachment.fill(random.subarray(0, 5000)),
            () => attachment.indexOf(random.subarray(0, 5000), 1),
            5000,
          ],
        ];
        for (const [write, read, expected] of steps) {
          for (const step of [write, read]) {
            attachment.memory.grow(0);
            cursor.reset();
            const answer = step();
            if (step === read) assert.equal(answer, expected);
          }
        }
      },
      PLAIN,
    );
  });

  states("of a destroyed segment, until the detach", () => {
    withSegment(SIZE, (segment) => {
      const attachment = segment.attach();
      const cursor = attachment.cursor();
      segment.destroy();
      for (const use of Object.values(atCursor)) {
        attachment.bytes.fill(0);
        cursor.reset();
        use(cursor);
      }
      for (const use of Object.values(onRange)) use(attachment);
    });
  });

  for (const [title, use] of Object.entries(atCursor))
    states(`${title} is refused after the cursor's dispose, and after the detach`, () => {
      withCursor(SIZE, (cursor, attachment) => {
        const second = attachment.cursor();
        use(cursor);
        cursor[Symbol.dispose]();
        const before = attachment.bytes.slice();
        assert.throws(() => use(cursor), code("ERR_SHM_DETACHED"));
        assert.equal(attachment.bytes, before);
        second.seek(100);
        use(second);
        attachment.detach();
        assert.throws(() => use(second), code("ERR_SHM_DETACHED"));
      });
    });

  for (const [title, use] of Object.entries(onRange))
    states(`${title} is refused after the detach`, () => {
      withSegment(SIZE, (segment) => {
        const [attachment, other] = [segment.attach(), segment.attach()];
        use(attachment);
        attachment.detach();
        const before = other.bytes.slice();
        assert.throws(() => use(attachment), code("ERR_SHM_DETACHED"));
        assert.equal(other.bytes, before);
        use(other);
      });
    });

  if (native)
    states("in a memory of the caller's, by the js core, and no byte outside the window", () => {
      withSegment(SIZE, (segment) => {
        const memory = new WebAssembly.Memory({ initial: 2 });
        new Uint8Array(memory.buffer).fill(0xc5);
        const attachment = segment.attach({ into: { memory, byteOffset: 8192 } });
        assert.is(attachment.core, "js");
        const cursor = attachment.cursor();
        for (const use of Object.values(atCursor)) {
          attachment.bytes.fill(0);
          cursor.reset();
          use(cursor);
        }
        for (const use of Object.values(onRange)) use(attachment);
        attachment.detach();
        const beside = new Uint8Array(memory.buffer);
        assert.ok(beside.subarray(0, 8192).every((byte) => byte === 0xc5));
        assert.ok(beside.subarray(12_288).every((byte) => byte === 0xc5));
      });
    });
  states.run();
}
