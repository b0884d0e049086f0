// Damaged modules and random bytes: 6,000 of each, or 200,000 with WASM_SHM_LONG=1. Each is read whole or refused, in time
// that its length bounds; one that the engine takes is read as the engine reads it, and takes another memory.
import * as assert from "uvu/assert";
import { ModuleBinary } from "#src/module/binary.js";
import { dylinkOf, functionNames, globalNames, targetFeatures } from "#src/module/customs.js";
import { declaredOf } from "#src/module/declared.js";
import { fit, fitContents, type Room } from "#src/module/fit.js";
import { scan } from "#src/module/instructions.js";
import { memoryContents, memoryOf, withContents, withMemory } from "#src/module/rewrite.js";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { Random } from "../support/random.js";
import { built } from "./built.js";
import { HEADER, modules, mutant } from "./modules.js";

/** A window behind a reserve. */
const room: Room = {
  taken: [
    { start: 0, end: 65_536, what: "the core's page" },
    { start: 20 * 65_536, end: 21 * 65_536, what: "a window" },
  ],
  size: 22 * 65_536,
  grows: false,
};

class Refused extends Error {}
const refuse = (reason: string): Error => new Refused(reason);

const ROUNDS = campaign(6_000, 200_000);
const SLOWEST_MS = 2000; // for some kilobytes; most take 0.1 ms
const seed = Number(process.env["WASM_SHM_SEED"] ?? Date.now() % 2 ** 31);

/** Reads all of a module; whether it was one. */
function isRead(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    const module = new ModuleBinary(bytes, refuse);
    void [module.types, module.imports, module.functions, module.tables, module.memories, module.tags, module.start];
    void [module.globals, module.exports, module.elements, module.data];
    for (const { code, end } of module.bodies()) assert.ok(code <= end && end <= bytes.length);
    void [functionNames(module), globalNames(module), dylinkOf(module), targetFeatures(module)];
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return false;
  }
}

/** The engine takes the module: all of the following must hold. */
function checkValid(bytes: Uint8Array<ArrayBuffer>): void {
  assert.ok(isRead(bytes), "the engine takes a module that is refused");
  const module = new ModuleBinary(bytes, refuse);
  const compiled = new WebAssembly.Module(bytes);
  assert.equal(
    module.exports.map(({ name, kind }) => [name, kind]),
    WebAssembly.Module.exports(compiled).map(({ name, kind }) => [name, kind as string]),
  );
  let memory: ReturnType<typeof memoryOf>;
  try {
    memory = memoryOf(module, refuse);
  } catch (error) {
    assert.instance(error, Refused);
    return;
  }
  const found = scan(module); // knows each instruction that the engine knows
  if (!memory) return;
  const wanted = { shared: true, initial: 2, maximum: 65_536 };
  try {
    const declared = declaredOf(module, memory, found, () => 131_072n);
    const fitted = fit(declared, room, true, memory.initial, refuse);
    const contents = [...memoryContents(module, memory, wanted), ...fitContents(module, declared, fitted, found)];
    assert.ok(WebAssembly.validate(withContents(module, new Map(contents))));
  } catch (error) {
    assert.instance(error, Refused);
  }
  for (const shared of [true, false])
    assert.ok(WebAssembly.validate(withMemory(module, memory, { shared, initial: 2, maximum: 3 })));
}

const fuzz = suite("Damaged modules, read");

fuzz(`mutants, seed ${seed}`, () => {
  const random = new Random(seed);
  const stack = { imports: "plain", data: [[65_536, 9]], globals: { __stack_pointer: 65_536 } } as const;
  const made = [
    built(),
    built(stack),
    built({ ...stack, told: "stripped" }),
    built({ imports: "shared", copied: [65_536, 4] }),
  ];
  const all = [...modules.values(), ...made, ...made].filter(({ length }) => length < 50_000);
  let [valid, read] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = mutant(random.of(all), random);
    const start = performance.now();
    if (isRead(bytes)) read++;
    assert.ok(performance.now() - start < SLOWEST_MS);
    if (!WebAssembly.validate(bytes)) continue;
    checkValid(bytes);
    valid++;
  }
  console.log(`      ${ROUNDS} mutants: ${read} read, of which the engine takes ${valid}`);
  assert.ok(valid > 0 && read < ROUNDS);
});

fuzz(`random bytes, seed ${seed}`, () => {
  const random = new Random(seed);
  for (let round = 0; round < ROUNDS; round++) {
    const length = random.below(200);
    const bytes = Uint8Array.from({ length }, () => random.below(random.oneIn(2) ? 256 : 12));
    bytes.set(HEADER.slice(0, length));
    isRead(bytes);
  }
});

fuzz("every truncation of a module", () => {
  for (const [path, bytes] of modules)
    if (bytes.length < 3000)
      for (let length = 0; length < bytes.length; length++)
        assert.ok(isRead(bytes.slice(0, length)) || !WebAssembly.validate(bytes.slice(0, length)), path);
});

fuzz.run();
