// Which of two ways copies bytes between a window and other arrays: the engine's `set`, or native code, if the entry point
// of the package has any. Between plain buffers `set` is memmove(3), and always right. If one of them is shared, V8 copies
// word by word, and byte by byte if the two sides are not equally far from a multiple of 8 (base/atomicops.h,
// Relaxed_Memmove). In nanoseconds, with AMD EPYC:
//
//                                64 B   256 B   1 KiB   2 KiB    64 KiB
//   set, plain                     14      16      25      36     1,150
//   set, shared, Node 20, 22       15      23      50      85     2,270
//                Node 24           16      32      84     153     4,480
//                Node 26           15      20      40      62     1,790
//     unaligned, Node 20 to 24     32      84     300     590    17,800
//                Node 26           28      74     256     500    16,100
//   native, any                    60      61   66-72   80-85     1,250
//
// A read by `set` needs a view of the window too: 15 ns more.

/** Bytes of a word of V8's copy. */
const WORD = 8;

/** Bytes from which on native code is faster than an unaligned `set` in all of these engines. */
const UNALIGNED = 160;

/** memmove(3). Both copy all of `array`, and return undefined; or a negative errno, and have copied nothing. */
export interface NativeCopy {
  /** Fills `array` with the bytes of `window` from `start` on. */
  readonly read: (array: Uint8Array, window: Uint8Array, start: number) => number | undefined;
  /** Copies `array` into `window`, to `start`. */
  readonly write: (array: Uint8Array, window: Uint8Array, start: number) => number | undefined;
  /**
   * Bytes from which on it is the better choice even for sides that seem to be aligned. The alignment of a caller's array is
   * not asked for, as that would cost each copy of 1 KiB 4 ns of 75; so this is where an aligned copy loses little, and an
   * unaligned one not yet much.
   */
  readonly faster: number;
}

/** The choice for the windows of one memory. */
export class CopyChoice {
  readonly #native: NativeCopy | undefined;
  readonly #aligned: number;
  readonly #unaligned: number;

  constructor(native: NativeCopy | undefined, shared: boolean) {
    this.#native = native;
    const isUsed = shared && native !== undefined;
    this.#aligned = isUsed ? native.faster : Number.POSITIVE_INFINITY;
    this.#unaligned = isUsed ? UNALIGNED : Number.POSITIVE_INFINITY;
  }

  /**
   * The native code, if it is faster; else undefined.
   *
   * @param distance bytes between the addresses of both sides, modulo 8 at least; a caller's array counts as aligned
   */
  nativeFor(length: number, distance: number): NativeCopy | undefined {
    if (length < this.#unaligned) return undefined; // most copies
    return length >= this.#aligned || distance % WORD !== 0 ? this.#native : undefined;
  }
}
