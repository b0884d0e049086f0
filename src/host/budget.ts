// Keeps this process away from vm.max_map_count. At that limit malloc itself fails, and the engine, which cannot go on
// without, ends the process (seen on Node 26 at 16,000 attachments); so an attach is refused some way before it.
import { readFileSync } from "node:fs";

/** Mappings that an attachment takes: page 0, the window, what is left of its memory, the guard behind. Node 20 to 26. */
const PER_ATTACHMENT = 4;

/** Mappings left to the engine and everyone else. */
const RESERVE = 4096;

/** Other threads attach meanwhile, each with a budget of its own, so one spends a part of what there is before it looks again. */
const SHARE = 1 / 4;

const NEWLINE = 10;

function countMappings(): number {
  const maps = readFileSync("/proc/self/maps");
  let count = 0;
  for (let at = maps.indexOf(NEWLINE); at >= 0; at = maps.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

export class MapBudget {
  readonly #limit: number;
  #left = 0; // attachments until the next count, which reads a line for each mapping

  constructor(maxMapCount: number | undefined) {
    this.#limit = maxMapCount === undefined ? Number.POSITIVE_INFINITY : maxMapCount - RESERVE;
  }

  /** Whether there is room for one more attachment; takes it. */
  spend(): boolean {
    if (this.#limit === Number.POSITIVE_INFINITY) return true;
    if (this.#left <= 0) this.#left = Math.ceil(((this.#limit - countMappings()) / PER_ATTACHMENT) * SHARE);
    if (this.#left <= 0) return false;
    this.#left--;
    return true;
  }
}
