// Modules that count their instructions: they do what they did, in all that the repository has and in random programs, and the
// count is that of a second, obvious way, which counts each instruction by itself.
import * as assert from "uvu/assert";
import { ModuleBinary, section } from "#src/module/binary.js";
import { withFuel } from "#src/module/fuel.js";
import { passInstruction } from "#src/module/instructions.js";
import { Reader } from "#src/module/reader.js";
import { appended, type Contents, joined, type Part, unsigned, withContents } from "#src/module/rewrite.js";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { Random } from "../support/random.js";
import { moduleOf, modules, mutant, named } from "./modules.js";
import { program } from "./program.js";

const seed = Number(process.env["WASM_SHM_SEED"] ?? Date.now() % 2 ** 31);
class Refused extends Error {}
const refuse = (reason: string): Error => new Refused(reason);

const FREE = new Set([0x00, 0x01, 0x02, 0x03, 0x05, 0x0b, 0x0f, 0x1a]);
const MEMORY_FILL = 0x10b;

/** Counts each instruction before it is executed, in a global that it exports as `n`: the length of memory.fill, too. */
function countedPlainly(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const module = new ModuleBinary(bytes, refuse);
  const index = unsigned(module.globals.length);
  const add = (value: readonly number[]): number[] => [0x23, ...index, ...value, 0x7c, 0x24, ...index];
  const bodies = [...module.bodies()].flatMap(({ start, code, end }): Part[] => {
    const reader = new Reader(bytes, code, end, "a function", refuse);
    const locals = new Reader(bytes, start, code, "its locals", refuse);
    const length = unsigned(1 + Number(module.types[0]?.parameters.length) - 1); // a local behind the one parameter
    const parts: Part[] = [unsigned(locals.u32() + 1), bytes.subarray(locals.position, code), [1, 0x7f]];
    while (!reader.done) {
      const at = reader.position;
      const opcode = passInstruction(reader);
      if (!FREE.has(opcode)) parts.push(add([0x42, 1]));
      if (opcode === MEMORY_FILL) parts.push([0x22, ...length], add([0x20, ...length, 0xad, 0x42, 3, 0x88]));
      parts.push(bytes.subarray(at, reader.position));
    }
    const body = joined(parts);
    return [unsigned(body.length), body];
  });
  const contents: Contents = new Map([
    [section.global, appended(module, section.global, [0x7e, 1, 0x42, 0, 0x0b])],
    [section.export, appended(module, section.export, [...named("n"), 3, ...index])],
    [section.code, [unsigned(module.functions.length), ...bodies]],
  ]);
  return withContents(module, contents);
}

type Exports = Record<string, (...values: number[]) => unknown> & { memory: WebAssembly.Memory };
type Global = WebAssembly.Global<"i64">;

const instantiate = (bytes: Uint8Array<ArrayBuffer>): Exports =>
  new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports;

const isTaken = (...instructions: number[]): boolean =>
  WebAssembly.validate(
    moduleOf([1, 1, 0x60, 0, 0], [3, 1, 0], [10, 1, instructions.length + 2, 0, ...instructions, 0x0b]),
  );
const features = { exceptions: isTaken(0x06, 0x40, 0x19, 0x0b), tailCalls: isTaken(0x12, 0) };

const fuel = suite("Fuel");

fuel(`random programs do what they did, and the count is exact (WASM_SHM_SEED=${seed})`, () => {
  const random = new Random(seed);
  let most = 0n;
  for (let round = 0; round < campaign(100, 3000); round++) {
    const bytes = program(random, features);
    const counted = withFuel(new ModuleBinary(bytes, refuse));
    const [plain, own, short, slow] = [bytes, counted.bytes, counted.bytes, countedPlainly(bytes)].map(instantiate) as [
      Exports,
      Exports,
      Exports,
      Exports,
    ];
    const [left, shortLeft, n] = [own[counted.fuel], short[counted.fuel], slow["n"]] as unknown as Global[] as [
      Global,
      Global,
      Global,
    ];
    for (const name of ["f0", "f1", "f2", "f3", "f4"]) {
      const value = random.word() | 0;
      const call = (exports: Exports): unknown => {
        (exports["loops"] as unknown as WebAssembly.Global<"i32">).value = 50;
        return exports[name]?.(value);
      };
      const before = n.value;
      const result = call(plain);
      assert.is(call(slow), result);
      const count = n.value - before;
      left.value = count;
      assert.is(call(own), result, `${round} ${name}`);
      assert.is(left.value, 0n, `${round} ${name}: ${count}`);
      if (count > most) most = count;
      shortLeft.value = count - 1n;
      try {
        call(short);
      } catch (error) {
        assert.match((error as Error).message, /unreachable/i);
      }
      assert.ok(shortLeft.value < 0n, `${round} ${name}: ${count} with one unit less`);
    }
    assert.equal(new Uint8Array(own.memory.buffer), new Uint8Array(plain.memory.buffer));
  }
  assert.ok(most > 1000n);
});

fuel(
  "every module of the repository is taken by the engine as before, and refused for what cannot be counted alone",
  () => {
    let taken = 0;
    for (const [path, bytes] of modules) {
      if (!WebAssembly.validate(bytes)) continue;
      try {
        const { bytes: counted, fuel: name, start } = withFuel(new ModuleBinary(bytes, refuse));
        const exported = WebAssembly.Module.exports(new WebAssembly.Module(counted));
        const before = WebAssembly.Module.exports(new WebAssembly.Module(bytes));
        const added = [{ name, kind: "global" }, ...(start === undefined ? [] : [{ name: start, kind: "function" }])];
        assert.equal(
          exported.map((each) => [each.name, each.kind]),
          [...before, ...added].map((each) => [each.name, each.kind]),
          path,
        );
        taken++;
      } catch (error) {
        assert.instance(error, Refused, `${path}: ${error}`);
        assert.match((error as Error).message, /garbage-collected|64-bit table/, path);
      }
    }
    assert.ok(taken > 40, `${taken}`);
  },
);

/** An instance whose imported functions return nothing; undefined if it imports more than those and a memory. */
function started(bytes: Uint8Array<ArrayBuffer>): Exports | undefined {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const imported of new ModuleBinary(bytes, refuse).imports) {
    imports[imported.module] ??= {};
    const values = imports[imported.module] as Record<string, WebAssembly.ImportValue>;
    if (imported.kind === "function") values[imported.name] = () => 0;
    else if (imported.kind !== "memory") return undefined;
    else {
      const { initial, maximum = 65_536, shared } = imported.memory;
      values[imported.name] = new WebAssembly.Memory({
        initial: Math.max(initial, 2),
        maximum: Math.min(maximum, 65_536),
        shared,
      });
    }
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  return {
    memory: Object.values(imports)
      .flatMap(Object.values)
      .find((each) => each instanceof WebAssembly.Memory),
    ...instance.exports,
  } as Exports;
}

fuel(`real modules return what they did, from any arguments (WASM_SHM_SEED=${seed})`, () => {
  const random = new Random(seed + 1);
  let called = 0;
  for (const path of ["build/core.wasm", "examples/guests/c/guest.wasm", "examples/guests/assemblyscript/guest.wasm"]) {
    const bytes = modules.get(path) as Uint8Array<ArrayBuffer>;
    const counted = withFuel(new ModuleBinary(bytes, refuse));
    for (let round = 0; round < campaign(2, 40); round++) {
      const [plain, own] = [started(bytes), started(counted.bytes)] as [Exports, Exports];
      const left = own[counted.fuel] as unknown as Global;
      left.value = 1_000_000n;
      if (counted.start !== undefined) own[counted.start]?.();
      let isSame = true;
      for (let calls = 0; calls < 60; calls++) {
        const name = random.of(Object.keys(plain).filter((key) => typeof plain[key] === "function"));
        const values = Array.from({ length: plain[name]?.length as number }, () =>
          random.of([0, 1, 8, 100, 65_536, 70_000, random.below(131_072), -1]),
        );
        const call = (exports: Exports): string => {
          try {
            return String(exports[name]?.(...values));
          } catch (error) {
            return String(error);
          }
        };
        left.value = 10_000_000n;
        const found = call(own);
        isSame = left.value >= 0n && !found.startsWith("RangeError");
        if (!isSame) break; // it might not end, or the stack ends elsewhere
        assert.is(found, call(plain), `${path} ${name}(${values})`);
        called++;
      }
      if (isSame && plain.memory && plain.memory.buffer.byteLength < 2 ** 24)
        assert.is(Buffer.compare(new Uint8Array(own.memory.buffer), new Uint8Array(plain.memory.buffer)), 0, path);
    }
  }
  assert.ok(called > 80, `${called}`);
});

fuel(`a damaged module that the engine takes is taken with its count (WASM_SHM_SEED=${seed})`, () => {
  const random = new Random(seed + 2);
  const small = [...modules.values()].filter(({ length }) => length < 100_000);
  let taken = 0;
  for (let round = 0; round < campaign(1000, 10_000); round++) {
    const bytes = mutant(random.oneIn(3) ? program(random, features) : random.of(small), random);
    if (!WebAssembly.validate(bytes)) continue;
    try {
      const { bytes: counted } = withFuel(new ModuleBinary(bytes, refuse));
      if (!WebAssembly.validate(counted))
        throw new Error(`not taken with its count: ${Buffer.from(bytes).toString("base64")}`);
      taken++;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
  assert.ok(taken > 10, `${taken}`);
});
fuel.run();
