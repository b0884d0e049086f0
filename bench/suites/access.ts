// One number at a time by every access path, one after the other and at random, over windows of all cache levels; and
// records of mixed fields. Each pass adds up what it reads: no path is faster than the processor adds, about a
// nanosecond a number.
import { type Group, named, type Rival, type Timer } from "../harness/harness.js";
import { type PaceName, windowSweep } from "../harness/sweep.js";
import { expectEqual, type Variant } from "../harness/window.js";
import { loopsOn } from "../rivals/loops.js";
import { PATH } from "../rivals/path.js";
import { numbersOf, type Paths, withPaths } from "../rivals/paths.js";
import { records } from "./records.js";

const WIDTH = 8;

/** Numbers in one call: the call is nothing beside them. */
const MOST_IN_PASS = 32768;

/** Numbers at random in all, of a large window: their cache lines are more than a cache holds. */
const MOST_AT_RANDOM = 1 << 20;

/** Reads or stores `count` numbers in a row, from that offset; returns their sum, or any number. */
type Pass = (start: number, count: number) => number;

/** The same at each of these offsets. */
type PassAt = (offsets: Uint32Array) => number;

interface Passes {
  readonly name: string;
  readonly path: string;
  /** What it works on, to be filled and looked at. */
  readonly bytes: Uint8Array;
  readonly read: Pass;
  readonly write: Pass;
  readonly readAt?: PassAt;
  readonly writeAt?: PassAt;
}

/** What every number is, so that any sum of them is exact. */
const numberAt = (offset: number): number => 3 * offset + 1;

// Every pass is written out: one function that took the method as an argument would be timing that argument's call.

function byView({ view, attachment: { bytes } }: Paths): Passes {
  return {
    name: PATH.view,
    path: PATH.view,
    bytes,
    read(start, count) {
      let sum = 0;
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) sum += view.getFloat64(offset, true);
      return sum;
    },
    write(start, count) {
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) view.setFloat64(offset, offset, true);
      return count;
    },
    readAt(offsets) {
      let sum = 0;
      for (let index = 0; index < offsets.length; index++) sum += view.getFloat64(offsets[index] as number, true);
      return sum;
    },
    writeAt(offsets) {
      for (let index = 0; index < offsets.length; index++) {
        const offset = offsets[index] as number;
        view.setFloat64(offset, offset, true);
      }
      return offsets.length;
    },
  };
}

function byBuffer(path: string, buffer: Buffer): Passes {
  return {
    name: path === PATH.mmap ? `${path}, a file in /dev/shm` : path,
    path,
    bytes: buffer,
    read(start, count) {
      let sum = 0;
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) sum += buffer.readDoubleLE(offset);
      return sum;
    },
    write(start, count) {
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) buffer.writeDoubleLE(offset, offset);
      return count;
    },
    readAt(offsets) {
      let sum = 0;
      for (let index = 0; index < offsets.length; index++) sum += buffer.readDoubleLE(offsets[index] as number);
      return sum;
    },
    writeAt(offsets) {
      for (let index = 0; index < offsets.length; index++) {
        const offset = offsets[index] as number;
        buffer.writeDoubleLE(offset, offset);
      }
      return offsets.length;
    },
  };
}

function byArray(paths: Paths): Passes {
  const numbers = numbersOf(paths);
  return {
    name: "Float64Array",
    path: PATH.array,
    bytes: paths.attachment.bytes,
    read(start, count) {
      let sum = 0;
      for (let index = start / WIDTH; index < start / WIDTH + count; index++) sum += numbers[index] as number;
      return sum;
    },
    write(start, count) {
      for (let index = start / WIDTH; index < start / WIDTH + count; index++) numbers[index] = WIDTH * index;
      return count;
    },
    readAt(offsets) {
      let sum = 0;
      for (let index = 0; index < offsets.length; index++) sum += numbers[(offsets[index] as number) >>> 3] as number;
      return sum;
    },
    writeAt(offsets) {
      for (let index = 0; index < offsets.length; index++) {
        const offset = offsets[index] as number;
        numbers[offset >>> 3] = offset;
      }
      return offsets.length;
    },
  };
}

function byCursor({ cursor, core, attachment: { bytes } }: Paths): Passes {
  return {
    name: `cursor, ${core}`,
    path: core,
    bytes,
    read(start, count) {
      cursor.seek(start);
      let sum = 0;
      for (let turn = 0; turn < count; turn++) sum += cursor.readFloat64();
      return sum;
    },
    write(start, count) {
      cursor.seek(start);
      for (let turn = 0; turn < count; turn++) cursor.writeFloat64(start + WIDTH * turn);
      return count;
    },
    readAt(offsets) {
      let sum = 0;
      for (let index = 0; index < offsets.length; index++) {
        cursor.seek(offsets[index] as number);
        sum += cursor.readFloat64();
      }
      return sum;
    },
    writeAt(offsets) {
      for (let index = 0; index < offsets.length; index++) {
        const offset = offsets[index] as number;
        cursor.seek(offset);
        cursor.writeFloat64(offset);
      }
      return offsets.length;
    },
  };
}

function byCall({ native, attachment: { bytes } }: Paths): Passes {
  return {
    name: "N-API call for each",
    path: PATH.call,
    bytes,
    read(start, count) {
      let sum = 0;
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) sum += native.readFloat64(offset);
      return sum;
    },
    write(start, count) {
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) native.writeFloat64(offset, offset);
      return count;
    },
    readAt(offsets) {
      let sum = 0;
      for (let index = 0; index < offsets.length; index++) sum += native.readFloat64(offsets[index] as number);
      return sum;
    },
    writeAt(offsets) {
      for (let index = 0; index < offsets.length; index++) {
        const offset = offsets[index] as number;
        native.writeFloat64(offset, offset);
      }
      return offsets.length;
    },
  };
}

function byNative({ native, attachment: { bytes } }: Paths): Passes {
  return {
    name: "native loop",
    path: PATH.native,
    bytes,
    read: (start, count) => native.sumFrom(start, count),
    write(start, count) {
      native.storeFrom(start, count);
      return count;
    },
    readAt: (offsets) => native.sumAt(offsets),
    writeAt(offsets) {
      native.storeAt(offsets);
      return offsets.length;
    },
  };
}

/** Only in a row: the offsets of a random walk would have to be in its memory. */
async function byWasm({ attachment }: Paths): Promise<Passes> {
  const { bytes, byteOffset } = attachment;
  const loops = await loopsOn(attachment);
  return {
    name: PATH.wasm,
    path: PATH.wasm,
    bytes,
    read: (start, count) => loops.sumFrom(byteOffset + start, count),
    write(start, count) {
      loops.storeFrom(byteOffset + start, start, count);
      return count;
    },
  };
}

function fill(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < bytes.byteLength; offset += WIDTH) view.setFloat64(offset, numberAt(offset), true);
}

/** Whole numbers of the window, as many times each as chance has it; the same every time: xorshift32. */
function randomOffsets(size: number): Uint32Array[] {
  const all = new Uint32Array(Math.min(MOST_AT_RANDOM, size / WIDTH));
  let state = 1;
  for (let index = 0; index < all.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    all[index] = ((state >>> 0) % (size / WIDTH)) * WIDTH;
  }
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

/** Calls `pass` with the next part of the window each time, so that a large one is never in the cache. */
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

export async function access(variant: Variant, time: Timer, _: readonly number[], pace: PaceName): Promise<void> {
  for (const size of windowSweep(pace))
    await withPaths(variant, size, async (paths) => {
      const all = [
        byView(paths),
        byArray(paths),
        ...[...paths.buffers].map(([path, buffer]) => byBuffer(path, buffer)),
        byCursor(paths),
        byCall(paths),
        await byWasm(paths),
        byNative(paths),
      ];
      for (const bytes of new Set(all.map((passes) => passes.bytes))) fill(bytes);
      for (const group of groupsOf(size, all, paths)) await time(group);
    });
  await records(variant, time);
}
