// Walks over the chunks of a window, reading or writing each, by every access path; and their proofs.
import type { Cursor } from "wasm-shm";
import { expectBytes, expectEqual } from "../../harness/proof.js";
import type { BareCalls } from "../../rivals/addon.js";

/** Moves the window's first `count` chunks in order, and returns the number of bytes moved. */
export type Walk = (count: number) => number;

export const readBySet =
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

export const readByCursor =
  (cursor: Cursor, target: Uint8Array): Walk =>
  (count) => {
    cursor.seek(0);
    let moved = 0;
    for (let chunk = 0; chunk < count; chunk++) moved += cursor.read(target);
    return moved;
  };

export const writeBySet =
  (views: readonly Uint8Array[], source: Uint8Array): Walk =>
  (count) => {
    let moved = 0;
    for (let chunk = 0; chunk < count; chunk++) {
      (views[chunk] as Uint8Array).set(source);
      moved += source.length;
    }
    return moved;
  };

export const writeByCursor =
  (cursor: Cursor, source: Uint8Array): Walk =>
  (count) => {
    cursor.seek(0);
    let moved = 0;
    for (let chunk = 0; chunk < count; chunk++) moved += cursor.write(source);
    return moved;
  };

export const readByBuffer =
  (buffer: Buffer, target: Uint8Array): Walk =>
  (count) => {
    const { length } = target;
    let moved = 0;
    for (let chunk = 0; chunk < count; chunk++) moved += buffer.copy(target, 0, chunk * length, (chunk + 1) * length);
    return moved;
  };

export const writeByBuffer =
  (buffer: Buffer, source: Buffer): Walk =>
  (count) => {
    const { length } = source;
    let moved = 0;
    for (let chunk = 0; chunk < count; chunk++) moved += source.copy(buffer, chunk * length);
    return moved;
  };

export const readByCall =
  (native: BareCalls, target: Uint8Array): Walk =>
  (count) => {
    const { length } = target;
    for (let chunk = 0; chunk < count; chunk++) native.read(chunk * length, target);
    return count * length;
  };

export const writeByCall =
  (native: BareCalls, source: Uint8Array): Walk =>
  (count) => {
    const { length } = source;
    for (let chunk = 0; chunk < count; chunk++) native.write(chunk * length, source);
    return count * length;
  };

/** After a walk of n chunks the target must hold the nth. */
export function proveRead(walk: Walk, views: readonly Uint8Array[], target: Uint8Array, name: string): void {
  for (let count = 1; count <= views.length; count++) {
    target.fill(0);
    expectEqual(walk(count), count * target.length, name);
    expectBytes(target, views[count - 1] as Uint8Array, name);
  }
}

/** After a walk of n chunks the first n must hold the source, and the others zeros. */
export function proveWrite(walk: Walk, views: readonly Uint8Array[], source: Uint8Array, name: string): void {
  const zeros = new Uint8Array(source.length);
  for (let count = 1; count <= views.length; count++) {
    for (const view of views) view.fill(0);
    expectEqual(walk(count), count * source.length, name);
    for (const [chunk, view] of views.entries()) expectBytes(view, chunk < count ? source : zeros, name);
  }
}
