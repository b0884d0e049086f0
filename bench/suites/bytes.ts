// Cursor.read and Cursor.write from 8 bytes to 256 MiB, against the Uint8Array.set that they cannot do without, and
// against every other way to get as many bytes out of a segment or into it.
import type { Cursor } from "wasm-shm";
import { type Goal, type Group, named, type Rival, type Timer } from "../harness/harness.js";
import { type PaceName, sweep } from "../harness/sweep.js";
import { expectBytes, expectEqual, fillPattern, KiB, MiB, sizeName, type Variant } from "../harness/window.js";
import type { BareCalls } from "../rivals/addon.js";
import { PATH } from "../rivals/path.js";
import { type Paths, withPaths } from "../rivals/paths.js";

/** Chunks in the window. The cursor seeks back after so many: dear beside 64 bytes, nothing beside 64 KiB. */
const chunksOf = (bytes: number): number => Math.min(64, Math.max(1, (256 * KiB) / bytes));

const atLeast = (part: number): Goal => ({
  text: `at least ${part} of its speed`,
  met: (ratio) => 1 / ratio >= part,
});

const atMostMore = (nanoseconds: number): Goal => ({
  text: `at most ${nanoseconds} ns more`,
  figure: (_, extra) => `${extra.toFixed(1)} ns more`,
  met: (_, extra) => extra <= nanoseconds,
});

const goals: ReadonlyMap<number, Goal> = new Map([
  [64, atMostMore(60)],
  [KiB, { text: "at most 3 times its time", met: (ratio) => ratio <= 3 }],
  [64 * KiB, atLeast(0.85)],
  [MiB, atLeast(0.95)],
  [64 * MiB, atLeast(0.95)],
]);

/** Moves the window's first `count` chunks in order; returns the bytes moved. */
type Walk = (count: number) => number;

const readBySet =
  (views: readonly Uint8Array[], target: Uint8Array): Walk =>
  (count) => {
    let moved = 0;
    for (let chunk = 0; chunk < count; chunk++) {
      const view = views[chunk] as Uint8Array;
      target.set(view);
      moved += view.length;
    }
    return moved;
  };

const readByCursor =
  (cursor: Cursor, target: Uint8Array): Walk =>
  (count) => {
    cursor.seek(0);
    let moved = 0;
    for (let chunk = 0; chunk < count; chunk++) moved += cursor.read(target);
    return moved;
  };

const writeBySet =
  (views: readonly Uint8Array[], source: Uint8Array): Walk =>
  (count) => {
    let moved = 0;
    for (let chunk = 0; chunk < count; chunk++) {
      (views[chunk] as Uint8Array).set(source);
      moved += source.length;
    }
    return moved;
  };

const writeByCursor =
  (cursor: Cursor, source: Uint8Array): Walk =>
  (count) => {
    cursor.seek(0);
    let moved = 0;
    for (let chunk = 0; chunk < count; chunk++) moved += cursor.write(source);
    return moved;
  };

const readByBuffer =
  (buffer: Buffer, target: Uint8Array): Walk =>
  (count) => {
    const { length } = target;
    let moved = 0;
    for (let chunk = 0; chunk < count; chunk++) moved += buffer.copy(target, 0, chunk * length, (chunk + 1) * length);
    return moved;
  };

const writeByBuffer =
  (buffer: Buffer, source: Buffer): Walk =>
  (count) => {
    const { length } = source;
    let moved = 0;
    for (let chunk = 0; chunk < count; chunk++) moved += source.copy(buffer, chunk * length);
    return moved;
  };

const readByCall =
  (native: BareCalls, target: Uint8Array): Walk =>
  (count) => {
    const { length } = target;
    for (let chunk = 0; chunk < count; chunk++) native.read(chunk * length, target);
    return count * length;
  };

const writeByCall =
  (native: BareCalls, source: Uint8Array): Walk =>
  (count) => {
    const { length } = source;
    for (let chunk = 0; chunk < count; chunk++) native.write(chunk * length, source);
    return count * length;
  };

/** After a walk of n chunks the target must hold the nth. */
function proveRead(walk: Walk, views: readonly Uint8Array[], target: Uint8Array, name: string): void {
  for (let count = 1; count <= views.length; count++) {
    target.fill(0);
    expectEqual(walk(count), count * target.length, name);
    expectBytes(target, views[count - 1] as Uint8Array, name);
  }
}

/** After a walk of n chunks the first n must hold the source, and the others nothing. */
function proveWrite(walk: Walk, views: readonly Uint8Array[], source: Uint8Array, name: string): void {
  const nothing = new Uint8Array(source.length);
  for (let count = 1; count <= views.length; count++) {
    for (const view of views) view.fill(0);
    expectEqual(walk(count), count * source.length, name);
    for (const [chunk, view] of views.entries()) expectBytes(view, chunk < count ? source : nothing, name);
  }
}

/** One way to do both. */
interface Way {
  readonly name: { read: string; write: string };
  readonly path: string;
  /** What it reads and writes; not the segment's where it cannot be. */
  readonly bytes: Uint8Array;
  readonly read: Walk;
  readonly write: Walk;
  readonly goals?: readonly Goal[];
}

const chunksIn = (bytes: Uint8Array, length: number): Uint8Array[] =>
  Array.from({ length: bytes.length / length }, (_, chunk) => bytes.subarray(chunk * length, (chunk + 1) * length));

function waysOf({ attachment, core, cursor, buffers, native }: Paths, array: Buffer): Way[] {
  const { bytes } = attachment;
  const views = chunksIn(bytes, array.length);
  const goal = goals.get(array.length);
  const both = (name: string) => ({ read: name, write: name });
  return [
    {
      name: { read: "target.set(view)", write: "view.set(source)" },
      path: PATH.array,
      bytes,
      read: readBySet(views, array),
      write: writeBySet(views, array),
    },
    ...[...buffers].map(([path, buffer]) => ({
      name: both(path === PATH.mmap ? `${path}, a file in /dev/shm` : `${path}.copy`),
      path,
      bytes: buffer,
      read: readByBuffer(buffer, array),
      write: writeByBuffer(buffer, array),
    })),
    {
      name: { read: `cursor.read, ${core}`, write: `cursor.write, ${core}` },
      path: core,
      bytes,
      read: readByCursor(cursor, array),
      write: writeByCursor(cursor, array),
      goals: goal ? [goal] : [],
    },
    {
      name: both("N-API call for each"),
      path: PATH.call,
      bytes,
      read: readByCall(native, array),
      write: writeByCall(native, array),
    },
    {
      name: both("native memcpy"),
      path: PATH.native,
      bytes,
      read(count) {
        native.readChunks(array, count);
        return count * array.length;
      },
      write(count) {
        native.writeChunks(array, count);
        return count * array.length;
      },
    },
  ];
}

function groups(paths: Paths, size: number): Group[] {
  const chunks = chunksOf(size);
  const array = Buffer.alloc(size, 1); // its pages are there before anything is timed
  const ways = waysOf(paths, array);
  const rival = ({ name, path, bytes, goals: its = [], ...way }: Way, operation: "read" | "write"): Rival => ({
    name: name[operation],
    path,
    operations: chunks,
    goals: its,
    run: () => way[operation](chunks),
    prove() {
      const what = `${operation} of ${sizeName(size)} by ${name[operation]}`;
      fillPattern(operation === "read" ? bytes : array, 2);
      (operation === "read" ? proveRead : proveWrite)(way[operation], chunksIn(bytes, size), array, what);
    },
  });
  return (["read", "write"] as const).map((operation) => ({
    ...named(operation, size),
    bytes: size,
    rivals: ways.map((way) => rival(way, operation)) as [Rival, ...Rival[]],
    absent: paths.absent,
  }));
}

export async function bytes(variant: Variant, time: Timer, _: readonly number[], pace: PaceName): Promise<void> {
  for (const size of sweep(pace))
    await withPaths(variant, size * chunksOf(size), async (paths) => {
      for (const group of groups(paths, size)) await time(group);
    });
}
