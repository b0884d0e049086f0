// Arrays whose length follows a growable SharedArrayBuffer, which another thread grows during the calls: a call takes the
// length that it checked, and no byte more.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import * as assert from "uvu/assert";
import type { Attachment, Cursor } from "wasm-shm";
import { suite } from "../../suite.js";
import { pairs } from "../../support/pairs.js";

const SIZE = 65_536;
const LEAST = 200; // from here on a window may copy by native code
const SOME = 4096;
const MARK = 5;

interface Growable {
  new (length: number, options: { maxByteLength: number }): SharedArrayBuffer;
}

/**
 * Runs `step` with an array that grows meanwhile, up to the window's size, and only with zeros. Every {@link SOME} bytes the
 * growth waits for one more step, so that it is not over before the steps are.
 */
async function whileGrowing(step: (array: Uint8Array) => void): Promise<void> {
  const buffer = new (SharedArrayBuffer as unknown as Growable)(LEAST, { maxByteLength: SIZE - 16 });
  const steps = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `const { parentPort, workerData: { buffer, steps } } = require("node:worker_threads");
     parentPort.postMessage(0);
     while (buffer.byteLength < buffer.maxByteLength) {
       if (buffer.byteLength % ${SOME} === 0) Atomics.wait(steps, 0, Atomics.load(steps, 0));
       buffer.grow(buffer.byteLength + 1);
     }`,
    { eval: true, workerData: { buffer, steps } },
  );
  const ended = once(worker, "exit");
  await once(worker, "message");
  const array = new Uint8Array(buffer);
  try {
    while (array.length < SIZE - 16) {
      step(array);
      Atomics.add(steps, 0, 1);
      Atomics.notify(steps, 0);
    }
    await ended;
  } finally {
    await worker.terminate();
  }
  assert.ok(Atomics.load(steps, 0) >= Math.floor(SIZE / SOME) - 1);
}

type Step = (cursor: Cursor, array: Uint8Array, attachment: Attachment) => void;

/** Each writes to the window from its start. */
const writes: Readonly<Record<string, Step>> = {
  write: (cursor, array) => cursor.write(array),
  writeAll: (cursor, array) => cursor.writeAll(array),
  writeArray: (cursor, array) => cursor.writeArray(array),
  writeFrame: (cursor, array) => cursor.writeFrame(array),
};

for (const { name, withAttachment } of pairs) {
  const growing = suite(`Arrays that grow [${name}]`);
  if (!("growable" in SharedArrayBuffer.prototype)) growing.skip("are copied", "this engine has no growable buffers");
  else {
    for (const [operation, step] of Object.entries(writes))
      growing(`${operation} writes as many bytes as it moves`, async () => {
        await withAttachment(SIZE, async (attachment) => {
          const { bytes } = attachment;
          bytes.fill(MARK);
          const cursor = attachment.cursor();
          let wrong = 0;
          await whileGrowing((array) => {
            cursor.reset();
            step(cursor, array, attachment);
            if (bytes[cursor.position] !== MARK) wrong++;
            bytes.fill(MARK, cursor.position, cursor.position + 64);
          });
          assert.is(wrong, 0);
        });
      });

    for (const operation of ["read", "readExactly", "readInto"] as const)
      growing(`${operation} fills as many bytes as it moves`, async () => {
        await withAttachment(SIZE, async (attachment) => {
          attachment.bytes.fill(MARK);
          const cursor = attachment.cursor();
          let wrong = 0;
          await whileGrowing((array) => {
            cursor.reset();
            cursor[operation](array);
            if (array[cursor.position]) wrong++;
          });
          assert.is(wrong, 0);
        });
      });

    growing("compare and equals have one length for the order and the bytes", async () => {
      await withAttachment(SIZE, async (attachment) => {
        let wrong = 0;
        await whileGrowing((array) => {
          if (attachment.compare(array) !== 1) wrong++; // the longer one of zeros
          const { length } = array;
          if (attachment.compare(array, 0, length) > 0) wrong++;
        });
        assert.is(wrong, 0);
      });
    });
  }
  growing.run();
}
