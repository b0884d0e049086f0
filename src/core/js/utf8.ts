import { BLOCK } from "./block.js";

/** Bits that no ASCII byte has. */
const HIGH = 0x80808080;

/** Where the range is no UTF-8. */
const BAD = -1;

export function isUtf8(view: DataView, start: number, end: number): boolean {
  let at = start;
  while (at >= 0 && at < end) at = skipBlock(view, at, end);
  return at === end;
}

/**
 * Goes over a block's characters: those that begin in it. Table 3-7 of the Unicode standard. What decides is read once,
 * but for bytes beside the ASCII ones, which are read again.
 */
function skipBlock(view: DataView, start: number, end: number): number {
  const stop = Math.min(start + BLOCK, end);
  let at = start;
  while (at < stop) {
    const byte = view.getUint8(at);
    if (byte < 0x80) {
      at = skipAscii(view, at + 1, stop);
    } else if (byte < 0xe0) {
      if (byte < 0xc2 || end - at < 2 || !continues(view.getUint8(at + 1))) return BAD;
      at += 2;
    } else if (byte < 0xf0) {
      if (end - at < 3) return BAD;
      const second = view.getUint8(at + 1);
      if (!continues(second) || !continues(view.getUint8(at + 2))) return BAD;
      if (byte === 0xe0 && second < 0xa0) return BAD; // shorter as two bytes
      if (byte === 0xed && second > 0x9f) return BAD; // a surrogate
      at += 3;
    } else {
      if (byte > 0xf4 || end - at < 4) return BAD;
      const second = view.getUint8(at + 1);
      if (!continues(second) || !continues(view.getUint8(at + 2)) || !continues(view.getUint8(at + 3))) return BAD;
      if (byte === 0xf0 && second < 0x90) return BAD; // shorter as three bytes
      if (byte === 0xf4 && second > 0x8f) return BAD; // past U+10FFFF
      at += 4;
    }
  }
  return at;
}

const continues = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** Sixteen bytes at a time, as long as all of them are. */
function skipAscii(view: DataView, start: number, end: number): number {
  let at = start;
  for (const last = end - 16; at <= last; at += 16) {
    const words = view.getInt32(at) | view.getInt32(at + 4) | view.getInt32(at + 8) | view.getInt32(at + 12);
    if ((words & HIGH) !== 0) break;
  }
  return at;
}
