// Page 0 of every memory is the core's own: no window lies there, so no peer process can edit what is in it.
//
//   0       1024      1408      2048             20480     32768           65536
//   | state | secrets | vectors | tables of CRCs | scratch | 2,048 records | window ...
//
// All of it is zero in a new memory, and filled at first use: an instance costs no copying.

/** First byte that a window may have. Also in src/memory/window.ts; test/core/binary.test.ts holds the two together. */
export const WINDOW_START: u32 = 65536;

/** What a call leaves for the next one: accumulators of a checksum or a sum. 1024 bytes. */
export const STATE: usize = 0;

/** XXH3's secret and the one made from a seed, 192 bytes each. */
export const SECRETS: usize = 1024;

/** Constants of 16 bytes: vectors.ts. */
export const VECTORS: usize = 1408;

/** Of two CRCs, 9 KiB each. */
export const TABLES: usize = 2048;

/** Where JS and the core hand each other bytes that are in no window. */
export const SCRATCH: u32 = 20480;
export const SCRATCH_SIZE: u32 = 12288;

export const RECORDS: usize = 32768;
