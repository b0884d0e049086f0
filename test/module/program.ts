// Random programs that use all that directs control, for tests of what changes instructions. Each ends, and none traps.
import { signed, unsigned } from "#src/module/rewrite.js";
import type { Random } from "../support/random.js";
import { moduleOf, named } from "./modules.js";

const FUNCTIONS = 5;
const [BLOCK, LOOP, IF, ELSE, TRY, CATCH, THROW, END] = [2, 3, 4, 5, 6, 7, 8, 11] as const;
const [BR, BR_IF, BR_TABLE, RETURN, CALL, RETURN_CALL, EMPTY] = [12, 13, 14, 15, 0x10, 0x12, 0x40] as const;
const i32 = (value: number): number[] => [0x41, ...signed(BigInt(value))];
const STATE = [0x20, 0];
const STEP = [...STATE, ...i32(1_103_515_245), 0x6c, ...i32(12_345), 0x6a, 0x21, 0];
/** Ends the function if global 0 is 0, and else takes one of it: so that loops end. */
const LOOP_HEAD = [0x23, 0, 0x45, IF, EMPTY, ...STATE, RETURN, END, 0x23, 0, ...i32(1), 0x6b, 0x24, 0];
const sized = (content: readonly number[]): number[] => [...unsigned(content.length), ...content];
const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];

/** What a program may have, beside the first version of WebAssembly. */
export interface Features {
  readonly exceptions: boolean;
  readonly tailCalls: boolean;
}

/** The code of the function `index`, which takes and returns its state. */
function code(random: Random, index: number, { exceptions, tailCalls }: Features): number[] {
  let size = 40;
  const condition = (): number[] => [...STEP, ...STATE, ...i32(random.below(31)), 0x76, ...i32(1), 0x71];
  const list = (depth: number): number[] => {
    const all: number[] = [];
    for (let count = 1 + random.below(4); count > 0 && size > 0; count--) all.push(...statement(depth));
    return all;
  };
  /** A branch to the function's own label takes the state. */
  const branch = (depth: number): number[] => {
    const label = random.below(depth + 1);
    if (random.oneIn(2)) return [...(label === depth ? STATE : []), BR, label];
    if (depth === 0 || random.oneIn(4)) return [...STATE, ...condition(), BR_TABLE, 1, depth, depth];
    const labels = Array.from({ length: 1 + random.below(4) }, () => [random.below(depth)]);
    return [...STEP, ...STATE, ...i32(3), 0x71, BR_TABLE, ...vector(labels), random.below(depth)];
  };
  const statement = (depth: number): number[] => {
    size--;
    const kind = random.below(13);
    if (kind === 0) return [BLOCK, EMPTY, ...list(depth + 1), END];
    if (kind === 1) {
      const otherwise = random.oneIn(2) ? [ELSE, ...list(depth + 1)] : [];
      return [...condition(), IF, EMPTY, ...list(depth + 1), ...otherwise, END];
    }
    if (kind === 2 || kind === 3) return [LOOP, EMPTY, ...LOOP_HEAD, ...list(depth + 1), ...condition(), BR_IF, 0, END];
    if (kind === 4) {
      const label = random.below(depth + 1);
      return label === depth ? [...STATE, ...condition(), BR_IF, label, 0x1a] : [...condition(), BR_IF, label];
    }
    // Behind the branch is code that is never executed.
    if (kind === 5) return [BLOCK, EMPTY, ...list(depth + 1), ...branch(depth + 1), ...list(depth + 1), END];
    if (kind === 6) return [...condition(), IF, EMPTY, ...STATE, RETURN, END];
    if (kind === 7 && index > 0) return [...STATE, CALL, random.below(index), 0x21, 0];
    if (kind === 8 && index > 0) return [...STATE, ...i32(random.below(index)), 0x11, 0, 0, 0x21, 0];
    if (kind === 9) return [...i32(0), ...STATE, ...STATE, ...i32(255), 0x71, 0xfc, 11, 0]; // memory.fill
    if (kind === 10 && exceptions) {
      const thrown = [...condition(), IF, EMPTY, THROW, 0, END];
      const caught = random.oneIn(2) ? [CATCH, 0] : [0x19];
      return [TRY, EMPTY, ...list(depth + 1), ...thrown, ...list(depth + 1), ...caught, ...list(depth + 1), END];
    }
    if (kind === 11 && tailCalls && index > 0)
      return [...condition(), IF, EMPTY, ...STATE, RETURN_CALL, random.below(index), END];
    return STEP;
  };
  return [...list(0), ...STATE, END];
}

/** Exports f0 to f4, each (i32) -> i32; `loops`, the times that loops may still begin again; and its memory. */
export function program(random: Random, features: Features): Uint8Array<ArrayBuffer> {
  const indices = Array.from({ length: FUNCTIONS }, (_, index) => index);
  const exported = indices.map((index) => [...named(`f${index}`), 0, index]);
  return moduleOf(
    [
      1,
      ...vector([
        [0x60, 1, 0x7f, 1, 0x7f],
        [0x60, 0, 0],
      ]),
    ],
    [3, ...vector(indices.map(() => [0]))],
    [4, 1, 0x70, 0, FUNCTIONS],
    [5, 1, 0, 1],
    [13, 1, 0, 1],
    [6, 1, 0x7f, 1, ...i32(0), END],
    [7, ...vector([...exported, [...named("loops"), 3, 0], [...named("memory"), 2, 0]])],
    [9, 1, 0, ...i32(0), END, ...vector(indices.map((index) => [index]))],
    [10, ...vector(indices.map((index) => sized([0, ...code(random, index, features)])))],
  );
}
