// A window that is mapped over part of a guarded one, or taken out of it. The facade refuses that within a thread; threads
// that share a memory can do it to each other, also after one was terminated. What is left of the guarded window must
// not keep read-only pages without a guard: a store there would end the process.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { askModule } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { buildProbe, guardedChild, PAGE } from "./guarded.js";

const PAGES = 16; // of the guarded window that was there first
const places: [title: string, first: number, pages: number][] = [
  ["inside", 5, 4],
  ["over its start", 0, 3],
  ["over its end", 12, 4],
  ["past its end", 14, 4],
  ["over all of it", 0, 16],
];

const overlap = suite("A window over part of a guarded one");
if (nativePairs.length === 0) overlap.skip("leaves no page without a guard", "there is no addon on this platform");
else {
  buildProbe();
  for (const shared of [false, true])
    for (const over of ["read-only", "copy-on-write", "read-write", "unmap"])
      overlap(`${shared ? "shared" : "plain"} memory, ${over}: each store works, none reaches the segment`, () => {
        const wrong = askModule<string[]>(`${guardedChild(PAGES)}
          const wrong = [];
          const check = (is, wanted, what) => { if (is !== wanted) wrong.push(what + ": " + is + ", not " + wanted); };
          for (const dirty of [false, true])
            for (const [title, first, pages] of ${JSON.stringify(places)}) {
              const memory = new WebAssembly.Memory({ initial: 2, maximum: 4, shared: ${shared} });
              const all = new Uint8Array(memory.buffer);
              const under = map("read-only", { into: { memory, byteOffset: 0 } });
              seen.fill(7);
              if (dirty) for (let page = 0; page < ${PAGES}; page += 3) all[page * ${PAGE}] = 99;
              const place = { memory, byteOffset: first * ${PAGE} };
              const part = "${over}" === "unmap"
                ? host.unmap({ ...under, ...place, byteLength: pages * ${PAGE}, address: under.address + BigInt(first * ${PAGE}) })
                : map("${over}", { length: pages * ${PAGE}, into: place });
              if (typeof part === "number") check(part, 0, title + " refused");
              for (let page = 0; page < 20; page++) all[page * ${PAGE} + 8] = page + 1;
              for (let page = 0; page < 20; page++) check(all[page * ${PAGE} + 8], page + 1, title + " page " + page);
              const reaches = "${over}" === "read-write";
              for (let page = 0; page < ${PAGES}; page++)
                check(seen[page * ${PAGE} + 8], reaches && page < pages ? first + page + 1 : 7, title + " segment " + page);
              // The same window of the same pages is taken for the one that was there.
              const isSame = pages === ${PAGES} && !reaches && "${over}" !== "unmap";
              check(host.discard(under), isSame ? 0 : -22, title + " discard");
              host.unmap({ ...under, byteLength: 32 * ${PAGE} });
              check(host.stat(id).nattch, 1, title + " nattch");
            }
          console.log(JSON.stringify(wrong));`);
        assert.equal(wrong, []);
      });

  overlap("after the thread that had it was terminated, from another thread, through the facade", () => {
    const answer = askModule<{ stored: number; reached: boolean; refusal: string }>(`
      import { once } from "node:events";
      import { Worker } from "node:worker_threads";
      import { create } from "wasm-shm";
      const segment = create(${PAGES * PAGE});
      const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
      const worker = new Worker(\`
        const { parentPort, workerData: { id, memory } } = require("node:worker_threads");
        import("wasm-shm").then(({ open }) => {
          globalThis.kept = open(id).attach({ access: "read-only", into: { memory, byteOffset: 0 } });
          parentPort.postMessage("ready");
          setInterval(() => {}, 1000);
        });\`, { eval: true, execArgv: [], workerData: { id: segment.id, memory } });
      await once(worker, "message");
      await worker.terminate();
      const mine = segment.attach({ access: "copy-on-write", length: 4096, into: { memory, byteOffset: 4 * 4096 } });
      const bytes = new Uint8Array(memory.buffer);
      let stored = 0;
      for (let at = 0; at < bytes.length; at += 512) { bytes[at] = 5; stored += bytes[at] === 5; }
      const reached = segment.readChunk(segment.size).some((byte) => byte !== 0);
      const other = new Worker(\`
        const { workerData: { id, memory } } = require("node:worker_threads");
        import("wasm-shm").then(({ open }) => open(id).attach({ into: { memory, byteOffset: 0 } }));
      \`, { eval: true, execArgv: [], workerData: { id: segment.id, memory } });
      await once(other, "exit");
      let refusal = "";
      try { mine.discard(); } catch ({ code, message }) { refusal = message; }
      segment[Symbol.dispose]();
      console.log(JSON.stringify({ stored, reached, refusal }));`);
    assert.is(answer.stored, (4 * 65536) / 512);
    assert.not.ok(answer.reached);
    assert.match(answer.refusal, /^EINVAL: .*another thread has attached over this window/);
  });
}
overlap.run();
