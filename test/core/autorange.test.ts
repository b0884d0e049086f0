// What the ranges of core "auto" leave to the engine, to the wasm core, and to no one after a close.
import * as zlib from "node:zlib";
import * as assert from "uvu/assert";
import { autoCore } from "#src/core/auto.js";
import { TRAP } from "#src/core/core.js";
import type { Engine } from "#src/core/engine.js";
import { WINDOW_START } from "#src/memory/layout.js";
import { Window } from "#src/memory/window.js";
import { suite } from "../suite.js";
import { askModule } from "../support/child.js";

const SIZE = 4096;
const ranges = suite('Ranges of core "auto"');

/** How many modules a process has compiled after each step. */
function compiledAfter(steps: readonly string[]): number[] {
  return askModule(`
    let compiled = 0;
    const { Module } = WebAssembly;
    WebAssembly.Module = class extends Module { constructor(bytes) { super(bytes); compiled++; } };
    const { createShm } = await import("wasm-shm");
    const attachment = createShm({ core: "auto", host: "local" }).create(${SIZE}).attach();
    const after = [];
    for (const step of [${steps.map((step) => `() => ${step}`)}]) { step(); after.push(compiled); }
    console.log(JSON.stringify(after));`);
}

ranges("need no WebAssembly for what Node has in native code", () => {
  const steps = [
    "attachment.indexOf(7)",
    'attachment.lastIndexOf("needle")',
    "attachment.isUtf8()",
    "attachment.indexOfInvalidUtf8()",
    "attachment.equals(new Uint8Array(9))",
    "attachment.compare(attachment)",
    ...("crc32" in zlib ? ['attachment.checksum("crc32")'] : []),
  ];
  assert.equal(compiledAfter([...steps, 'attachment.checksum("xxh3")', "attachment.fill(1)"]), [
    ...steps.map(() => 0),
    1,
    1,
  ]);
});

ranges("give a needle that the engine would search slowly to the wasm core", () => {
  const calls: number[] = [];
  const engine: Engine = { indexOf: (_, value) => calls.push((value as Uint8Array).length) - 1, longestNeedle: 250 };
  const window = new Window(new WebAssembly.Memory({ initial: 2 }), WINDOW_START, SIZE, {}, undefined, engine);
  const range = autoCore(engine).range(window);
  assert.is(range.core, "auto");
  window.bytes.set(new Uint8Array(251).fill(5), 100);
  assert.is(range.indexOf(new Uint8Array(251).fill(5), 0, SIZE), 100);
  assert.equal(calls, []);
  range.indexOf(new Uint8Array(250).fill(5), 0, SIZE);
  assert.equal(calls, [250]);
});

ranges("trap after a close of the range or of the window, whichever side does the work", () => {
  for (const closes of ["range", "window"] as const) {
    const engine: Engine = { isUtf8: () => true };
    const window = new Window(new WebAssembly.Memory({ initial: 2 }), WINDOW_START, SIZE, {}, undefined, engine);
    const core = autoCore(engine);
    const range = core.range(window);
    range.fillByte(0x41, 0, SIZE);
    if (closes === "range") range.close();
    else {
      window.close();
      core.close(window);
    }
    for (const use of [
      () => range.isUtf8(0, 1),
      () => range.fillByte(0, 0, 1),
      () => range.crc32(0, 1, 0),
      () => range.indexOfInvalidUtf8(0, 1),
      () => range.xxh3(0, 1, 0n),
    ])
      try {
        use();
        assert.unreachable();
      } catch (error) {
        assert.is(error, TRAP);
      }
    range.close();
  }
});

ranges.run();
