// One number at a time by every access path, in sequence and at random, over windows that fit into each cache level;
// and records of mixed fields. Each pass adds up what it reads. So no path is faster than the processor adds, about a
// nanosecond a number.
import { type Group, named, type Rival, type Timer } from "../../harness/group.js";
import { cacheSizes, type PaceName } from "../../harness/pace.js";
import { expectEqual } from "../../harness/proof.js";
import { xorshift32 } from "../../harness/random.js";
import type { Variant } from "../../harness/window.js";
import { type Paths, withPaths } from "../../rivals/paths.js";
import { type Pass, type PassAt, type Passes, passesOf, WIDTH } from "./passes.js";
import { records } from "./records.js";

/** Numbers of one pass, so that the call itself does not count. */
const MOST_IN_PASS = 32768;

/** Numbers in a random order, of a large window: their cache lines are more than a cache holds. */
const MOST_AT_RANDOM = 1 << 20;

/** The number at each offset. Any sum of such numbers is exact. */
const numberAt = (offset: number): number => 3 * offset + 1;

function fill(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < bytes.byteLength; offset += WIDTH) view.setFloat64(offset, numberAt(offset), true);
}

/** Random offsets of whole numbers in the window, in parts of one pass each; the same in every run. */
function randomOffsets(size: number): Uint32Array[] {
  const all = new Uint32Array(Math.min(MOST_AT_RANDOM, size / WIDTH));
  const random = xorshift32(1);
  for (let index = 0; index < all.length; index++) all[index] = ((random() >>> 0) % (size / WIDTH)) * WIDTH;
  const parts: Uint32Array[] = [];
  for (let start = 0; start < all.length; start += MOST_IN_PASS) parts.push(all.subarray(start, start + MOST_IN_PASS));
  return parts;
}

function proveRead(offsets: Uint32Array, name: string, pass: () => number): void {
  let sum = 0;
  for (const offset of offsets) sum += numberAt(offset);
  expectEqual(pass(), sum, name);
}

function proveWrite(offsets: Uint32Array, { name, bytes }: Passes, pass: () => number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const offset of offsets) view.setFloat64(offset, -1, true);
  pass();
  for (const offset of offsets) expectEqual(view.getFloat64(offset, true), offset, `${name} at ${offset}`);
}

/** Calls `pass` with the next part of the window each time, so that a large window never is in the cache. */
function inParts<T>(parts: readonly T[], pass: (part: T) => number): () => number {
  let next = 0;
  return () => {
    const part = parts[next] as T;
    next = next + 1 === parts.length ? 0 : next + 1;
    return pass(part);
  };
}

function groupsOf(size: number, all: readonly Passes[], { absent }: Paths): Group[] {
  const count = Math.min(size / WIDTH, MOST_IN_PASS);
  const starts = Array.from({ length: size / WIDTH / count }, (_, part) => part * count * WIDTH);
  const offsets = (start: number) => Uint32Array.from({ length: count }, (_, index) => start + WIDTH * index);
  const parts = randomOffsets(size);
  const group = (operation: string, pattern: string, rivals: Rival[]): Group => ({
    ...named(operation, size, pattern),
    bytes: WIDTH,
    rivals: rivals as [Rival, ...Rival[]],
    absent,
  });
  const inRow = (passes: Passes, pass: Pass, prove: (some: Uint32Array, run: () => number) => void): Rival => ({
    name: passes.name,
    path: passes.path,
    operations: count,
    run: inParts(starts, (start) => pass(start, count)),
    prove() {
      for (const start of new Set([0, starts[starts.length - 1] as number]))
        prove(offsets(start), () => pass(start, count));
    },
  });
  const atRandom = (passes: Passes, pass: PassAt, prove: (some: Uint32Array, run: () => number) => void): Rival => ({
    name: passes.name,
    path: passes.path,
    operations: (parts[0] as Uint32Array).length,
    run: inParts(parts, pass),
    prove() {
      const last = parts[parts.length - 1] as Uint32Array;
      prove(last, () => pass(last));
    },
  });
  const reads = (passes: Passes) => (some: Uint32Array, run: () => number) => proveRead(some, passes.name, run);
  const writes = (passes: Passes) => (some: Uint32Array, run: () => number) => proveWrite(some, passes, run);
  return [
    group(
      "readFloat64",
      "sequential",
      all.map((one) => inRow(one, one.read, reads(one))),
    ),
    group(
      "readFloat64",
      "random",
      all.flatMap((one) => (one.readAt ? [atRandom(one, one.readAt, reads(one))] : [])),
    ),
    group(
      "writeFloat64",
      "sequential",
      all.map((one) => inRow(one, one.write, writes(one))),
    ),
    group(
      "writeFloat64",
      "random",
      all.flatMap((one) => (one.writeAt ? [atRandom(one, one.writeAt, writes(one))] : [])),
    ),
  ];
}

export async function access(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  for (const size of cacheSizes(pace))
    await withPaths(variant, size, async (paths) => {
      const all = await passesOf(paths);
      for (const bytes of new Set(all.map((passes) => passes.bytes))) fill(bytes);
      for (const group of groupsOf(size, all, paths)) await time(group);
    });
  await records(variant, time);
}
