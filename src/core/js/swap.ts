import type { Width } from "../core.js";
import { BLOCK } from "./block.js";

/**
 * Copies elements with their bytes reversed, `length` a multiple of width, which is not 1. Source and target may be the
 * same bytes. A DataView is as fast as an aligned array at this, and needs no alignment (Node 20, 26).
 */
export function copySwapped(
  target: DataView,
  targetStart: number,
  source: DataView,
  start: number,
  length: number,
  width: Width,
): void {
  const copy = width === 2 ? copyHalves : width === 4 ? copyWords : copyDoubles;
  const shift = targetStart - start;
  const end = start + length;
  for (let at = start; at < end; at += BLOCK) copy(target, shift, source, at, Math.min(at + BLOCK, end));
}

/** Two elements at a time. */
function copyHalves(target: DataView, shift: number, source: DataView, start: number, end: number): void {
  let at = start;
  for (const last = end - 4; at <= last; at += 4) {
    const two = source.getInt32(at);
    target.setInt32(at + shift, ((two << 8) & 0xff00ff00) | ((two >>> 8) & 0x00ff00ff));
  }
  if (at < end) target.setInt16(at + shift, source.getInt16(at, true), false);
}

function copyWords(target: DataView, shift: number, source: DataView, start: number, end: number): void {
  for (let at = start; at < end; at += 4) target.setInt32(at + shift, source.getInt32(at, true), false);
}

function copyDoubles(target: DataView, shift: number, source: DataView, start: number, end: number): void {
  for (let at = start; at < end; at += 8) {
    const first = source.getInt32(at, true);
    const second = source.getInt32(at + 4, true);
    target.setInt32(at + shift, second, false);
    target.setInt32(at + shift + 4, first, false);
  }
}

/** Reverses the bytes of each element in place; one of width 1 is its own reverse. */
export function swap(view: DataView, width: Width, start: number, end: number): void {
  if (width > 1) copySwapped(view, start, view, start, end - start, width);
}
