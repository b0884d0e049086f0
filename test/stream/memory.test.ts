// How much memory of the process it takes to move 256 MiB: file to segment, segment to segment, segment to file.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { askModule } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

const MiB = 2 ** 20;
const SIZE = 256 * MiB;

// V8 lets chunks that are copies pile up before it collects them, as it does with those of node:fs: 33 MiB were seen on
// Node 20, up to 76 on 24. Only a few chunks are in use at a time, and 8 MiB if they are collected at that size.
const UNCOLLECTED = 128 * MiB;
const FEW_CHUNKS = 24 * MiB;

interface Answer {
  /** The most by which the process's own pages grew: bytes. */
  grown: number;
  same: boolean;
  /** Bytes of segments in the page tables at the end: proof that the measurement works. */
  shared: number;
}

/** Moves SIZE bytes in a process of its own, and watches its pages meanwhile. */
function move(steps: string, file: string, nodeArgs: string[]): Answer {
  return askModule<Answer>(
    `
    import { createReadStream, createWriteStream, readFileSync } from "node:fs";
    import { pipeline } from "node:stream/promises";
    import { createShm } from "wasm-shm";
    const pages = (kind) => 1024 * Number(new RegExp(kind + ":\\\\s+(\\\\d+) kB").exec(readFileSync("/proc/self/status", "latin1"))[1]);
    const shm = createShm({ host: "sysv" });
    const segments = [shm.create(${SIZE}), shm.create(${SIZE})];
    const [source, target] = segments.map((segment) => {
      const attachment = segment.attach();
      segment.destroy(); // it lives until the detach, so that nothing is left even after a kill
      return attachment;
    });
    for (let at = 0; at < ${SIZE}; at += 4096) source.bytes[at] = at >>> 12;
    const file = ${JSON.stringify(file)};
    const kept = process.memoryUsage().arrayBuffers;
    const started = pages("RssAnon");
    let most = started;
    const timer = setInterval(() => {
      most = Math.max(most, pages("RssAnon"));
      if (process.memoryUsage().arrayBuffers > kept + ${8 * MiB}) globalThis.gc?.();
    }, 2);
    ${steps}
    most = Math.max(most, pages("RssAnon"));
    clearInterval(timer);
    console.log(JSON.stringify({ grown: most - started, same: target.equals(source), shared: pages("RssShmem") }));
    for (const segment of segments) segment[Symbol.dispose]();
  `,
    nodeArgs,
  );
}

const memory = suite("Memory of a process that moves 256 MiB");
if (nativePairs.length === 0) memory.skip("stays small", "there is no sysv host on this platform");
else
  for (const [title, limit, nodeArgs, steps] of [
    ["segment to segment", UNCOLLECTED, [], "await pipeline(source.cursor().readable(), target.cursor().writable());"],
    [
      "segment to segment, collected at every 8 MiB",
      FEW_CHUNKS,
      ["--expose-gc"],
      "await pipeline(source.cursor().readable(), target.cursor().writable());",
    ],
    [
      "segment to segment, zeroCopy",
      FEW_CHUNKS,
      [],
      "await pipeline(source.cursor().readable({ zeroCopy: true }), target.cursor().writable());",
    ],
    [
      "segment to file and file to segment, collected at every 8 MiB",
      FEW_CHUNKS,
      ["--expose-gc"],
      `await pipeline(source.cursor().readable(), createWriteStream(file));
       await pipeline(createReadStream(file), target.cursor().writable());`,
    ],
  ] as const)
    memory(`${title}: no more than the segments' pages and a few chunks`, () => {
      const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
      try {
        const { grown, same, shared } = move(steps, join(folder, "file"), [...nodeArgs]);
        assert.ok(same);
        assert.ok(shared >= 2 * SIZE, `${shared}`);
        assert.ok(grown < limit, `${(grown / MiB).toFixed(1)} MiB`);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
memory.run();
