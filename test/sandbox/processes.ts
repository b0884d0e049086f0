// Shared by the tests of guests in processes: which processes there are, and small modules.
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The runners that `parent` has: their numbers. */
export function runnersOf(parent: number = process.pid): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parentOf = / \d+ /.exec(readFileSync(`/proc/${pid}/stat`, "latin1").replace(/.*\) \S/, ""))?.[0];
        return (
          Number(parentOf) === parent && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("wasm-shm-sandbox")
        );
      } catch {
        return false; // it has ended meanwhile
      }
    });
}

export function isThere(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

/** Waits until none of these processes is there; returns the milliseconds that it took, or Infinity. */
export async function gone(pids: readonly number[], limitMs: number): Promise<number> {
  const start = performance.now();
  while (pids.some(isThere)) {
    if (performance.now() - start > limitMs) return Number.POSITIVE_INFINITY;
    await sleep(2);
  }
  return performance.now() - start;
}

/** LEB128, unsigned. */
export function number(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...number(Math.floor(value / 128))];
}

export const section = (id: number, bytes: number[]): number[] => [id, ...number(bytes.length), ...bytes];
export const vector = (items: number[][]): number[] => [...number(items.length), ...items.flat()];
export const name = (text: string): number[] => vector([...Buffer.from(text)].map((byte) => [byte]));

export interface Small {
  /** The code of its functions, without locals and `end`; each is of type () -> (), and is exported as f0, f1, … */
  readonly code?: number[][];
  /** Runs of i64 locals, of the first function. */
  readonly locals?: number;
  /** Initial elements of each table. */
  readonly tables?: number[];
  /** Elements, all null, of a passive segment. */
  readonly elements?: number;
  readonly start?: boolean;
}

/** A module that imports env.memory and has no more than is asked for. */
export function small({
  code = [],
  locals = 0,
  tables = [],
  elements = 0,
  start = false,
}: Small): Uint8Array<ArrayBuffer> {
  const bodies = code.map((instructions, index) => {
    const declared = index === 0 && locals > 0 ? [[...number(locals), 0x7e]] : [];
    const body = [...vector(declared), ...instructions, 0x0b];
    return [...number(body.length), ...body];
  });
  const nulls = Array.from({ length: elements }, () => [0xd0, 0x70, 0x0b]);
  return Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(1, vector([[0x60, 0, 0]])),
    ...section(2, vector([[...name("env"), ...name("memory"), 2, 0, 1]])),
    ...section(3, vector(code.map(() => [0]))),
    ...(tables.length > 0 ? section(4, vector(tables.map((initial) => [0x70, 0, ...number(initial)]))) : []),
    ...section(7, vector(code.map((_, index) => [...name(`f${index}`), 0, ...number(index)]))),
    ...(start ? section(8, [0]) : []),
    ...(elements > 0 ? section(9, vector([[5, 0x70, ...vector(nulls)]])) : []),
    ...section(10, vector(bodies)),
  ]);
}

/** Code of `count` blocks, each inside the one before it. */
export const blocks = (count: number): number[] => [
  ...Array.from({ length: count }, () => [0x02, 0x40]).flat(),
  ...Array.from({ length: count }, () => 0x0b),
];

/** `(memory.fill (i32.const 0) (i32.const value) (i32.const bytes))`, so many times in a row. */
export function fills(count: number, bytes: number): number[] {
  const signed = (value: number): number[] =>
    value < 64 ? [value] : [(value & 127) | 128, ...signed(Math.floor(value / 128))];
  return Array.from({ length: count }, () => [0x41, 0, 0x41, 1, 0x41, ...signed(bytes), 0xfc, 11, 0]).flat();
}

/** (func $r (return_call $r)) */
export const TAIL_CALL = [0x12, 0];
