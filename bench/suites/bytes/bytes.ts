// Cursor.read and Cursor.write from 8 bytes to 64 MiB. The base is Uint8Array.set on a view of the same bytes in a plain
// memory, which is the engine's memmove; on the attachment's own shared memory V8 copies more slowly. The other rivals are
// all further ways to copy bytes out of a segment or into it.
import { type Goal, type Group, named, type Rival, type Timer } from "../../harness/group.js";
import { type PaceName, transferSizes } from "../../harness/pace.js";
import { PATH } from "../../harness/path.js";
import { fillPattern } from "../../harness/proof.js";
import { KiB, MiB, sizeName } from "../../harness/size.js";
import type { Variant } from "../../harness/window.js";
import { type Paths, withPaths } from "../../rivals/paths.js";
import {
  proveRead,
  proveWrite,
  readByBuffer,
  readByCall,
  readByCursor,
  readBySet,
  type Walk,
  writeByBuffer,
  writeByCall,
  writeByCursor,
  writeBySet,
} from "./walks.js";

/**
 * Chunks in the window. After so many the cursor seeks back, which costs much beside 64 bytes and little beside 64 KiB.
 */
const chunksOf = (bytes: number): number => Math.min(64, Math.max(1, (256 * KiB) / bytes));

const atLeast = (part: number): Goal => ({
  text: `at least ${part} of its speed`,
  figure: (ratio) => (1 / ratio).toFixed(2),
  met: (ratio) => 1 / ratio >= part,
});

const atMostMore = (nanoseconds: number): Goal => ({
  text: `at most ${nanoseconds} ns more`,
  figure: (_, extra) => `${extra.toFixed(1)} ns more`,
  met: (_, extra) => extra <= nanoseconds,
});

const goals: ReadonlyMap<number, Goal> = new Map([
  [64, atMostMore(60)],
  [KiB, { text: "at most 3 times its time", figure: (ratio) => ratio.toFixed(2), met: (ratio) => ratio <= 3 }],
  [64 * KiB, atLeast(0.85)],
  [MiB, atLeast(0.95)],
  [64 * MiB, atLeast(0.95)],
]);

/** One way to read and to write. */
interface Way {
  readonly name: { read: string; write: string };
  readonly path: string;
  /** The bytes that it works on: the segment's, but for mmap-io, which maps a file. */
  readonly bytes: Uint8Array;
  readonly read: Walk;
  readonly write: Walk;
  readonly goals?: readonly Goal[];
}

/** Not one of the paths to an attachment. */
const PLAIN = "plain memory";

const chunksIn = (bytes: Uint8Array, length: number): Uint8Array[] =>
  Array.from({ length: bytes.length / length }, (_, chunk) => bytes.subarray(chunk * length, (chunk + 1) * length));

function waysOf({ attachment, plain, core, cursor, buffers, native }: Paths, array: Buffer): Way[] {
  const { bytes } = attachment;
  const views = chunksIn(bytes, array.length);
  const plainViews = chunksIn(plain, array.length);
  const goal = goals.get(array.length);
  const both = (name: string) => ({ read: name, write: name });
  return [
    {
      name: { read: "target.set(plain view)", write: "plain view.set(source)" },
      path: PLAIN,
      bytes: plain,
      read: readBySet(plainViews, array),
      write: writeBySet(plainViews, array),
    },
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
  const array = Buffer.alloc(size, 1); // filled, so that its pages exist before anything is timed
  const ways = waysOf(paths, array);
  const rival = ({ name, path, bytes, goals: rivalGoals = [], ...way }: Way, operation: "read" | "write"): Rival => ({
    name: name[operation],
    path,
    operations: chunks,
    goals: rivalGoals,
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

export async function bytes(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  for (const size of transferSizes(pace))
    await withPaths(variant, size * chunksOf(size), async (paths) => {
      for (const group of groups(paths, size)) await time(group);
    });
}
