// What the processes and the threads of a storm share.

/** Bytes of the segments that the peer rewrites: less than a page, some pages, more than a wasm page. */
export const SCRIBBLED_SIZES = [3333, 40 * 4096, (1 << 20) + 100];

/** Of the segment that no one may change: it is attached read-only and copy-on-write alone. */
export const CANARY_SIZE = 40 * 4096;
export const CANARY = 0xa5;

export interface Segments {
  /** The ids of segments that the peer rewrites. */
  readonly scribbled: readonly number[];
  readonly canary: number;
}

/** What the process of a storm is told. */
export interface Orders extends Segments {
  readonly seed: number;
  readonly seconds: number;
}

/** What each thread of it is told. */
export interface ThreadOrders extends Segments {
  readonly seed: number;
  /** 0 is the main thread. */
  readonly index: number;
  /** A memory that all threads hold, with {@link SLOT_PAGES} for each. */
  readonly memory: WebAssembly.Memory;
  /** Stores of every kind, over an imported memory. */
  readonly modules: { readonly plain: WebAssembly.Module; readonly shared: WebAssembly.Module };
  /** How often each action succeeded, and was refused. */
  readonly counts: Int32Array;
  /** When to end: milliseconds of performance.timeOrigin + performance.now(). */
  readonly end: number;
}

/** Threads of a storm, the main one included. */
export const THREADS = 5;

/** WebAssembly pages of the common memory that belong to one thread. */
export const SLOT_PAGES = 20;
