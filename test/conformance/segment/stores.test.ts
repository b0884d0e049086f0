// Stores into read-only and copy-on-write attachments that no cursor or range checks: by views and WebAssembly.
// Not tested here: the guard itself, its threads and its limits (guard*.test.ts).
import { randomFillSync } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import * as assert from "uvu/assert";
import type { Attachment, Segment } from "wasm-shm";
import { suite } from "../../suite.js";
import { askModule, root, runModule } from "../../support/child.js";
import { code, nativePairs, randomBytes } from "../../support/pairs.js";

const SIZE = 70_001; // bytes: 18 pages, the last one cut short
const PAGE = 4096;

/** Unchecked stores at an offset of the window, a multiple of 8: eight bytes at most. */
const strayStores: Record<string, (attachment: Attachment, at: number) => void> = {
  "an element": ({ bytes }, at) => {
    bytes[at] = 1;
  },
  set: ({ bytes }, at) => bytes.set([1, 2, 3], at),
  fill: ({ bytes }, at) => bytes.fill(1, at, at + 8),
  copyWithin: ({ bytes }, at) => bytes.copyWithin(at, at === 0 ? 9 : 0, at === 0 ? 17 : 8),
  "a DataView": ({ memory, byteOffset }, at) => new DataView(memory.buffer, byteOffset).setFloat64(at, 1),
  "Atomics.store": ({ memory, byteOffset }, at) =>
    void Atomics.store(new Int32Array(memory.buffer), (byteOffset + at) / 4, 1),
  "Atomics.add": ({ memory, byteOffset }, at) =>
    void Atomics.add(new BigInt64Array(memory.buffer), (byteOffset + at) / 8, 1n),
  "Atomics.compareExchange": ({ bytes, byteOffset, memory }, at) =>
    void Atomics.compareExchange(new Uint8Array(memory.buffer), byteOffset + at, bytes[at] as number, 77),
  "TextEncoder.encodeInto": ({ bytes }, at) => void new TextEncoder().encodeInto("text", bytes.subarray(at)),
  "crypto.randomFillSync": ({ bytes }, at) => void randomFillSync(bytes, at, 8),
};

/** A segment of known bytes. */
function filled(segment: Segment): Uint8Array {
  const bytes = randomBytes(segment.size);
  const attachment = segment.attach();
  attachment.bytes.set(bytes);
  attachment.detach();
  return bytes;
}

/** What the segment holds, seen by an attachment of its own. */
function contents(segment: Segment): Uint8Array {
  const attachment = segment.attach({ access: "read-only" });
  const bytes = attachment.bytes.slice();
  attachment.detach();
  return bytes;
}

for (const { name, shm, withSegment } of nativePairs) {
  const composed = `import { createShm } from "wasm-shm"; const shm = createShm({ host: "sysv", core: "${shm.core}" });`;
  const stray = suite(`Stores through views and WebAssembly [${name}]`);

  /** Stores there, and looks at who sees it. */
  function check(segment: Segment, attachment: Attachment, at: number, what: string, store: () => void): void {
    const bytes = contents(segment);
    const counted = () => attachment.privatePages;
    const before = attachment.bytes.slice();
    store();
    const [first, last] = [Math.floor(at / PAGE), Math.floor(Math.min(at + 15, segment.size - 1) / PAGE)];
    assert.ok(counted() >= 1 && counted() <= last - first + 1, `${what} at ${at}: ${counted()} pages`);
    // Not equals(), which uses the core: the module's own data lies in its page.
    assert.not.ok(Buffer.from(before).equals(attachment.bytes), `${what} at ${at} was not stored`);
    assert.ok(segment.attach({ access: "read-only" }).equals(bytes), `${what} at ${at} reached the segment`);
    attachment.discard();
    assert.is(counted(), 0);
    assert.ok(Buffer.from(bytes).equals(attachment.bytes), `${what} at ${at} outlived discard`);
  }

  for (const access of ["read-only", "copy-on-write"] as const) {
    stray(
      `${access}: a view's, an Atomics' or an engine function's store is private, counted, and gone by discard`,
      () => {
        withSegment(SIZE, (segment) => {
          filled(segment);
          const attachment = segment.attach({ access });
          for (const [what, store] of Object.entries(strayStores))
            for (const at of [0, PAGE - 8, PAGE, 69_984])
              check(segment, attachment, at, what, () => store(attachment, at));
        });
      },
    );

    stray(`${access}: every storing instruction of wasm, at the first, a middle and the last bytes`, () => {
      withSegment(SIZE, (segment) => {
        filled(segment);
        const attachment = segment.attach({ access, memory: "plain" }); // what the module imports
        const module = new WebAssembly.Module(readFileSync(`${root}test/fixtures/hostile/stores.wasm`));
        const { exports } = new WebAssembly.Instance(module, { env: { memory: attachment.memory } });
        for (const [what, store] of Object.entries(exports))
          for (const at of [0, 34_992, 69_984])
            check(segment, attachment, at, what, () => (store as CallableFunction)(attachment.byteOffset + at, 16));
      });
    });
  }

  stray("pages are counted once each: of one, of two by a store across, of all", () => {
    withSegment(SIZE, (segment) => {
      const attachment = segment.attach({ access: "read-only" });
      const { bytes, memory, byteOffset } = attachment;
      for (let n = 0; n < 100; n++) bytes[n] = n;
      assert.is(attachment.privatePages, 1);
      new DataView(memory.buffer, byteOffset).setBigUint64(3 * PAGE - 4, ~0n);
      assert.is(attachment.privatePages, 3);
      bytes.fill(1);
      assert.is(attachment.privatePages, 18);
      assert.is(segment.attach().sum(Uint8Array), 0);
      attachment.discard();
      assert.is(attachment.privatePages, 0);
      bytes[SIZE - 1] = 1;
      assert.is(attachment.privatePages, 1);
    });
  });

  stray("two attachments have private pages of their own", () => {
    withSegment(2 * PAGE, (segment) => {
      const [one, two] = [segment.attach({ access: "read-only" }), segment.attach({ access: "copy-on-write" })];
      one.bytes[0] = 1;
      two.bytes[0] = 2;
      two.bytes[PAGE] = 2;
      assert.equal([one.bytes[0], two.bytes[0], segment.readChunk(1)[0]], [1, 2, 0]);
      assert.equal([one.privatePages, two.privatePages], [1, 2]);
      one.detach();
      assert.is(two.bytes[0], 2);
      assert.is(segment.stat().nattch, 2); // two, and that of readChunk
    });
  });

  stray("another process sees none of it, and what it writes is seen but in private pages", () => {
    withSegment(SIZE, (segment) => {
      const bytes = filled(segment);
      const attachment = segment.attach({ access: "read-only" });
      attachment.bytes.fill(0xff, 0, PAGE);
      const seen = askModule<number>(`${composed}
        const attachment = shm.open(${segment.id}).attach();
        console.log(attachment.checksum("crc32c"));
        attachment.bytes[0] = 1;
        attachment.bytes[${PAGE}] = 2;
      `);
      withSegment(SIZE, (twin) => {
        twin.write(bytes);
        assert.is(seen, twin.attach().checksum("crc32c"));
      });
      assert.equal([attachment.bytes[0], attachment.bytes[PAGE]], [0xff, 2]);
      attachment.discard();
      assert.equal([attachment.bytes[0], attachment.bytes[PAGE]], [1, 2]);
    });
  });

  stray("a system call that writes into a guarded window is EFAULT, and reaches nothing", () => {
    withSegment(PAGE, (segment) => {
      const attachment = segment.attach({ access: "read-only" });
      const file = openSync("/dev/zero", "r");
      segment.attach().fill(3);
      try {
        assert.throws(() => readSync(file, attachment.bytes), code("EFAULT"));
      } finally {
        closeSync(file);
      }
      assert.is(attachment.privatePages, 0);
      assert.is(attachment.sum(Uint8Array), 3 * PAGE);
    });
  });

  stray("a view kept past the detach reads zeros and takes stores, which go nowhere", () => {
    withSegment(SIZE, (segment) => {
      const bytes = filled(segment);
      for (const access of ["read-only", "copy-on-write"] as const) {
        const attachment = segment.attach({ access });
        const view = attachment.bytes;
        view[0] = 1;
        attachment.detach();
        assert.ok(view.every((byte) => byte === 0));
        view.fill(2);
        assert.is(view[SIZE - 1], 2);
      }
      assert.is(segment.stat().nattch, 0);
      assert.equal(contents(segment), bytes);
    });
  });

  stray("in a child process, which continues and exits with 0", () => {
    withSegment(SIZE, (segment) => {
      const bytes = filled(segment);
      const ended = runModule(`${composed}
        const attachment = shm.open(${segment.id}).attach({ access: "read-only" });
        for (let round = 0; round < 50; round++) {
          attachment.bytes.fill(round);
          if (attachment.privatePages !== 18) throw new Error(String(attachment.privatePages));
          attachment.discard();
        }
        console.log("alive");`);
      assert.is(ended.stdout, "alive\n", `${ended.signal} ${ended.stderr}`);
      assert.equal(contents(segment), bytes);
    });
  });
  stray.run();
}
