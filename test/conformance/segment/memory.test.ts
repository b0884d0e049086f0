// The kind of memory that an attach makes, on every pair of host and core. What engines do with bytes that another
// process writes meanwhile is in hazards/.
import * as assert from "uvu/assert";
import type { Attachment, MemoryKind } from "wasm-shm";
import { suite } from "../../suite.js";
import { askModule } from "../../support/child.js";
import { isNode } from "../../support/engine.js";
import { code, nativePairs, pairs } from "../../support/pairs.js";

const PAGE = 4096;

const kindOf = ({ memory, bytes }: Attachment): MemoryKind => {
  assert.is(bytes.buffer, memory.buffer);
  return (memory.buffer as ArrayBufferLike) instanceof SharedArrayBuffer ? "shared" : "plain";
};

for (const { name, native, withSegment } of pairs) {
  const memory = suite(`The memory of an attachment [${name}]`);

  memory("is shared on the sysv host and plain on the local one, in every access mode", () => {
    withSegment(PAGE + 1, (segment) => {
      for (const access of ["read-write", "read-only", "copy-on-write"] as const)
        assert.is(kindOf(segment.attach({ access })), native ? "shared" : "plain");
    });
  });

  memory("is what the option says, and both kinds show the same segment", () => {
    withSegment(3 * PAGE, (segment) => {
      const plain = segment.attach({ memory: "plain" });
      assert.is(kindOf(plain), "plain");
      const other = segment.attach(native ? { memory: "shared" } : {});
      const cursor = other.cursor();
      cursor.writeUint32(7);
      cursor.writeString("text");
      cursor.writeFloat16Array(new Float32Array(1000).fill(1.5));
      const reader = plain.cursor();
      assert.is(reader.readUint32(), 7);
      assert.is(reader.readString(4), "text");
      assert.ok(reader.readFloat16Array(1000).every((value) => value === 1.5));
      for (const algorithm of ["crc32", "crc32c", "adler32", "xxh64", "xxh3"] as const)
        assert.is(plain.checksum(algorithm as "crc32"), other.checksum(algorithm as "crc32"));
      plain.fill(9, PAGE);
      assert.is(other.indexOf(9), PAGE);
    });
  });

  memory("cannot grow", () => {
    withSegment(PAGE, (segment) => {
      for (const { memory } of [segment.attach(), segment.attach({ memory: "plain" })])
        assert.throws(
          () => (memory as WebAssembly.Memory).grow(1),
          (error: unknown) => error instanceof RangeError,
        );
    });
  });

  memory("of another kind than the two is refused, and so is a kind beside `into`", () => {
    withSegment(PAGE, (segment) => {
      for (const kind of ["", "Shared", "unshared", true, null, 1])
        assert.throws(() => segment.attach({ memory: kind as unknown as MemoryKind }), code("ERR_INVALID_ARG_TYPE"));
      const into = { memory: new WebAssembly.Memory({ initial: 1 }), byteOffset: 0 };
      for (const kind of ["shared", "plain"] as const)
        assert.throws(() => segment.attach({ memory: kind, into }), code("ERR_INVALID_ARG_VALUE"));
      assert.is(segment.stat().nattch, 0);
    });
  });

  if (!native)
    memory("cannot be shared on the local host", () => {
      withSegment(PAGE, (segment) => {
        assert.throws(() => segment.attach({ memory: "shared" }), code("ERR_SHM_UNSUPPORTED"));
        assert.is(segment.stat().nattch, 0);
      });
    });
  memory.run();
}

const weight = suite("What the engine knows of a memory's size");
if (nativePairs.length === 0) weight.skip("dropped attachments", "there is no addon on this platform");
else
  for (const memory of ["shared", "plain"] as const)
    weight(`attachments with a ${memory} memory that a program drops are collected by and by`, () => {
      const { most, left } = askModule<{ most: number; left: number }>(`
        import { create } from "wasm-shm";
        const segment = create(16 << 20, { noReserve: true });
        let most = 0;
        for (let n = 0; n < 3000; n++) {
          segment.attach({ memory: "${memory}" });
          if (n % 100 === 0) await new Promise(setImmediate);
          most = Math.max(most, segment.stat().nattch);
        }
        const left = segment.stat().nattch;
        segment.destroy();
        console.log(JSON.stringify({ most, left }));`);
      assert.ok(most < 1500, `${most} of 3000 were attached at once`);
      assert.ok(left < 1500, `${left} of 3000 are attached at the end`);
    });

if (nativePairs.length > 0) {
  const idle = "what was detached does not run the collector";
  if (!isNode) weight.skip(idle, "this engine does not tell of its collections");
  else
    weight(idle, () => {
      const { count, forced } = askModule<{ count: number; forced: number }>(
        `
      import { PerformanceObserver } from "node:perf_hooks";
      import { create } from "wasm-shm";
      const MAJOR = 4;
      let count = 0;
      new PerformanceObserver((list) => {
        for (const { detail } of list.getEntries()) if (detail.kind === MAJOR) count++;
      }).observe({ entryTypes: ["gc"] });
      for (let n = 0; n < 1000; n++) {
        const segment = create(1 << 20);
        segment.attach().detach();
        segment.destroy();
      }
      await new Promise((done) => setTimeout(done, 50));
      const before = count;
      gc();
      await new Promise((done) => setTimeout(done, 50));
      console.log(JSON.stringify({ count: before, forced: count - before }));`,
        ["--expose-gc"],
      );
      assert.ok(forced >= 1, "collections are not counted");
      assert.ok(count <= 6, `${count} collections in 1000 lives of 1 MiB`); // 15 if their bytes count to the collection
    });

  weight("memories that were detached are collected by and by", () => {
    const most = askModule<number>(`
      import { readFileSync } from "node:fs";
      import { create } from "wasm-shm";
      const segment = create(1 << 20);
      let most = 0;
      for (let n = 0; n < 4000; n++) {
        segment.attach().detach();
        if (n % 500 !== 0) continue;
        await new Promise(setImmediate);
        most = Math.max(most, readFileSync("/proc/self/maps", "latin1").split("\\n").length);
      }
      segment.destroy();
      console.log(most);`);
    assert.ok(most < 6000, `the process had ${most} mappings`);
  });
}
weight.run();
