// A small module, with what a toolchain would put into one, for the tests of instantiate.
import { signed, unsigned } from "#src/module/rewrite.js";
import { moduleOf, named } from "./modules.js";

export interface Built {
  /** The memory: imported as env.memory, or its own, which is exported. Undefined: own. */
  readonly imports?: "plain" | "shared" | undefined;
  /** Pages. */
  readonly initial?: number;
  readonly maximum?: number;
  /** Active segments of ones: where, and how many bytes. */
  readonly data?: readonly (readonly [at: number, length: number])[];
  /** A segment that the start function copies to a constant address, as linkers do for a shared memory. */
  readonly copied?: readonly [at: number, length: number];
  /** Constant globals, by name: a stack pointer is mutable. */
  readonly globals?: Readonly<Record<string, number>>;
  /** Whether it asks for the memory's size (default true). */
  readonly heap?: boolean;
  /** How the globals can be found (default by "names"). */
  readonly told?: "names" | "exports" | "stripped";
}

const i32 = (value: number): number[] => [0x41, ...signed(BigInt(value | 0))];
const sized = (content: number[]): number[] => [...unsigned(content.length), ...content];
const vector = (items: readonly number[][]): number[] => [...unsigned(items.length), ...items.flat()];

/**
 * Exports: get(at), put(at, value), pages(), more(pages), push(value), which stores on the stack and returns where, and
 * pop().
 */
export function built(wanted: Built = {}): Uint8Array<ArrayBuffer> {
  const { initial = 1, maximum, data = [], copied, globals = {}, told = "names", heap = true } = wanted;
  const names = Object.keys(globals);
  const stack = names.indexOf("__stack_pointer");
  const flags = (maximum === undefined ? 0 : 1) | (wanted.imports === "shared" ? 3 : 0);
  const limits = [flags, ...unsigned(initial), ...(flags & 1 ? unsigned(maximum ?? 65_536) : [])];
  const bodies = [
    [0x20, 0, 0x2d, 0, 0], // get
    [0x20, 0, 0x20, 1, 0x3a, 0, 0], // put
    heap ? [0x3f, 0] : i32(0), // pages
    heap ? [0x20, 0, 0x40, 0] : i32(0), // more
    stack < 0 // push: lowers the stack pointer by 16
      ? i32(0)
      : [0x23, stack, ...i32(16), 0x6b, 0x24, stack, 0x23, stack, 0x20, 0, 0x36, 2, 0, 0x23, stack],
    stack < 0 ? [] : [0x23, stack, ...i32(16), 0x6a, 0x24, stack], // pop
    copied ? [...i32(copied[0]), ...i32(0), ...i32(copied[1]), 0xfc, 8, 0, 0] : [], // start
  ];
  const functions = ["get", "put", "pages", "more", "push", "pop"].map((name, index) => [...named(name), 0, index]);
  const exported = told === "exports" ? names.map((name, index) => [...named(name), 3, index]) : [];
  const segments = data.map(([at, length]) => [0, ...i32(at), 0x0b, ...sized(new Array(length).fill(1))]);
  if (copied) segments.unshift([1, ...sized(new Array(copied[1]).fill(1))]);
  const globalNames = vector(names.map((name, index) => [...unsigned(index), ...named(name)]));
  const memory = wanted.imports ? [] : [[...named("memory"), 2, 0]];
  const types = [
    [0x60, 1, 0x7f, 1, 0x7f],
    [0x60, 2, 0x7f, 0x7f, 0],
    [0x60, 0, 1, 0x7f],
    [0x60, 0, 0],
  ];
  return moduleOf(
    [1, ...vector(types)],
    ...(wanted.imports ? [[2, 1, ...named("env"), ...named("memory"), 2, ...limits] as const] : []),
    [3, 7, 0, 1, 2, 0, 0, 3, 3],
    ...(wanted.imports ? [] : [[5, 1, ...limits] as const]),
    [6, ...vector(names.map((name) => [0x7f, name === "__stack_pointer" ? 1 : 0, ...i32(globals[name] ?? 0), 0x0b]))],
    [7, ...vector([...functions, ...exported, ...memory])],
    [8, 6],
    [12, segments.length],
    [10, ...vector(bodies.map((code) => sized([0, ...code, 0x0b])))],
    [11, ...vector(segments)],
    ...(told === "names" && names.length > 0 ? [[0, ...named("name"), 7, ...sized(globalNames)] as const] : []),
  );
}
