// Modules whose memory is replaced: they run in the one that they are given, and are otherwise as they were.
import * as assert from "uvu/assert";
import { ModuleBinary as Module, type ModuleBinary } from "#src/module/binary.js";
import { memoryOf, signed, unsigned, withMemory } from "#src/module/rewrite.js";
import { suite } from "../suite.js";
import { moduleOf, modules, named } from "./modules.js";

const refuse = (reason: string): Error => new Error(reason);
const read = (bytes: Uint8Array): ModuleBinary => new Module(bytes, refuse);
const PAGE = 65_536;

/** An export "first" that returns the byte at 0, and the memory as "memory"; the rest of the module comes before. */
const loads = (...before: (readonly [id: number, ...content: number[]])[]): Uint8Array<ArrayBuffer> =>
  moduleOf(
    [1, 1, 0x60, 0, 1, 0x7f],
    ...before,
    [7, 2, ...named("first"), 0, 0, ...named("memory"), 2, 0],
    [10, 1, 7, 0, 0x41, 0, 0x2d, 0, 0, 0x0b],
  );
const memoryKinds = {
  "an own memory": loads([3, 1, 0], [5, 1, 1, 1, 1]),
  "an own memory without a maximum": loads([3, 1, 0], [5, 1, 0, 1]),
  "an imported memory": loads([2, 1, ...named("env"), ...named("memory"), 2, 0, 1], [3, 1, 0]),
  "an imported shared memory": loads([2, 1, ...named("env"), ...named("memory"), 2, 3, 1, 2], [3, 1, 0]),
};

const rewrite = suite("withMemory");

for (const [name, bytes] of Object.entries(memoryKinds))
  for (const shared of [false, true])
    rewrite(`${name} becomes ${shared ? "a shared" : "a plain"} one, which its export is`, async () => {
      const module = read(bytes);
      const found = memoryOf(module);
      assert.ok(found);
      const changed = withMemory(module, found, { shared, initial: 1, maximum: 65_536 });
      const memory = new WebAssembly.Memory({ initial: 3, maximum: 4, shared });
      new Uint8Array(memory.buffer)[0] = 7;
      const { instance } = await WebAssembly.instantiate(changed, { env: { memory } });
      const exports = instance.exports as { first(): number; memory: WebAssembly.Memory };
      assert.is(exports.first(), 7);
      assert.is(exports.memory, memory);
    });

for (const [path, bytes] of modules)
  rewrite(`${path} keeps all but its memory`, () => {
    const module = read(bytes);
    const memory = path.includes("memory-64") || path.includes("memory-second") ? undefined : memoryOf(module);
    if (!memory) return;
    const { initial, maximum = 65_536, shared } = memory;
    const changed = read(withMemory(module, memory, { initial, maximum, shared }));
    const sections = (of: ModuleBinary, ...not: number[]): string[] =>
      of.sections.flatMap(({ id, start, end }) =>
        not.includes(id) ? [] : [Buffer.from(of.bytes.subarray(start, end)).toString("hex")],
      );
    assert.equal(sections(changed, 2), sections(module, 2, 5));
    assert.equal(
      changed.imports.filter(({ kind }) => kind !== "memory").map(({ name }) => name),
      module.imports.filter(({ kind }) => kind !== "memory").map(({ name }) => name),
    );
    assert.is(memoryOf(changed)?.imported?.kind, "memory");
    if (WebAssembly.validate(bytes)) assert.ok(WebAssembly.validate(changed.bytes as Uint8Array<ArrayBuffer>));
  });

rewrite("names several memories, 64-bit ones and other pages", () => {
  const refuses = (text: string, limits: number[], count = 1): void =>
    assert.throws(() => memoryOf(read(moduleOf([5, count, ...limits]))), new RegExp(text));
  refuses("2 memories", [0, 1, 0, 1], 2);
  refuses("memory64", [4, 1]);
  refuses("pages of 1 bytes", [8, 1, 0]);
  assert.is(memoryOf(read(moduleOf())), undefined);
});

rewrite("numbers in LEB128", () => {
  for (const value of [0, 1, 127, 128, PAGE, 2 ** 31, 2 ** 32 - 1]) {
    const [limit] = read(moduleOf([5, 1, 0, ...unsigned(value)])).memories;
    assert.is(limit?.initial, value);
  }
  for (const value of [0n, 1n, -1n, 63n, 64n, -64n, -65n, 65_536n, 2n ** 31n - 1n, -(2n ** 31n)]) {
    const [global] = read(moduleOf([6, 1, 0x7f, 0, 0x41, ...signed(value), 0x0b])).globals;
    assert.is(global?.constant.integer?.value, value);
  }
});

rewrite("goes behind the types and custom sections, also in a module without imports", () => {
  const custom = [0, ...named("first")] as const;
  const module = read(moduleOf(custom, [1, 0], [5, 1, 0, 1], [0, ...named("last")]));
  const memory = memoryOf(module);
  assert.ok(memory);
  const changed = read(withMemory(module, memory, { shared: true, initial: 1, maximum: 1 }));
  assert.equal(
    changed.sections.map(({ id, name }) => `${id}${name}`),
    ["0first", "1", "2", "0last"],
  );
});

rewrite.run();
