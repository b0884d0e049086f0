// What the garbage collector does to attachments, and what it must not do.
import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { collect, isNode } from "../support/engine.js";
import { code, pairs } from "../support/pairs.js";

const SIZE = 3333;

/** NODE_PERFORMANCE_GC_MAJOR */
const MAJOR = 4;

/** Waits, collecting, until `done` or for ten seconds. */
async function collectUntil(done: () => boolean): Promise<void> {
  for (let round = 0; round < 200 && !done(); round++) {
    collect();
    await sleep(50);
  }
}

/** Collects all that can be collected. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    collect();
    await sleep(10);
  }
}

for (const { name, native, shm, withSegment } of pairs) {
  const collected = suite(`The garbage collector [${name}]`);

  collected("detaches an attachment that was dropped, with its cursor, while the segment is held", async () => {
    await withSegment(SIZE, async (segment) => {
      (() => {
        for (let n = 0; n < 10; n++) segment.attach().cursor().writeUint8(n);
      })();
      assert.ok(segment.stat().nattch >= 1);
      await collectUntil(() => segment.stat().nattch === 0);
      assert.is(segment.stat().nattch, 0);
    });
  });

  collected("collects two attachments of one segment without harm: never two buffers on one address", async () => {
    await withSegment(SIZE, async (segment) => {
      (() => {
        const [first, second] = [segment.attach(), segment.attach()];
        first.bytes[0] = 1;
        second.bytes[1] = 2;
        if (native) assert.not.equal(first.address, second.address);
      })();
      await collectUntil(() => segment.stat().nattch === 0);
      assert.is(segment.stat().nattch, 0);
      assert.equal([...segment.readChunk(2)], [1, 2]);
    });
  });

  collected("leaves an attachment that only a cursor holds, and dispose of the segment finds it", async () => {
    await withSegment(SIZE, async (segment) => {
      const cursor = (() => segment.attach().cursor())();
      await settle();
      cursor.writeUint8(99);
      assert.is(segment.readChunk(1)[0], 99);
      segment[Symbol.dispose]();
      assert.throws(() => cursor.readUint8(), code("ERR_SHM_DETACHED"));
    });
  });

  collected("gives the records of dropped cursors back, long before page 0 is full of them", async () => {
    await withSegment(SIZE, async (segment) => {
      const attachment = segment.attach();
      for (let round = 0; round < 5; round++) {
        for (let n = 0; n < 1000; n++) attachment.cursor().seek(n);
        await settle();
      }
      assert.is(attachment.cursor().core, shm.core); // "js" if page 0 is full
    });
  });

  collected("counts a detach once, also if the attachment is collected after it", async () => {
    await withSegment(SIZE, async (segment) => {
      const kept = segment.attach();
      (() => segment.attach().detach())();
      await settle();
      assert.is(segment.stat().nattch, 1);
      kept.detach();
    });
  });

  collected("hands a record out once, also if its cursor was disposed and then collected", async () => {
    await withSegment(SIZE, async (segment) => {
      const attachment = segment.attach();
      (() => attachment.cursor()[Symbol.dispose]())();
      const first = attachment.cursor();
      await settle();
      const second = attachment.cursor();
      const third = attachment.cursor();
      first.seek(1);
      second.seek(2);
      third.seek(3);
      assert.equal([first.position, second.position, third.position], [1, 2, 3]);
    });
  });

  const large = "does not run for each attach of a large segment, which is not garbage to come";
  if (native && !isNode) collected.skip(large, "this engine does not tell of its collections");
  else if (native)
    collected(large, async () => {
      let count = 0;
      const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
          if ((entry as { detail?: { kind: number } }).detail?.kind === MAJOR) count++;
      });
      const segment = shm.create(2 ** 30, { noReserve: true });
      try {
        await settle();
        observer.observe({ entryTypes: ["gc"] });
        for (let n = 0; n < 60; n++) segment.attach().detach();
        await sleep(50);
        const before = count;
        collect();
        await sleep(50);
        assert.ok(count > before, "collections are not counted");
        assert.ok(before <= 20, `${before} full collections in 60 attaches`);
      } finally {
        observer.disconnect();
        segment.destroy();
      }
    });
  if (native)
    collected(
      "leaves an attachment that only a view holds; dispose of the segment finds it, and the view reads zeros",
      async () => {
        await withSegment(SIZE, async (segment) => {
          const view = (() => segment.attach().bytes)();
          await settle();
          view[0] = 99;
          assert.is(segment.readChunk(1)[0], 99);
          segment.destroy();
          assert.is(segment.stat().nattch, 1);
          segment[Symbol.dispose]();
          assert.is(view[0], 0);
        });
      },
    );
  collected.run();
}
