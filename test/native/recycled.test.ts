// Memories that the engine gives up while a segment is mapped there: nothing of the process comes to lie in the segment.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { moduleFile, run } from "../support/child.js";
import { isBun } from "../support/engine.js";
import { nativePairs } from "../support/pairs.js";

/** Bun's own mode: the tests' other processes have one in which more memories have a reservation of their own. */
const env = { ...process.env, BUN_JSC_maxNumWasmFastMemories: undefined };

/** Runs the body of a child, then has the process fill what is free, and shows what the segment holds. */
function child(body: string): string {
  const source = `
    import { once } from "node:events";
    import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
    import { create, open } from "wasm-shm";
    const PAGES = 8 * 65536;
    if (isMainThread) {
      const segment = create(PAGES);
      const first = Array.from({ length: 20 }, () => new WebAssembly.Memory({ initial: 1, maximum: 2 })); // Bun reserves 8
      ${body}
      const after = [];
      for (let n = 0; n < 300; n++) {
        after.push(new Uint8Array(PAGES).fill(0xaa), new WebAssembly.Memory({ initial: 8, maximum: 8 }));
        new Uint8Array(after.at(-1).buffer).fill(0x55);
      }
      const foreign = segment.readChunk(PAGES).filter((byte) => byte !== 0).length;
      segment.destroy();
      console.log(JSON.stringify({ foreign, first: first.length, after: after.length }));
    } else {
      const attachments = Array.from({ length: 20 }, (_, n) => open(workerData).attach({ memory: n % 2 ? "plain" : "shared" }));
      globalThis.kept = attachments;
      parentPort.postMessage("attached");
      setInterval(() => {}, 1000);
    }`;
  const ended = run(process.execPath, [moduleFile(source)], { env });
  return ended.code === 0 ? ended.stdout : `${ended.code ?? ended.signal}: ${ended.stderr.slice(-2000)}`;
}

const NOTHING = `${JSON.stringify({ foreign: 0, first: 20, after: 600 })}\n`;

const recycled = suite("Memories that the engine gives up");
if (nativePairs.length === 0) recycled.skip("all", "there is no addon on this platform");
else {
  for (const memory of ["shared", "plain"])
    recycled(`dropped attachments with a ${memory} memory leave the segment as it is`, () => {
      const dropping = `
        for (let n = 0; n < 1000; n++) {
          segment.attach({ memory: "${memory}" });
          if (n % 100 === 0) await new Promise(setImmediate);
        }`;
      assert.is(child(dropping), NOTHING);
    });

  recycled("so do the attachments of threads that end", () => {
    const ending = `
      for (let n = 0; n < 10; n++) {
        const worker = new Worker(new URL(import.meta.url), { workerData: segment.id });
        await once(worker, "message");
        await worker.terminate();
      }`;
    assert.is(child(ending), NOTHING);
  });

  recycled("and a memory that grows, or it is refused", () => {
    const growing = `
      const grown = [];
      const said = new Set();
      for (let n = 0; n < 100; n++) {
        const memory = new WebAssembly.Memory({ initial: 9, maximum: 100 });
        try {
          segment.attach({ into: { memory, byteOffset: 65536 } });
        } catch (error) {
          said.add(error.code + " " + error.hint);
        }
        memory.grow(1);
        grown.push(memory);
      }
      const words = [...said].join();
      if (words !== ${JSON.stringify(isBun ? "ERR_SHM_UNSUPPORTED give a shared memory, or start bun with BUN_JSC_maxNumWasmFastMemories=10000" : "")}) throw words;`;
    assert.is(child(growing), NOTHING);
  });

  recycled("and a shared memory of the caller's, that is dropped", () => {
    const dropping = `
      for (let n = 0; n < 300; n++)
        segment.attach({ into: { memory: new WebAssembly.Memory({ initial: 9, maximum: 9, shared: true }), byteOffset: 65536 } });
      await new Promise((resolve) => setTimeout(resolve, 100));`;
    assert.is(child(dropping), NOTHING);
  });
}
recycled.run();
