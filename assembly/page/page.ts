// Page 0 of every memory belongs to the core: no window lies there, so no other process can edit it.
//
//   0       1024      1424      2048             20480     32768           65536
//   | state | secrets | vectors | tables of CRCs | scratch | 2,046 records | window ...
//
// Each area but the vectors begins with a canary, or ends with one: canary.ts. All of the page is zero in a new memory, and
// filled at first use, so that an instance copies nothing.

/**
 * First byte that a window may have. Also in src/memory/window.ts; test/core/binary.test.ts checks that the two agree.
 */
export const WINDOW_START: u32 = 65536;

/** State that a call leaves for the next one: accumulators of a checksum or a sum. 1008 bytes. */
export const STATE: u32 = 16;

/** The secret of XXH3 and one made from a seed, 192 bytes each. */
export const SECRETS: usize = 1040;

/** Constants of 16 bytes: vectors.ts. */
export const VECTORS: usize = 1424;

/** Tables of two CRCs, 9 KiB each. */
export const TABLES: usize = 2048;

/** The scratch area, through which bytes outside every window cross between JS and the core. */
export const SCRATCH: u32 = 20496;
export const SCRATCH_SIZE: u32 = 12272;

export const RECORDS: usize = 32768;
