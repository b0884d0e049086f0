// Random WebAssembly modules that engines accept: functions of every type that compute, load and store anywhere, grow memory and
// tables, call each other and an import, loop and trap.
import { name, number, section, vector } from "../sandbox/processes.js";
import type { Random } from "../support/random.js";

const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const F64 = 0x7c;
const TYPES = [I32, I64, F32, F64];
type Type = number;

interface Signature {
  readonly parameters: readonly Type[];
  readonly result: Type;
}

function signed(value: bigint): number[] {
  const low = Number(value & 127n);
  const rest = value >> 7n;
  const isLast = (rest === 0n && low < 64) || (rest === -1n && low >= 64);
  return isLast ? [low] : [low | 128, ...signed(rest)];
}

/** Binary operations of each type: the first opcode, and how many follow one another. */
const BINARY = new Map([
  [I32, [0x6a, 15]],
  [I64, [0x7c, 15]],
  [F32, [0x92, 7]],
  [F64, [0xa0, 7]],
] as const);
const LOAD = new Map([
  [I32, 0x28],
  [I64, 0x29],
  [F32, 0x2a],
  [F64, 0x2b],
]);
const STORE = new Map([
  [I32, 0x36],
  [I64, 0x37],
  [F32, 0x38],
  [F64, 0x39],
]);

class Coder {
  readonly #random: Random;
  readonly #functions: readonly Signature[];
  readonly #locals: readonly Type[];
  #budget = 400; // instructions

  constructor(random: Random, functions: readonly Signature[], locals: readonly Type[]) {
    this.#random = random;
    this.#functions = functions;
    this.#locals = locals;
  }

  /** Code that leaves a value of the type. */
  value(type: Type, depth: number): number[] {
    const random = this.#random;
    if (depth > 5 || this.#budget-- < 0) return this.#constant(type);
    switch (random.below(9)) {
      case 0:
        return this.#constant(type);
      case 1: {
        const places = this.#locals.flatMap((local, index) => (local === type ? [index] : []));
        return places.length === 0 ? this.#constant(type) : [0x20, ...number(random.of(places))];
      }
      case 2:
        return [...this.#address(depth), LOAD.get(type) as number, 0, ...number(this.#offset())];
      case 3:
        return [0x02, type, ...this.statement(depth + 1), ...this.value(type, depth + 1), 0x0b];
      case 4:
        return [
          ...this.value(I32, depth + 1),
          ...[0x04, type, ...this.value(type, depth + 1), 0x05, ...this.value(type, depth + 1), 0x0b],
        ];
      case 5: {
        const callees = this.#functions.flatMap(({ result }, index) => (result === type ? [index] : []));
        if (callees.length === 0) return this.#constant(type);
        const callee = random.of(callees);
        const { parameters } = this.#functions[callee] as Signature;
        return [...parameters.flatMap((each) => this.value(each, depth + 1)), 0x10, ...number(callee)];
      }
      case 6:
        if (type !== I32) return this.#constant(type);
        return random.oneIn(2)
          ? [...this.value(I32, depth + 1), 0x40, 0] // memory.grow
          : [0xd0, 0x70, ...this.value(I32, depth + 1), 0xfc, 15, 0]; // table.grow
      default: {
        const [first, count] = BINARY.get(type as 0x7f) as readonly [number, number];
        return [...this.value(type, depth + 1), ...this.value(type, depth + 1), first + random.below(count)];
      }
    }
  }

  /** Code that leaves nothing. */
  statement(depth: number): number[] {
    const random = this.#random;
    if (depth > 5 || this.#budget-- < 0) return [0x01];
    switch (random.below(8)) {
      case 0: {
        const local = random.below(this.#locals.length);
        return [...this.value(this.#locals[local] as Type, depth + 1), 0x21, ...number(local)];
      }
      case 1:
      case 2: {
        const type = random.of(TYPES);
        const store = [STORE.get(type) as number, 0, ...number(this.#offset())];
        return [...this.#address(depth), ...this.value(type, depth + 1), ...store];
      }
      case 3:
        return [
          0x03,
          0x40,
          ...this.statement(depth + 1),
          ...(random.oneIn(3) ? this.value(I32, depth + 1) : [0x41, 0]),
          0x0d,
          0,
          0x0b,
        ]; // may never end
      case 4:
        return [...this.#address(depth), ...this.value(I32, depth + 1), ...this.#address(depth), 0xfc, 11, 0];
      case 5:
        return [...this.#address(depth), ...this.#address(depth), ...this.#address(depth), 0xfc, 10, 0, 0];
      case 6:
        return random.oneIn(60) ? [0x00] : [...this.value(random.of(TYPES), depth + 1), 0x1a];
      default:
        return [...this.statement(depth + 1), ...this.statement(depth + 1)];
    }
  }

  #constant(type: Type): number[] {
    const random = this.#random;
    const small = random.oneIn(2) ? BigInt(random.below(1000)) : BigInt(random.word() | 0);
    if (type === I32) return [0x41, ...signed(BigInt.asIntN(32, small))];
    if (type === I64) return [0x42, ...signed((small * (random.oneIn(2) ? 1n : 4294967297n)) % 2n ** 62n)];
    return [type === F32 ? 0x43 : 0x44, ...Array.from({ length: type === F32 ? 4 : 8 }, () => random.below(256))];
  }

  /** Mostly in its own first page, or in the window behind it; else anywhere. */
  #address(depth: number): number[] {
    const random = this.#random;
    if (random.oneIn(12)) return this.value(I32, depth + 1);
    return [0x41, ...signed(BigInt(random.below(random.oneIn(8) ? 3 * 65_536 : 32_768)))];
  }

  #offset(): number {
    return this.#random.oneIn(50) ? this.#random.word() : this.#random.below(4096);
  }
}

/** A random module. It exports its functions as f0, f1, …, and imports env.memory and host.callback. */
export function generate(random: Random): { wasm: Uint8Array<ArrayBuffer>; functions: readonly Signature[] } {
  const types = (): Type[] => Array.from({ length: random.below(4) }, () => random.of(TYPES));
  const imported: Signature = { parameters: [I32], result: I32 };
  const own = Array.from({ length: 1 + random.below(6) }, () => ({ parameters: types(), result: random.of(TYPES) }));
  const all = [imported, ...own];
  const bodies = own.map(({ parameters, result }) => {
    const locals = [I32, ...types()];
    const coder = new Coder(random, all, [...parameters, ...locals]);
    const code = [
      ...Array.from({ length: random.below(6) }, () => coder.statement(0)).flat(),
      ...coder.value(result, 0),
    ];
    const body = [...vector(locals.map((type) => [1, type])), ...code, 0x0b];
    return [...number(body.length), ...body];
  });
  const wasm = Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(
      1,
      vector(all.map(({ parameters, result }) => [0x60, ...vector(parameters.map((type) => [type])), 1, result])),
    ),
    ...section(
      2,
      vector([
        [...name("env"), ...name("memory"), 2, 0, 1],
        [...name("host"), ...name("callback"), 0, 0],
      ]),
    ),
    ...section(3, vector(own.map((_, index) => number(index + 1)))),
    ...section(4, vector([[0x70, 0, ...number(random.below(100))]])),
    ...section(7, vector(own.map((_, index) => [...name(`f${index}`), 0, ...number(index + 1)]))),
    ...section(10, vector(bodies)),
  ]);
  return { wasm, functions: own };
}
