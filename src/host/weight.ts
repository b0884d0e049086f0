// What the engine counts for the memories of attachments. V8 collects garbage sooner if objects hold much outside its heap, and
// a dropped attachment is detached by that alone: docs/architecture.md.
import { WASM_PAGE, type WasmMemory } from "../memory/layout.js";

/** V8's version: 11 in Node 20, 12 in 22, 13 in 24, 14 in 26. */
export const V8 = Number.parseInt(process.versions.v8, 10);

/**
 * Whether the engine counts shared memories itself: the pages that they are made with, not those of a grow. V8 does since
 * version 14 (Node 25). Before, it counts nothing, and 1,491 of 1,500 dropped attachments of 16 MiB were still attached.
 */
const COUNTS_SHARED = V8 >= 14;

/**
 * Bytes that one attachment counts at most. V8 starts to collect at 64 MiB, so a few of the largest suffice. With all of
 * its bytes, each attach of 1 GiB would run the collector: 3 ms instead of 40 us (Node 20 and 26, x86-64).
 */
const MOST = 16 << 20;

/**
 * Bytes that a memory counts when its segment was detached: the core's page, and what the engine has for it. The collector then
 * runs once in 512 lives of a segment, whatever its size is, and not once in 64 of 1 MiB.
 */
const DETACHED_PAGES = 2;
const DETACHED = DETACHED_PAGES * WASM_PAGE;

/** What the engine counts by itself. */
const BY_ENGINE = COUNTS_SHARED ? DETACHED : 0;

/** Of a shared memory of `pages`, with how many it is made; it grows by the rest. */
export const firstPages = (pages: number): number => (COUNTS_SHARED ? Math.min(pages, DETACHED_PAGES) : pages);

/** What is counted for one memory beyond the engine's own count. Nothing here refers to the memory, which must stay collectable. */
export interface Weight {
  bytes: number;
}

/** What a host counts. */
export class Weights {
  readonly #adjust: (bytes: number) => void;
  readonly #collected: FinalizationRegistry<Weight>;

  /** @param adjust has the engine count so many bytes more, or less */
  constructor(adjust: (bytes: number) => void) {
    this.#adjust = adjust;
    this.#collected = new FinalizationRegistry(({ bytes }) => adjust(-bytes));
  }

  /** Counts the `length` bytes of a shared memory until {@link lighten}, or until it is collected. */
  weigh(memory: WasmMemory, length: number): Weight {
    const weight = { bytes: Math.max(Math.min(length, MOST) - BY_ENGINE, 0) };
    if (weight.bytes === 0) return weight;
    this.#collected.register(memory, weight);
    this.#adjust(weight.bytes);
    return weight;
  }

  /** The segment was detached: zeros that take no memory are in its place. */
  lighten(weight: Weight): void {
    const less = weight.bytes - (DETACHED - BY_ENGINE);
    if (less <= 0) return;
    weight.bytes -= less;
    this.#adjust(-less);
  }
}
