// A memory that is posted to worker threads: one mapping for all of them, as long as one holds it.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import * as assert from "uvu/assert";
import type { Attachment } from "wasm-shm";
import { suite } from "../suite.js";
import { collect } from "../support/engine.js";
import { nativePairs } from "../support/pairs.js";

const SIZE = 3 * 4096;

/** Keeps the memory, and answers "read" with some bytes; else stores into one. */
const HOLDER = `
  const { parentPort } = require("node:worker_threads");
  let bytes;
  parentPort.on("message", (message) => {
    if (message.memory) bytes = new Uint8Array(message.memory.buffer, message.byteOffset, message.byteLength);
    else if (message.wait) return parentPort.postMessage(Atomics.wait(new Int32Array(bytes.buffer, bytes.byteOffset, 1), 0, 0, 20_000));
    else if (message.at !== undefined) bytes[message.at] = message.value;
    parentPort.postMessage([...bytes.subarray(0, 4), bytes.at(-1)]);
  });`;

/** A thread with the memory, and what it says. */
async function withHolder(attachment: Attachment, use: (ask: (message: object) => Promise<unknown>) => Promise<void>) {
  const worker = new Worker(HOLDER, { eval: true, execArgv: [] });
  const ask = async (message: object): Promise<unknown> => {
    worker.postMessage(message);
    return (await once(worker, "message"))[0] as unknown;
  };
  try {
    const { memory, byteOffset, byteLength } = attachment;
    await ask({ memory, byteOffset, byteLength });
    await use(ask);
  } finally {
    await worker.terminate();
  }
}

for (const { name, shm, withSegment } of nativePairs) {
  const threads = suite(`A memory in two threads [${name}]`);

  threads("is one mapping: each sees the stores of the other, and of another attachment", async () => {
    await withSegment(SIZE, async (segment) => {
      const attachment = segment.attach();
      const other = shm.open(segment.id).attach(); // as another process would
      await withHolder(attachment, async (ask) => {
        assert.is(segment.stat().nattch, 2);
        attachment.cursor().writeUint8(1);
        other.bytes[1] = 2;
        assert.equal(await ask({ at: 2, value: 3 }), [1, 2, 3, 0, 0]);
        assert.equal([attachment.bytes[2], other.bytes[2]], [3, 3]);
        await ask({ at: SIZE - 1, value: 9 });
        assert.is(other.bytes[SIZE - 1], 9);
      });
    });
  });

  threads("is private zeros for all threads after a detach in one, and nothing crashes", async () => {
    await withSegment(SIZE, async (segment) => {
      segment.write(Uint8Array.of(1, 2, 3, 4));
      const attachment = segment.attach();
      const { bytes } = attachment;
      await withHolder(attachment, async (ask) => {
        assert.equal(await ask({}), [1, 2, 3, 4, 0]);
        attachment.detach();
        assert.is(segment.stat().nattch, 1); // the segment's own cursor
        assert.equal(await ask({}), [0, 0, 0, 0, 0]);
        assert.equal(await ask({ at: 1, value: 7 }), [0, 7, 0, 0, 0]);
        assert.is(bytes[1], 7); // the threads still share the zeros
        assert.equal([...segment.readChunk(4)], [1, 2, 3, 4]);
      });
    });
  });

  threads("stays attached as long as a thread holds it, after the attachment was dropped and collected", async () => {
    await withSegment(SIZE, async (segment) => {
      let attachment: Attachment | undefined = segment.attach();
      await withHolder(attachment, async (ask) => {
        attachment = undefined;
        for (let round = 0; round < 20; round++) {
          collect();
          await sleep(10);
        }
        assert.is(segment.stat().nattch, 1);
        assert.equal(await ask({ at: 0, value: 5 }), [5, 0, 0, 0, 0]);
      });
      for (let round = 0; round < 500 && segment.stat().nattch > 0; round++) {
        collect();
        await sleep(20);
      }
      assert.is(segment.stat().nattch, 0);
      assert.is(segment.readChunk(1)[0], 5);
    });
  });

  threads("lets Atomics.wait sleep until another thread notifies, which another attachment cannot", async () => {
    await withSegment(SIZE, async (segment) => {
      const attachment = segment.attach();
      const [own, other] = [attachment, segment.attach()].map((each) => each.cursor().viewArray(Int32Array, 1));
      await withHolder(attachment, async (ask) => {
        const woken = ask({ wait: true });
        let count = 0;
        for (let round = 0; round < 1000 && count === 0; round++) {
          await sleep(10);
          assert.is(Atomics.notify(other as Int32Array, 0), 0);
          count = Atomics.notify(own as Int32Array, 0);
        }
        assert.equal([count, await woken], [1, "ok"]);
      });
    });
  });

  threads("keeps a thread's stores out of a read-only segment: they land in private pages", async () => {
    await withSegment(SIZE, async (segment) => {
      const attachment = segment.attach({ access: "read-only" });
      await withHolder(attachment, async (ask) => {
        assert.equal(await ask({ at: 0, value: 8 }), [8, 0, 0, 0, 0]);
        assert.equal([attachment.bytes[0], attachment.privatePages, segment.readChunk(1)[0]], [8, 1, 0]);
        attachment.discard();
        assert.equal(await ask({}), [0, 0, 0, 0, 0]);
      });
    });
  });

  threads("is refused by postMessage if it is plain", () => {
    withSegment(SIZE, (segment) => {
      const { memory } = segment.attach({ memory: "plain" });
      assert.throws(
        () => structuredClone(memory),
        (error: unknown) => (error as Error).name === "DataCloneError",
      );
    });
  });
  threads.run();
}
if (nativePairs.length === 0) {
  const threads = suite("A memory in two threads");
  threads.skip("is one mapping", "there is no sysv host on this platform");
  threads.run();
}
