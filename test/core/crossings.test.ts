// How often an operation of a cursor crosses into the core: twice at most, but for loops over parts of the scratch
// area. A call into WebAssembly costs some 4 ns, as much as the work of most operations. Each call is listed, so that a
// change shows.
import * as assert from "uvu/assert";
import type { CoreCursor } from "#src/core/core.js";
import { jsCore } from "#src/core/js.js";
import { wasmCore } from "#src/core/wasm.js";
import { openCursor } from "#src/cursor/cursor.js";
import { WINDOW_START } from "#src/memory/layout.js";
import { Window } from "#src/memory/window.js";
import { nativeText } from "#src/node.js";
import { suite } from "../suite.js";
import { atCursor } from "../support/operations.js";
import { code } from "../support/pairs.js";

const SIZE = 33_333; // bytes: three parts of the scratch area

/** What works on bytes in parts: calls in a loop. */
const loops = new Set([
  ...["crc32c", "crc32cOfScratch", "readReversed", "writeReversed", "readFloat16s", "writeFloat16s"],
  ...["readVarUints", "varUintsLength", "writeVarUints"],
]);

/**
 * Methods of the core's contract that an operation calls, and the exports that these call. Others call what has their
 * name.
 */
const expected: Record<string, [methods: string, exports: string]> = {
  reset: ["seek", "seek"],
  remaining: ["position", "position"],
  read: ["claim", "claim"],
  write: ["claim", "claim"],
  readExactly: ["take", "take"],
  writeAll: ["take", "take"],
  readChunk: ["", ""],
  readVarUintArray: ["peek readVarUints", "peek peek readVarUints"],
  writeVarUintArray: ["writeVarUints", "varUintsLength peek writeVarUints"],
  readFloat16Array: ["peek readFloat16s", "peek peek readFloat16s"],
  writeFloat16Array: ["peek writeFloat16s", "peek peek writeFloat16s"],
  readString: ["peek take", "peek take"],
  writeString: ["take", "take"],
  readCString: ["find take", "findNext take"],
  writeCString: ["take", "take"],
  readVarString: ["peek take", "peek take"],
  writeVarString: ["take", "take"],
  readVarInt32: ["readVarUint", "readVarUint"],
  readVarInt64: ["readBigVarUint", "readBigVarUint"],
  writeVarInt32: ["writeBigVarUint", "writeBigVarUint"],
  writeVarInt64: ["writeBigVarUint", "writeBigVarUint"],
  readFixedText: ["peek take", "peek take"],
  writeFixedText: ["peek take", "peek take"],
  readArray: ["peek readReversed", "peek peek readReversed"],
  readInto: ["peek readReversed", "peek peek readReversed"],
  writeArray: ["peek writeReversed", "peek peek writeReversed"],
  viewArray: ["peek take", "peek take"],
  readFrame: ["peek crc32c take", "peek take"], // an empty one
  writeFrame: ["peek crc32c take", "peek crc32cOfScratch take"],
  "readArray, in the machine's order": ["peek take", "peek take"],
  "readInto, in the machine's order": ["peek take", "peek take"],
  "writeArray, in the machine's order": ["take", "take"],
};

const operations: typeof atCursor = {
  ...atCursor,
  "readArray, in the machine's order": (cursor) => cursor.readArray(Uint8Array, 5),
  "readInto, in the machine's order": (cursor) => cursor.readInto(new Uint8Array(5)),
  "writeArray, in the machine's order": (cursor) => cursor.writeArray(new Uint8Array(5)),
};

type Methods = Record<string | symbol, unknown>;

/** An object whose methods, and whose `position`, note their names. */
function noting<T extends object>(target: T, calls: string[]): T {
  return new Proxy(target, {
    get(_, name) {
      const value = (target as Methods)[name];
      if (name === "position" && typeof value === "number") calls.push(name);
      if (typeof value !== "function") return value;
      return (...values: unknown[]) => {
        calls.push(String(name));
        return value.apply(target, values);
      };
    },
  });
}

const window = new Window(new WebAssembly.Memory({ initial: 2 }), WINDOW_START, SIZE, {});

/** A cursor of the wasm core whose calls of exports are noted. */
function overExports(calls: string[]): CoreCursor {
  const core = wasmCore({}).open(window) as CoreCursor & { exports: object };
  core.exports = noting({ ...core.exports }, calls); // of a copy: a proxy may not replace methods of a frozen object
  return core;
}

const subjects: [name: string, column: 0 | 1, open: (calls: string[]) => CoreCursor][] = [
  ["methods of the js core", 0, (calls) => noting(jsCore({}).open(window), calls)],
  ["methods of the wasm core", 0, (calls) => noting(wasmCore({}).open(window), calls)],
  ["exports of the wasm core", 1, overExports],
];

/** What the js core's cursor is asked instead: the elements of a short array are moved one by one. */
const shortByJs: Record<string, string> = { readArray: "peek take", writeArray: "take" };

for (const [name, column, open] of subjects) {
  const crossings = suite(`Crossings: ${name}`);
  const calls: string[] = [];
  const cursor = openCursor(open(calls), window, true, undefined);

  for (const [title, use] of Object.entries(operations))
    crossings(`${title} calls two at most outside a loop`, () => {
      window.bytes.fill(0);
      cursor.reset();
      calls.length = 0;
      use(cursor);
      const byJs = name === "methods of the js core" ? shortByJs[title] : undefined;
      assert.is(calls.join(" "), byJs ?? expected[title]?.[column] ?? title);
      assert.ok(calls.filter((call) => !loops.has(call)).length <= 2);
    });

  crossings("readFrame checks a payload in a loop", () => {
    cursor.reset();
    cursor.writeFrame(new Uint8Array(20_000));
    cursor.reset();
    calls.length = 0;
    cursor.readFrame();
    assert.is(calls.join(" "), ["peek crc32c take", "peek crc32cOfScratch crc32cOfScratch take"][column]);
  });

  crossings("a long array is a loop", () => {
    cursor.reset();
    calls.length = 0;
    cursor.readArray(Uint32Array, 8000, false);
    assert.is(calls.join(" "), ["peek readReversed", `peek peek${" readReversed".repeat(3)}`][column]);
  });

  crossings("an array that does not fit is refused before the loop", () => {
    cursor.reset();
    calls.length = 0;
    assert.throws(() => cursor.readArray(Uint32Array, 9000, false), code("ERR_SHM_OUT_OF_BOUNDS"));
    assert.is(calls.join(" "), "peek position"); // the position is for the message
  });
  crossings.run();
}

const native = nativeText();
const short = suite("Crossings: short text by native code");
if (!native) short.skip("are counted", "this engine has no native code for it that is right");
else
  for (const [name, coreOf] of Object.entries({ js: jsCore, wasm: wasmCore }))
    short(`of ASCII is one call of the ${name} core`, () => {
      const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
      const own = new Window(memory, WINDOW_START, SIZE, {}, undefined, {
        text: native,
        view: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      });
      const calls: string[] = [];
      const cursor = openCursor(noting(coreOf({}).open(own), calls), own, true, undefined);
      cursor.writeString("the first one prepares the window");
      for (const [use, expected] of [
        [() => cursor.writeString("sixteen letters."), "take"],
        [() => cursor.writeCString("text"), "take take"],
        [() => cursor.writeVarString("text"), "take"],
        [() => cursor.readString(16), "take"],
        [() => cursor.readFixedText(16), "peek take"],
        [() => cursor.writeString("Grüße"), "take take"],
      ] as const) {
        calls.length = 0;
        use();
        assert.is(calls.join(" "), expected);
      }
    });
short.run();
