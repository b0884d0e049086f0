// What is read of a module, compared with what the engine says of it.
import * as assert from "uvu/assert";
import { ModuleBinary } from "#src/module/binary.js";
import { dylinkOf, functionNames, globalNames, targetFeatures } from "#src/module/customs.js";
import { joined, sectionOf } from "#src/module/rewrite.js";
import { suite } from "../suite.js";
import { HEADER, moduleOf, modules, named } from "./modules.js";

class Refused extends Error {}
const read = (bytes: Uint8Array): ModuleBinary => new ModuleBinary(bytes, (reason) => new Refused(reason));
const refuses = (text: string, bytes: Uint8Array, use: (module: ModuleBinary) => unknown = (module) => module): void =>
  assert.throws(
    () => use(read(bytes)),
    (error: unknown) => {
      assert.instance(error, Refused);
      assert.match((error as Error).message, text);
      return true;
    },
  );

const binary = suite("ModuleBinary");

for (const [path, bytes] of modules)
  binary(`reads ${path} as the engine does`, async () => {
    const module = read(bytes);
    const isCompiled = WebAssembly.validate(bytes);
    const { imports, exports, types, functions, data } = module;
    if (isCompiled) {
      const compiled = await WebAssembly.compile(bytes);
      const listed = imports.map(({ module: from, name, kind }) => ({ module: from, name, kind }));
      const engines = WebAssembly.Module.imports(compiled).map(({ module: from, name, kind }) => ({
        module: from,
        name,
        kind: kind as string,
      }));
      assert.equal(listed, engines);
      assert.equal(
        exports.map(({ name, kind }) => ({ name, kind })),
        WebAssembly.Module.exports(compiled).map(({ name, kind }) => ({ name, kind: kind as string })),
      );
    }
    assert.is([...module.bodies()].length, functions.length);
    for (const type of functions) assert.ok(type < types.length);
    for (const { start, end } of data) assert.ok(start <= end && end <= bytes.length);
    void [module.globals, module.elements, module.start, module.tables, module.memories, module.tags];
  });

binary("a table of tables: limits, initialisers, 64 bits", () => {
  const { tables } = read(moduleOf([4, 3, 0x70, 0, 1, 0x40, 0, 0x70, 1, 2, 3, 0xd0, 0x70, 0x0b, 0x6f, 5, 4, 0x80, 1]));
  assert.equal(
    tables.map(({ element, initial, maximum, is64, constant }) => [element, initial, maximum, is64, !constant]),
    [
      [0x70, 1, undefined, false, true],
      [0x70, 2, 3, false, false],
      [0x6f, 4, 128, true, true],
    ],
  );
});

binary("memories: shared, 64-bit, with pages of other sizes", () => {
  const { memories } = read(moduleOf([5, 4, 0, 1, 3, 1, 2, 4, 1, 9, 1, 2, 0]));
  assert.equal(
    memories.map(({ initial, maximum, shared, is64, pageSize }) => [initial, maximum, shared, is64, pageSize]),
    [
      [1, undefined, false, false, 65_536],
      [1, 2, true, false, 65_536],
      [1, undefined, false, true, 65_536],
      [1, 2, false, false, 1],
    ],
  );
});

binary("integers of globals: constants, sums of an imported global, and others that are not known", () => {
  const i32 = (...code: number[]): number[] => [0x7f, 0, ...code, 0x0b];
  const { globals } = read(
    moduleOf([
      6,
      7,
      ...i32(0x41, 0x80, 0x80, 0x04), // 65536
      ...i32(0x41, 0x7f), // -1
      ...i32(0x23, 0, 0x41, 8, 0x6a), // global 0 + 8
      ...i32(0x41, 3, 0x41, 4, 0x6c, 0x41, 2, 0x6b), // 3 * 4 - 2
      ...i32(0x23, 0, 0x41, 2, 0x6c), // global 0 * 2
      ...i32(0x23, 0, 0x23, 0, 0x6a), // twice global 0
      ...[0x7c, 1, 0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x0b], // f64 1
    ]),
  );
  assert.equal(
    globals.map(({ constant: { integer } }) => integer && [integer.value, integer.global]),
    [[65_536n, undefined], [-1n, undefined], [8n, 0], [10n, undefined], undefined, undefined, undefined],
  );
  assert.equal(
    globals.map(({ mutable }) => mutable),
    [false, false, false, false, false, false, true],
  );
});

binary("an index of a type, a function or a global that it lacks is refused wherever it is read", () => {
  const type = [1, 1, 0x60, 0, 0] as const;
  const one = [3, 1, 0] as const;
  refuses("section 2 has the index 1 of 1 types", moduleOf(type, [2, 1, 0, 0, 0, 1]), ({ imports }) => imports);
  refuses("section 3 has the index 1 of 1 types", moduleOf(type, [3, 1, 1]), ({ functions }) => functions);
  refuses("section 13 has the index 1 of 1 types", moduleOf(type, [13, 1, 0, 1]), ({ tags }) => tags);
  refuses("section 6 has the index 1 of 1 types", moduleOf(type, [6, 1, 0x63, 1, 0, 0xd0, 1, 0x0b]), (m) => m.globals);
  refuses("the index 1 of 1 functions", moduleOf(type, one, [6, 1, 0x70, 0, 0xd2, 1, 0x0b]), (m) => m.globals);
  refuses("the index 1 of 1 functions", moduleOf(type, one, [7, 1, 0, 0, 1]), (m) => m.exports);
  refuses("the index 0 of 0 globals", moduleOf(type, one, [7, 1, 0, 3, 0]), (m) => m.exports);
  refuses("the index 1 of 1 functions", moduleOf(type, one, [8, 1]), (m) => m.start);
  refuses("the index 2 of 1 functions", moduleOf(type, one, [9, 1, 1, 0, 1, 2]), (m) => m.elements);
  refuses("the index 9 of 1 types", moduleOf(type, one, [10, 1, 5, 1, 1, 0x63, 9, 0x0b]), (m) => [...m.bodies()]);
});

binary("segments: active, passive, of a memory; elements of every form", () => {
  const zero = [0x41, 0, 0x0b];
  const { data, elements } = read(
    moduleOf(
      [1, 1, 0x60, 0, 0],
      [3, 1, 0],
      [
        9,
        8,
        ...[0, ...zero, 1, 0],
        ...[1, 0, 1, 0],
        ...[2, 1, ...zero, 0, 2, 0, 0],
        ...[3, 0, 0],
        ...[4, ...zero, 1, 0xd2, 0, 0x0b],
        ...[5, 0x70, 1, 0xd0, 0x70, 0x0b],
        ...[6, 2, ...zero, 0x70, 0],
        ...[7, 0x70, 0],
      ],
      [11, 3, 0, 0x41, 0x10, 0x0b, 2, 1, 2, 1, 1, 9, 2, 3, 0x41, 0, 0x0b, 0],
    ),
  );
  assert.equal(
    elements.map(({ mode, table, count }) => [mode, table, count]),
    [
      ["active", 0, 1],
      ["passive", 0, 1],
      ["active", 1, 2],
      ["declared", 0, 0],
      ["active", 0, 1],
      ["passive", 0, 1],
      ["active", 2, 0],
      ["declared", 0, 0],
    ],
  );
  assert.equal(
    data.map(({ offset, memory, start, end }) => [offset?.integer?.value, memory, end - start]),
    [
      [16n, 0, 2],
      [undefined, 0, 1],
      [0n, 3, 0],
    ],
  );
});

binary("garbage-collected types have no parameters, and count", () => {
  const group = [0x4e, 2, 0x60, 0, 0, 0x50, 0, 0x5f, 1, 0x77, 1];
  const { types } = read(moduleOf([1, 3, ...group, 0x5e, 0x64, 0x70, 0, 0x60, 1, 0x63, 0x6e, 1, 0x7c]));
  assert.equal(
    types.map((type) => type?.parameters.length),
    [0, undefined, undefined, 1],
  );
});

binary("names, features and what a shared library needs; damaged custom sections count as absent", () => {
  const names = [...named("name"), 1, 4, 1, 0, ...named("f"), 7, 18, 1, 2, ...named("__stack_pointer")];
  const dylink = [...named("dylink.0"), 1, 4, 100, 4, 2, 0, 2, 4, 1, ...named("ab")];
  const features = [...named("target_features"), 2, 0x2b, ...named("atomics"), 0x2d, ...named("simd128")];
  const module = read(moduleOf([0, ...names], [0, ...dylink], [0, ...features]));
  assert.equal([...functionNames(module)], [[0, "f"]]);
  assert.equal([...globalNames(module)], [[2, "__stack_pointer"]]);
  assert.equal(dylinkOf(module), {
    memorySize: 100,
    memoryAlignment: 16,
    tableSize: 2,
    tableAlignment: 1,
    needed: ["ab"],
  });
  assert.equal([...targetFeatures(module)], ["atomics"]);
  const damaged = read(moduleOf([0, ...named("dylink.0"), 1, 99], [0, ...named("name"), 7, 2, 0xff, 0xff]));
  assert.is(dylinkOf(damaged), undefined);
  assert.is(globalNames(damaged).size, 0);
  assert.is(targetFeatures(damaged).size, 0);
});

binary("refuses what is not a module, and says where", () => {
  refuses("ends too early, at byte 0", Uint8Array.of());
  refuses("not the header", Uint8Array.of(...HEADER.slice(0, 4), 2, 0, 0, 0));
  refuses("the module ends too early", Uint8Array.of(...HEADER, 1, 5, 0));
  refuses("an unknown section, 14,", moduleOf([14]));
  refuses("section 1 out of order", moduleOf([1, 0], [1, 0]));
  refuses("section 6 out of order", moduleOf([7, 0], [6, 0]));
  refuses("a number of more than 32 bits", Uint8Array.of(...HEADER, 1, 0xff, 0xff, 0xff, 0xff, 0x1f));
  refuses("1 bytes too many", moduleOf([1, 0, 0]), ({ types }) => types);
  refuses("in too few bytes", moduleOf([1, 0x80, 0x80, 4]), ({ types }) => types);
  refuses("more than the 1000000", moduleOf([2, 0xff, 0xff, 0xff, 0x7f]), ({ imports }) => imports);
  refuses("not UTF-8", moduleOf([7, 1, 1, 0xff, 0, 0]), (module) => module.exports);
  refuses("more than 50000 locals", moduleOf([10, 1, 6, 1, 0xd1, 0x86, 3, 0x7f, 0x0b]), (module) => [
    ...module.bodies(),
  ]);
  refuses("not constant, 0x10,", moduleOf([6, 1, 0x7f, 0, 0x10, 0, 0x0b]), ({ globals }) => globals);
});

binary("many sections, types and names cost no more than their bytes", () => {
  const empty = Array.from({ length: 100_001 }, () => [0, 1, 0]);
  refuses("more than 100000 sections", joined([HEADER, ...empty]));
  assert.is(read(groupOf(300_000)).types.length, 300_000);
});

/** A module with one group of so many types. */
function groupOf(count: number): Uint8Array<ArrayBuffer> {
  const sizes = [(count & 0x7f) | 0x80, ((count >> 7) & 0x7f) | 0x80, count >> 14];
  const types = new Uint8Array(3 * count);
  for (let index = 0; index < types.length; index += 3) types[index] = 0x60;
  return joined([HEADER, ...sectionOf(1, [[1, 0x4e, ...sizes], types])]);
}

binary.run();
