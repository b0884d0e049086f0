// What core "auto" leaves to which core. That the answers are the same, the suites over all pairs show.
import * as assert from "uvu/assert";
import { createShm } from "wasm-shm";
import { autoCore } from "#src/core/auto.js";
import type { Core, CoreCursor } from "#src/core/core.js";
import { jsCore } from "#src/core/js.js";
import { WINDOW_START } from "#src/memory/layout.js";
import { Window } from "#src/memory/window.js";
import { suite } from "../suite.js";
import { askModule } from "../support/child.js";
import { randomBytes } from "../support/pairs.js";

const auto = suite('Core "auto"');

const COMPILED = `
  let compiled = 0;
  const { Module } = WebAssembly;
  WebAssembly.Module = class extends Module { constructor(bytes) { super(bytes); compiled++; } };
  const { createShm } = await import("wasm-shm");
  const attachment = createShm({ core: "auto", host: "local" }).create(65536).attach();
  const cursor = attachment.cursor();
`;

/** How many modules a process has compiled after each step. */
const compiledAfter = (...steps: string[]): number[] =>
  askModule(`${COMPILED} const after = [];
    for (const step of [${steps.map((step) => `() => ${step}`)}]) { step(); after.push(compiled); }
    console.log(JSON.stringify(after));`);

auto("compiles no WebAssembly for numbers, text and short arrays", () => {
  const short = [
    "cursor.writeFloat64(1)",
    'cursor.writeVarString("text")',
    "cursor.writeArray(new Uint32Array(255), false)",
    "cursor.writeFloat16Array(new Float32Array(511))",
    "cursor.writeVarUintArray(new Float64Array(1023))",
    "cursor.writeFrame(new Uint8Array(1023))",
  ];
  assert.equal(
    compiledAfter(...short),
    short.map(() => 0),
  );
});

for (const long of [
  "cursor.readArray(Uint32Array, 256, false)",
  "cursor.writeArray(new Uint32Array(256), false)",
  "cursor.readFloat16Array(512)",
  "cursor.writeFloat16Array(new Float32Array(512))",
  "cursor.readVarUintArray(1024)",
  "cursor.writeVarUintArray(new Float64Array(1024))",
  "cursor.writeFrame(new Uint8Array(1024))",
  'attachment.checksum("crc32c")',
])
  auto(`compiles it once for ${long}`, () => {
    assert.equal(compiledAfter("cursor.reset()", long, long), [0, 1, 1]);
  });

auto("says so of the instance, its attachments and their cursors", () => {
  const shm = createShm({ core: "auto", host: "local" });
  const attachment = shm.create(100).attach();
  assert.equal([shm.core, attachment.core, attachment.cursor().core], ["auto", "auto", "auto"]);
});

/** The state of a cursor after a call, with what it returned or threw, and the window. */
function outcome(core: Core, place: number, use: (cursor: CoreCursor) => unknown): unknown {
  const window = new Window(new WebAssembly.Memory({ initial: 2 }), WINDOW_START, SIZE, {});
  window.bytes.set(random);
  const cursor = core.open(window);
  cursor.seek(place, 0);
  let result: unknown;
  try {
    result = use(cursor);
  } catch (error) {
    result = error; // a symbol
  }
  return [result, cursor.position, window.bytes];
}

const SIZE = 30_000;
const random = randomBytes(SIZE).map((byte) => byte & 0x7f); // varints, all of them
random.fill(0xff, 25_000, 25_020); // but these

const arrays: Record<string, (cursor: CoreCursor, length: number) => unknown> = {
  readReversed: (cursor, length) => {
    const target = new Uint8Array(4 * length);
    cursor.readReversed(target, 4);
    return target;
  },
  writeReversed: (cursor, length) => cursor.writeReversed(random.slice(0, 8 * length), 8),
  readFloat16s: (cursor, length) => {
    const target = new Float32Array(length);
    cursor.readFloat16s(target, false);
    return target;
  },
  writeFloat16s: (cursor, length) => cursor.writeFloat16s(Float32Array.from(random.slice(0, length)), true),
  readVarUints: (cursor, length) => {
    const target = new Float64Array(length);
    cursor.readVarUints(target);
    return target;
  },
  writeVarUints: (cursor, length) => cursor.writeVarUints(Float64Array.from(random.slice(0, length), (n) => n * n)),
  crc32c: (cursor, length) => cursor.crc32c(random.slice(0, length)),
};

for (const [title, use] of Object.entries(arrays))
  auto(`${title} is the same on either side of a change of core, and failed calls move nothing`, () => {
    for (const length of [0, 1, 127, 128, 255, 256, 511, 512, 1023, 1024, 1025, 3000])
      for (const place of [0, 5, 24_500, SIZE - 1024, SIZE - 1023, SIZE, SIZE + 1, 2 ** 40]) {
        const run = (cursor: CoreCursor): unknown => use(cursor, length);
        const [found, wanted] = [outcome(autoCore({}), place, run), outcome(jsCore({}), place, run)] as unknown[][];
        assert.equal(found?.map(String), wanted?.map(String), `${length} at ${place}`);
      }
  });

auto("a closed cursor opens no other", () => {
  const window = new Window(new WebAssembly.Memory({ initial: 2 }), WINDOW_START, SIZE, {});
  const cursor = autoCore({}).open(window);
  cursor.close();
  assert.throws(
    () => cursor.readFloat16s(new Float32Array(1000), true),
    (error: unknown) => typeof error === "symbol",
  );
  cursor.close();
});
auto.run();
