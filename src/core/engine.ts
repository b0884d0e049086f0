import type { OwnUint8Array } from "../common/bytes.js";
import type { Width } from "../common/elements.js";
import type { WindowNatives } from "../memory/window.js";

/**
 * Operations that an engine has in native code. The entry point of the package hands them in: Node's has Buffer's and
 * zlib's, the portable one has none. Each may be absent; the package then does the work itself.
 *
 * The bytes may be shared with other processes, which may write to them during the call. So an operation must be safe on
 * memory that changes: it reads within the length it was given, even if bytes change after it has read them, and at worst
 * its answer is about bytes that were never there together. The views are valid for the call only, and those of a window are
 * of the kind that `view` makes.
 */
export interface Engine extends WindowNatives {
  /**
   * memcmp(3): the sign of the first difference of as many bytes. Neither core can compare bytes of two buffers at full
   * speed: the wasm core would have to copy those that are not in its memory (half the speed over 1 MiB), and the JS core
   * looks at one at a time.
   */
  readonly compare?: (left: Uint8Array, right: Uint8Array) => number;
  /** Where the first occurrence of a byte, or of a needle of 2 bytes or more, begins in `bytes`; -1 if there is none. */
  readonly indexOf?: (bytes: Uint8Array, value: number | Uint8Array) => number;
  /** As indexOf, the last occurrence. */
  readonly lastIndexOf?: (bytes: Uint8Array, value: number | Uint8Array) => number;
  /** Longest text, in bytes, about which indexOf and lastIndexOf are right (default any). */
  readonly longestText?: number;
  /** Longest needle, in bytes, that indexOf and lastIndexOf find in linear time, even if nearly everything matches. */
  readonly longestNeedle?: number;
  /** Reverses the bytes of each element, in place. The length is a multiple of `width`. */
  readonly swap?: (bytes: Uint8Array, width: 2 | 4 | 8) => void;
  /** The widths that it swaps faster than the wasm core does. */
  readonly fastSwaps?: readonly Width[];
  /** Whether the bytes are UTF-8, as {@link CoreRange.isUtf8} defines it. */
  readonly isUtf8?: (bytes: Uint8Array) => boolean;
  /** zlib's CRC-32, continued from `previous`: 0 to begin. */
  readonly crc32?: ((bytes: Uint8Array, previous: number) => number) | undefined;

  /** The bytes of a file, by its URL. */
  readonly readFile?: (url: { readonly href: string }) => Promise<Uint8Array>;

  // Of copies, which no other process can change:
  /** New bytes of the engine's own kind, such as a Buffer, in memory of their own. What they contain is not said. */
  readonly allocate?: (length: number) => OwnUint8Array;
  /** Text of the bytes: byte n is U+00nn. */
  readonly latin1?: (copy: Uint8Array) => string;
}
