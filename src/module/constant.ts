// The constant expressions that globals and segments begin with.
// https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
import type { Reader } from "./reader.js";
import { most } from "./types.js";

/** An integer that a module declares: `value`, added to an imported or an earlier global if there is one. */
export interface Integer {
  readonly value: bigint;
  /** Index of that global. */
  readonly global: number | undefined;
}

export interface Constant {
  /** Undefined if it is not an integer, or not one that can be known before the module runs. */
  readonly integer: Integer | undefined;
  /** Where its instructions are in the module, without the last one (`end`): bytes. */
  readonly start: number;
  readonly end: number;
}

const END = 0x0b;
const GLOBAL_GET = 0x23;
const I32_CONST = 0x41;
const I64_CONST = 0x42;
const F32_CONST = 0x43;
const F64_CONST = 0x44;
const REF_NULL = 0xd0;
const REF_FUNC = 0xd2;
const GARBAGE_COLLECTED = 0xfb;
const VECTOR = 0xfd;
const V128_CONST = 12;

type Operation = (left: bigint, right: bigint) => bigint;

/** The extended constant expressions, by opcode: i32's and i64's. */
const operations: Readonly<Record<number, readonly [bits: number, Operation]>> = {
  106: [32, (left, right) => left + right],
  107: [32, (left, right) => left - right],
  108: [32, (left, right) => left * right],
  124: [64, (left, right) => left + right],
  125: [64, (left, right) => left - right],
  126: [64, (left, right) => left * right],
};

/** Numbers behind the opcode of a garbage-collected type's instruction: types, and an array's length. */
const numbersOf: Readonly<Record<number, number>> = { 0: 1, 1: 1, 6: 1, 7: 1, 8: 2, 26: 0, 27: 0, 28: 0 };

/** A sum is known if at most one side is relative to a global; a difference or a product if none is. */
function combined(opcode: number, left: Integer | undefined, right: Integer | undefined): Integer | undefined {
  if (left === undefined || right === undefined) return undefined;
  const [bits, operation] = operations[opcode] as readonly [number, Operation];
  const isSum = opcode === 106 || opcode === 124;
  if (right.global !== undefined && (!isSum || left.global !== undefined)) return undefined;
  if (left.global !== undefined && opcode % 18 === 0) return undefined; // a product: 108, 126
  const value = BigInt.asIntN(bits, operation(left.value, right.value));
  return { value, global: left.global ?? right.global };
}

/** Reads an expression up to its `end`. Whether its types fit is for the engine to check. */
export function constant(reader: Reader): Constant {
  const start = reader.position;
  const stack: (Integer | undefined)[] = [];
  for (;;) {
    const end = reader.position;
    const opcode = reader.byte();
    if (opcode === END) return { integer: stack.length === 1 ? stack[0] : undefined, start, end };
    if (stack.length > most.values) throw reader.wrong("too long a constant expression");
    if (opcode in operations) {
      const right = stack.pop();
      stack.push(combined(opcode, stack.pop(), right));
    } else stack.push(operand(reader, opcode));
  }
}

function operand(reader: Reader, opcode: number): Integer | undefined {
  switch (opcode) {
    case I32_CONST:
      return { value: reader.signed(32), global: undefined };
    case I64_CONST:
      return { value: reader.signed(64), global: undefined };
    case GLOBAL_GET:
      return { value: 0n, global: reader.u32() };
    case F32_CONST:
      reader.skip(4);
      return undefined;
    case F64_CONST:
      reader.skip(8);
      return undefined;
    case REF_NULL:
      reader.heapType();
      return undefined;
    case REF_FUNC:
      reader.index("functions");
      return undefined;
    case VECTOR:
      if (reader.u32() !== V128_CONST) break;
      reader.skip(16);
      return undefined;
    case GARBAGE_COLLECTED: {
      const numbers = numbersOf[reader.u32()];
      if (numbers === undefined) break;
      for (let count = numbers; count > 0; count--) reader.u32();
      return undefined;
    }
  }
  throw reader.wrong(`an instruction that is not constant, 0x${opcode.toString(16)},`);
}
