import type { WasmMemory } from "wasm-shm";

/** Bytes at the segment's start for the threads' own use; the numbers follow. */
export const HEADER = 4096;

/** Places in the header: which 32-bit integer of it. */
export const Place = { go: 0, found: 1 } as const;

/** What a thread is given. */
export interface Task {
  memory: WasmMemory;
  /** Where the header is in the memory; as `byteOffset`, bytes. */
  header: number;
  /** The thread's part of the numbers. */
  byteOffset: number;
  byteLength: number;
}
