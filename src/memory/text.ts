// Short text between a window and strings, by an engine that has native code for it. TextEncoder and TextDecoder cost more
// for each call than for its bytes: 16 ASCII characters take 230 ns to write and 110 to read on Node 20, 260 and 260 on 26.
// Buffer.write takes 60 and 19, latin1Slice 50 and 63 (x86-64).
import { HOST_IS_LITTLE_ENDIAN } from "../common/elements.js";

/** Bytes up to which a text is read by way of the snapshot. Beyond it, the copy by words costs more than `slice`. */
export const SHORT_TEXT = 128;

/** The high bit of each byte of a word: none of ASCII has it. */
const NOT_ASCII = 0x80808080;

/** What an engine has for text. */
export interface NativeText {
  /**
   * Writes text as UTF-8 from `start` on, U+FFFD for a lone surrogate: as many whole characters as fit `length` bytes, and no
   * byte after them. Returns the bytes written. The view is of the engine's own kind, and may be of a shared memory: what it holds is never read.
   */
  readonly write: (view: Uint8Array, text: string, start: number, length: number) => number;
  /** The snapshot of a short text: {@link SHORT_TEXT} bytes that no other process can change. */
  readonly words: Uint32Array;
  /** The first `length` bytes of the snapshot as text, all of them ASCII. */
  readonly ascii: (length: number) => string;
  /** The same of any bytes: bad sequences are U+FFFD, as TextDecoder has them, and a byte order mark is kept. */
  readonly utf8: (length: number) => string;
}

/**
 * The text of `length` bytes from `start`; undefined if it must be read in another way. Each byte is read once: what is
 * checked is what becomes text. The caller has checked that the bytes are inside.
 *
 * @param length at most {@link SHORT_TEXT}
 * @param onlyAscii undefined for other text
 */
export function readShort(
  native: NativeText,
  window: DataView,
  start: number,
  length: number,
  onlyAscii: boolean,
): string | undefined {
  const end = start + length;
  // The last word may pass the window's end; and the order of the words is that of the machine.
  if (end + 3 > window.byteLength || !HOST_IS_LITTLE_ENDIAN) return undefined;
  const { words } = native;
  let seen = 0;
  let word = 0;
  for (let at = start; at < end; at += 4) {
    seen |= word;
    word = window.getUint32(at, true);
    words[(at - start) >>> 2] = word;
  }
  seen |= word & (-1 >>> (8 * (-length & 3))); // of the last word, the bytes of the text
  const isAscii = (seen & NOT_ASCII) === 0;
  if (onlyAscii && !isAscii) return undefined;
  return isAscii ? native.ascii(length) : native.utf8(length);
}
