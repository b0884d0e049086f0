// Native copies into windows behind the write guard: each page faults within memmove(3), is replaced by a private one, and
// the copy continues. In a child process, because a fault that the handler does not take ends it.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { askModule } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

const setup = `
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { create, createShm } from "wasm-shm";
const addon = createRequire(process.cwd() + "/package.json")("./native/build/Release/wasm_shm.node");
const PAGE = 4096;
const PAGES = 64;
const SIZE = PAGES * PAGE;
const segment = create(SIZE);
const seen = segment.attach();
const original = Uint8Array.from({ length: SIZE }, (_, index) => index * 7 + (index >> 8));
const stored = Uint8Array.from({ length: SIZE }, (_, index) => ~original[index]);
const same = (left, right) => Buffer.compare(left, right) === 0;
const wrong = [];
const check = (right, ...what) => { if (!right) wrong.push(what.join(" ")); };
seen.bytes.set(original);
/** [start, length]: within a page, over one border, over many, all. */
const places = [[0, 2000], [1, 2000], [PAGE - 1, 2], [PAGE - 1000, 2001], [5, 3 * PAGE], [7 * PAGE + 13, 20 * PAGE + 5], [SIZE - 5001, 5001], [1, SIZE - 1], [0, SIZE]];
function checkStored(window, access, start, length, ...what) {
  const expected = Uint8Array.from(original);
  expected.set(stored.subarray(start, start + length), start);
  check(same(window.bytes, expected), ...what, "bytes");
  check(same(seen.bytes, original), ...what, "the segment");
  const pages = Math.floor((start + length - 1) / PAGE) - Math.floor(start / PAGE) + 1;
  check(window.privatePages === pages, ...what, "private pages", window.privatePages, "of", pages);
}
const finish = () => {
  segment[Symbol.dispose]();
  console.log(JSON.stringify(wrong.slice(0, 8)));
};
`;

const guarded = suite("Native copies into guarded windows");
if (nativePairs.length === 0) guarded.skip("copies", "there is no addon on this platform");
else {
  for (const core of ["wasm", "js"] as const)
    guarded(`a copy-on-write cursor writes, and the segment stays [${core}]`, () => {
      const wrong = askModule<string[]>(`${setup}
      const shm = createShm({ host: "sysv", core: "${core}" });
      for (const memory of ["shared", "plain"])
        for (const [start, length] of places) {
          const window = shm.open(segment.id).attach({ access: "copy-on-write", memory });
          const cursor = window.cursor();
          cursor.seek(start);
          cursor.writeAll(stored.subarray(start, start + length));
          checkStored(window, "copy-on-write", start, length, memory, start, length);
          cursor.reset();
          const back = new Uint8Array(SIZE);
          cursor.readExactly(back);
          check(same(back, window.bytes), "read back");
          window.discard();
          check(same(window.bytes, original), "after a discard");
          window.detach();
        }
      finish();
    `);
      assert.equal(wrong, []);
    });

  guarded("a read-only window as the target of another cursor's read", () => {
    const wrong = askModule<string[]>(`${setup}
      const other = create(SIZE);
      const from = other.attach();
      from.bytes.set(stored);
      for (const access of ["read-only", "copy-on-write"])
        for (const memory of ["shared", "plain"])
          for (const [start, length] of places) {
            const window = segment.attach({ access, memory });
            const cursor = from.cursor();
            cursor.seek(start);
            cursor.readExactly(window.bytes.subarray(start, start + length));
            checkStored(window, access, start, length, access, memory, start, length);
            window.detach();
          }
      other[Symbol.dispose]();
      finish();
    `);
    assert.equal(wrong, []);
  });

  guarded("the addon's write itself, from plain and from guarded bytes", () => {
    const wrong = askModule<string[]>(`${setup}
      for (const access of ["read-only", "copy-on-write"])
        for (const memory of ["shared", "plain"])
          for (const [start, length] of places) {
            const window = segment.attach({ access, memory });
            check(addon.write(stored.subarray(start, start + length), window.bytes, start) === undefined, "write");
            checkStored(window, access, start, length, access, memory, start, length);
            window.discard();
            // A page is read while the one that it is copied to becomes private.
            const half = SIZE / 2;
            check(addon.write(window.bytes.subarray(0, half), window.bytes, half) === undefined, "write to itself");
            check(same(window.bytes.subarray(half), original.subarray(0, half)), "the copy of itself");
            check(same(seen.bytes, original), "the segment");
            check(window.privatePages === PAGES / 2, "private pages", window.privatePages);
            window.detach();
          }
      finish();
    `);
    assert.equal(wrong, []);
  });

  guarded("while other threads store into the same pages, and the segment changes", () => {
    const wrong = askModule<string[]>(`${setup}
      const window = segment.attach({ access: "copy-on-write" });
      const stop = new Int32Array(new SharedArrayBuffer(4));
      const code = \`
        const { parentPort, workerData } = require("node:worker_threads");
        const { memory, byteOffset, size, stop } = workerData;
        const bytes = new Uint8Array(memory.buffer, byteOffset, size);
        parentPort.postMessage("ready");
        while (Atomics.load(stop, 0) === 0) for (let at = 0; at < size; at += 509) bytes[at] = 0xee;
      \`;
      const targets = [window, seen].map(({ memory, byteOffset }) => ({ memory, byteOffset, size: SIZE, stop }));
      const workers = targets.map((workerData) => new Worker(code, { eval: true, workerData }));
      await Promise.all(workers.map((worker) => new Promise((ready) => worker.once("message", ready))));
      const cursor = window.cursor();
      const back = new Uint8Array(SIZE);
      const until = Date.now() + 500;
      for (let round = 0; Date.now() < until; round++) {
        window.discard();
        cursor.reset();
        cursor.writeAll(stored);
        cursor.reset();
        cursor.readExactly(back);
        const other = back.findIndex((byte, at) => byte !== stored[at] && !(at % 509 === 0 && byte === 0xee));
        check(other < 0, "round", round, "byte", other);
      }
      Atomics.store(stop, 0, 1);
      await Promise.all(workers.map((worker) => new Promise((gone) => worker.once("exit", gone))));
      check(seen.bytes.every((byte, at) => byte === original[at] || (at % 509 === 0 && byte === 0xee)), "the segment");
      finish();
    `);
    assert.equal(wrong, []);
  });
}
guarded.run();
