// The guests themselves, of examples/guests and test/fixtures/hostile: that the committed binaries are what the sources
// build, that the useful guests answer as plain JavaScript does, and that the hostile ones do what they are there for.
// They run in a plain memory here; the other tests in this folder run them over segments.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { toolNode } from "../support/engine.js";
import { randomBytes } from "../support/pairs.js";
import { guestFile } from "./sandboxes.js";

type Call = (...values: unknown[]) => unknown;
type Exports = Record<string, Call>;

const PAGE = 65536;
const fixtures = `${root}test/fixtures/hostile`;
const read = (path: string) => readFileSync(guestFile(path));

function instantiate(path: string, pages = 32): { memory: WebAssembly.Memory; exports: Exports } {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 4096 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(read(path)), { env: { memory } });
  return { memory, exports: instance.exports as Exports };
}

const building = suite("The guests' binaries");
const hostile = readdirSync(fixtures)
  .filter((file) => file.endsWith(".wat"))
  .map((file) => `hostile/${file.replace(".wat", ".wasm")}`);
const built = mkdtempSync(join(tmpdir(), "wasm-shm-"));
process.on("exit", () => rmSync(built, { recursive: true }));
const build = run(toolNode, [`${root}tools/guests.js`, "--out", built]);

building("are built", () => {
  assert.is(build.code, 0, build.stderr);
});

building("of the hostile guests all have a source", () => {
  const committed = readdirSync(fixtures).filter((file) => file.endsWith(".wasm"));
  assert.equal(committed.map((file) => `hostile/${file}`).sort(), hostile.sort());
});

for (const file of ["assemblyscript/guest.wasm", "assemblyscript/pixels.wasm", "c/guest.wasm", ...hostile]) {
  const skipped = new RegExp(`^skipped ${file}: (.*)$`, "m").exec(build.stdout)?.[1];
  const title = `${file} is what its source builds, byte for byte`;
  if (skipped !== undefined) building.skip(title, skipped);
  else building(title, () => assert.ok(readFileSync(join(built, file)).equals(read(file)), build.stdout));
}

building("are small", () => {
  for (const file of ["assemblyscript/guest.wasm", "assemblyscript/pixels.wasm", "c/guest.wasm", ...hostile])
    assert.ok(read(file).length < 16 * 1024, `${file}: ${read(file).length} bytes`);
});
building.run();

/** A guest, with room in its memory that its heap does not use: made in the two ways in which a sandbox places windows. */
const guests: Record<string, (bytes: number) => { exports: Exports; memory: WebAssembly.Memory; start: number }> = {
  assemblyscript(bytes) {
    const { exports, memory } = instantiate("assemblyscript/guest.wasm");
    exports["__new"]?.(16, 0); // the first allocation takes all memory there is; what is grown later is not the heap's
    return { exports, memory, start: memory.grow(Math.ceil(bytes / PAGE)) * PAGE };
  },
  c(bytes) {
    const { exports, memory } = instantiate("c/guest.wasm");
    exports["_initialize"]?.();
    return { exports, memory, start: exports["malloc"]?.(bytes) as number };
  },
};

const text = `${readFileSync(`${root}README.md`, "utf8")}\u3000naïve\u0085名前\u2003\u{1f4a5}\u00a0end`;
const wordsOf = (words: string): string[] => words.match(/\P{White_Space}+/gu) ?? [];
const SIZE = 70_001; // bytes: not whole pages, words or vectors

for (const [name, open] of Object.entries(guests)) {
  const guest = suite(`The ${name} guest`);

  /** Runs a function of the guest over these bytes, at an odd multiple of 16, and returns the bytes after it. */
  function over(
    input: Uint8Array,
    outputLength: number,
    use: (exports: Exports, input: number, output: number) => void,
  ) {
    const gap = 16;
    const padded = Math.ceil(input.length / 16) * 16;
    const { exports, memory, start } = open(padded + outputLength + 3 * gap);
    const at = start + gap;
    const outputAt = at + padded + gap;
    const whole = (): Uint8Array => new Uint8Array(memory.buffer, start, padded + outputLength + 3 * gap);
    whole().fill(0xa5);
    new Uint8Array(memory.buffer).set(input, at);
    use(exports, at, outputAt);
    const after = whole();
    const outside = [
      after.subarray(0, gap),
      after.subarray(gap + input.length, outputAt - start),
      after.subarray(-gap),
    ];
    for (const bytes of outside) assert.ok(bytes.every((byte) => byte === 0xa5));
    return {
      input: after.slice(gap, gap + input.length),
      output: after.slice(outputAt - start, outputAt - start + outputLength),
    };
  }

  guest("imports env.memory and nothing else", () => {
    const module = new WebAssembly.Module(read(`${name}/guest.wasm`));
    assert.equal(WebAssembly.Module.imports(module), [{ module: "env", name: "memory", kind: "memory" }]);
  });

  guest("histogram counts each byte's value", () => {
    for (const length of [0, 1, 3, 4, SIZE]) {
      const bytes = randomBytes(length);
      const expected = new Uint32Array(256);
      for (const byte of bytes) expected[byte] = (expected[byte] as number) + 1;
      const { input, output } = over(bytes, 1024, (exports, at, outputAt) => {
        exports["histogram"]?.(at, length, outputAt + 0);
        exports["histogram"]?.(at, length, outputAt); // starts at zero again
      });
      assert.equal(new Uint32Array(output.buffer), expected);
      assert.equal(input, new Uint8Array(bytes));
    }
  });

  guest("grayscale is Rec. 601's luma, and keeps alpha", () => {
    for (const length of [0, 4, 12, 4 * 4099]) {
      const pixels = randomBytes(length);
      const expected = new Uint8Array(length);
      for (let at = 0; at < length; at += 4) {
        const [red, green, blue, alpha] = pixels.subarray(at, at + 4) as unknown as [number, number, number, number];
        const luma = Math.floor((77 * red + 150 * green + 29 * blue + 128) / 256);
        expected.set([luma, luma, luma, alpha], at);
      }
      const { output } = over(pixels, length, (exports, at, outputAt) => exports["grayscale"]?.(at, length, outputAt));
      assert.equal(output, expected);
    }
  });

  guest("sumFloats adds as f64 does", () => {
    for (const length of [0, 1, 7, 8, 9, 4099]) {
      const floats = Float32Array.from({ length }, (_, index) => Math.sin(index) * 1e6);
      const sum = floats.reduce((total, float) => total + float, 0);
      over(new Uint8Array(floats.buffer), 0, (exports, at) => {
        const found = exports["sumFloats"]?.(at, 4 * length) as number;
        assert.ok(Math.abs(found - sum) < 1e-4, `${found}, not ${sum}`);
      });
    }
  });

  guest("invert flips every bit in place", () => {
    for (const length of [0, 1, 63, 64, 65, SIZE]) {
      const bytes = randomBytes(length);
      const { input } = over(bytes, 0, (exports, at) => exports["invert"]?.(at, length));
      assert.equal(
        input,
        Uint8Array.from(bytes, (byte) => ~byte),
      );
    }
  });

  guest("countWords agrees with Unicode's White_Space", () => {
    for (const some of ["", " ", "one", " two words ", text.slice(0, 1000), text]) {
      const bytes = new TextEncoder().encode(some);
      const words = wordsOf(some);
      over(bytes, 16, (exports, at) => {
        assert.is(exports["countWords"]?.(at, bytes.length), words.length);
        assert.is(exports["distinctWords"]?.(), new Set(words).size);
      });
    }
  });

  guest("occurrences finds a word of the last text", () => {
    const bytes = new TextEncoder().encode(text);
    over(bytes, 0, (exports, at) => {
      exports["countWords"]?.(at, bytes.length);
      const where = bytes.indexOf(0x23); // README.md begins with "# "
      const hashes = wordsOf(text).filter((word) => word === "#").length;
      assert.is(exports["occurrences"]?.(at + where, 1), hashes);
      assert.is(exports["occurrences"]?.(at + where, 2), 0); // "# " is not a word
    });
  });

  guest("churn grows the heap, and stores nothing outside it", () => {
    const { exports, memory, start } = open(SIZE);
    new Uint8Array(memory.buffer, start, SIZE).fill(0xa5);
    const before = memory.buffer.byteLength;
    assert.is(exports["churn"]?.(10_000_000), 10_000_000);
    assert.ok(memory.buffer.byteLength > before);
    assert.is(exports["churn"]?.(10_000_000), 10_000_000);
    assert.ok(memory.buffer.byteLength < 64 * 2 ** 20, "what it dropped is used again");
    assert.ok(new Uint8Array(memory.buffer, start, SIZE).every((byte) => byte === 0xa5));
  });
  guest.run();
}

const attacks = suite("The hostile guests");
const AT = 64;

attacks("store, by every instruction that stores", () => {
  const { memory, exports } = instantiate("hostile/stores.wasm");
  const bytes = new Uint8Array(memory.buffer);
  assert.is(Object.keys(exports).length, 73);
  for (const [name, store] of Object.entries(exports)) {
    bytes.fill(0x3c, 0, 256);
    store(AT, 16);
    const changed = [...bytes.subarray(0, 256).entries()].filter(([, byte]) => byte !== 0x3c).map(([index]) => index);
    assert.ok(changed.length > 0 && changed.every((index) => index >= AT && index < AT + 16), `${name}: ${changed}`);
  }
});

attacks("load, by every instruction that loads", () => {
  const { memory, exports } = instantiate("hostile/loads.wasm");
  new Uint8Array(memory.buffer).fill(0x3c, AT, AT + 16);
  assert.is(Object.keys(exports).length, 39);
  for (const [name, load] of Object.entries(exports)) assert.ok(load(AT, 16), name);
});

attacks("trap, each in its way", () => {
  const { answer, ...traps } = instantiate("hostile/traps.wasm").exports;
  assert.is(answer?.(), 42);
  for (const [name, trap] of Object.entries(traps))
    assert.throws(
      () => trap(name === "remainderByZero" ? 1n : 1),
      (error: unknown) => error instanceof WebAssembly.RuntimeError,
      name,
    );
});

attacks("use up what they are given: stack, memory and table", () => {
  const { recurse, recurseIndirect, recurseTo } = instantiate("hostile/recursion.wasm").exports;
  for (const call of [recurse, recurseIndirect]) assert.throws(() => call?.(0), /Maximum call stack size exceeded/);
  assert.is(recurseTo?.(1000), 1000);
  const grow = instantiate("hostile/grow.wasm", 4090).exports;
  assert.is(grow["growBomb"]?.(), 6);
  assert.is(grow["grow"]?.(1), -1);
  const table = instantiate("hostile/table.wasm").exports;
  assert.is(table["growTable"]?.(1), 1);
});

attacks("reach Function if the imports are a plain object: a sandbox must not pass one on", () => {
  const module = new WebAssembly.Module(read("hostile/import-prototype.wasm"));
  const env = { memory: new WebAssembly.Memory({ initial: 1 }) };
  const { escape: makeFunction } = new WebAssembly.Instance(module, { env }).exports as { escape: Call };
  assert.type(makeFunction(), "function");
  const imports = Object.assign(Object.create(null), { env: Object.assign(Object.create(null), env) });
  assert.throws(() => new WebAssembly.Instance(module, imports), /__proto__|constructor/);
});

attacks("have exports of every kind, under every name", () => {
  const { exports } = instantiate("hostile/exports.wasm");
  assert.equal(exports["several"]?.(), [1, 2n, 3]);
  assert.is(exports["i64"]?.(-1n), -1n);
  for (const name of ["v128Parameter", "v128Result"]) assert.throws(() => exports[name]?.(0), /type incompatibility/);
  for (const name of ["", "then", "__proto__", "constructor", "two words", "naïve 💥"])
    assert.is(exports[name]?.(), 42, name);
});
attacks.run();
