// Guests that use up memory: the kernel ends them, or V8 does as the kernel refuses; neither notices it in this process.
import * as assert from "uvu/assert";
import { create } from "wasm-shm";
import { suite } from "../../suite.js";
import { isEmulated, isNode } from "../../support/engine.js";
import { nativePairs } from "../../support/pairs.js";
import { DONE, ended, type Job, start, statusOf } from "./confined.js";
import { blocks, exceptions, grower, tables } from "./guests.js";

const MIB = 2 ** 20;
/** What {@link grower} can have: one page, and then 16 at a time. */
const PAGES = 2049;
const HEADROOM = 256 * MIB;

/** V8's ways to end a process. */
const ABORTS = ["SIGABRT", "SIGTRAP", "SIGILL", "SIGSEGV"];

const BODY = `
  tell(lock());
  const memory = new WebAssembly.Memory({ initial: 1, maximum: job.pages });
  try {
    const guest = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(job.wasm, "base64")), { env: { memory } });
    guest.exports.run(100_000);
    tell({ bytes: memory.buffer.byteLength });
  } catch ({ name, message }) {
    tell({ name, message });
  }
`;

const bomb = suite("A guest that uses up memory");
if (nativePairs.length === 0 || !isNode || isEmulated) bomb.skip("all", "it needs seccomp, Node and the addon");
else {
  const segment = create(65_536);
  process.on("exit", () => segment[Symbol.dispose]());

  /** Runs it, and measures: the most memory that it and this process had beyond what they began with, in bytes. */
  async function explode(wasm: string, pages: number, memory: number) {
    const job: Job = { windows: [{ id: segment.id, readOnly: true }], wasm, pages, memory };
    const child = start(BODY, job);
    let most = 0;
    const own = process.memoryUsage.rss();
    const timer = setInterval(() => {
      most = Math.max(most, statusOf(child.pid as number, "RssAnon") ?? 0);
    }, 2);
    const outcome = await ended(child).finally(() => clearInterval(timer));
    assert.ok(most > 0, "the process was not measured");
    assert.ok(process.memoryUsage.rss() - own < 16 * MIB, "this process grew");
    assert.is(segment.stat().nattch, 0);
    return { ...outcome, most };
  }

  for (const [name, wasm] of [
    ["blocks and locals", blocks],
    ["tables", tables],
    ["exceptions", exceptions],
  ] as const)
    bomb(`of ${name} ends its process alone`, async () => {
      const { code, signal, told, most, errors } = await explode(wasm(), 1, HEADROOM);
      assert.ok(ABORTS.includes(String(signal)), `${code ?? signal} ${JSON.stringify(told)}`);
      assert.match(errors, /out of memory/);
      assert.ok(most < HEADROOM + 100 * MIB, `${most / MIB} MiB`);
    });

  bomb("by growing gets all that its memory may have, beside the headroom", async () => {
    const { code, told } = await explode(grower(), PAGES, PAGES * 65_536 + HEADROOM);
    assert.equal([code, told[1]], [DONE, { bytes: PAGES * 65_536 }]);
  });

  bomb("by growing without end gets no more than the limit, and ends its process at most", async () => {
    const { code, signal, told, most } = await explode(grower(), 65_536, 128 * MIB);
    assert.ok(code === DONE || ABORTS.includes(String(signal)), `${code ?? signal}`);
    const { bytes = 0 } = (told[1] ?? {}) as { bytes?: number };
    assert.ok(bytes < 130 * MIB, `${bytes / MIB} MiB`);
    assert.ok(most < 230 * MIB, `${most / MIB} MiB`);
  });
}
bomb.run();
