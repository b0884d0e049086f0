// Cursor.read and Cursor.write against the Uint8Array.set that they cannot do without.
import type { Attachment, Cursor } from "wasm-shm";
import type { Goal, Group, Rival, Timer } from "./harness.js";
import {
  coreOf,
  expectBytes,
  expectEqual,
  fillPattern,
  KiB,
  MiB,
  sizeName,
  type Variant,
  withAttachment,
} from "./window.js";

interface Size {
  readonly bytes: number;
  /** Chunks in the window. The cursor seeks back after so many: dear beside 64 bytes, nothing beside 64 KiB. */
  readonly chunks: number;
  readonly goal: Goal;
}

const atLeast = (part: number): Goal => ({
  text: `at least ${part} of its speed`,
  met: (ratio) => 1 / ratio >= part,
});

const atMostMore = (nanoseconds: number): Goal => ({
  text: `at most ${nanoseconds} ns more`,
  figure: (_, extra) => `${extra.toFixed(1)} ns more`,
  met: (_, extra) => extra <= nanoseconds,
});

const sizes: readonly Size[] = [
  { bytes: 64, chunks: 64, goal: atMostMore(60) },
  { bytes: KiB, chunks: 64, goal: { text: "at most 3 times its time", met: (ratio) => ratio <= 3 } },
  { bytes: 64 * KiB, chunks: 4, goal: atLeast(0.85) },
  { bytes: MiB, chunks: 1, goal: atLeast(0.95) },
  { bytes: 64 * MiB, chunks: 1, goal: atLeast(0.95) },
];

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

function groups(attachment: Attachment, variant: Variant, { bytes, chunks, goal }: Size): Group[] {
  const window = attachment.bytes;
  const views = Array.from({ length: chunks }, (_, chunk) => window.subarray(chunk * bytes, (chunk + 1) * bytes));
  const array = new Uint8Array(bytes);
  const cursor = attachment.cursor();
  const rival = (name: string, walk: Walk, prove: typeof proveRead): Rival => ({
    name,
    operations: chunks,
    prove: () => prove(walk, views, array, `${name} of ${sizeName(bytes)}`),
    run: () => walk(chunks),
  });
  const beforeRead: typeof proveRead = (walk, all, target, name) => {
    fillPattern(window);
    proveRead(walk, all, target, name);
  };
  const beforeWrite: typeof proveRead = (walk, all, source, name) => {
    fillPattern(source, 2);
    proveWrite(walk, all, source, name);
  };
  return [
    {
      name: `read (${sizeName(bytes)})`,
      bytes,
      rivals: [
        rival("target.set(view)", readBySet(views, array), beforeRead),
        { ...rival(`cursor.read, ${coreOf(variant)}`, readByCursor(cursor, array), beforeRead), goals: [goal] },
      ],
    },
    {
      name: `write (${sizeName(bytes)})`,
      bytes,
      rivals: [
        rival("view.set(source)", writeBySet(views, array), beforeWrite),
        { ...rival(`cursor.write, ${coreOf(variant)}`, writeByCursor(cursor, array), beforeWrite), goals: [goal] },
      ],
    },
  ];
}

export async function bytes(variant: Variant, time: Timer): Promise<void> {
  for (const size of sizes)
    await withAttachment(variant, size.bytes * size.chunks, async (attachment) => {
      for (const group of groups(attachment, variant, size)) await time(group);
    });
}
