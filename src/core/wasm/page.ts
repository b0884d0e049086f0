// The core's page of one memory: which of its records are in use, its scratch area, and the instance that works there.
import { corePageWritten } from "../../common/errors.js";
import { pagesOf, type WasmMemory } from "../../memory/layout.js";
import type { Window } from "../../memory/window.js";
import { hashShapes, MALFORMED, TRAP, UNSAFE } from "../core.js";
import { constants, instanceIn } from "./build.js";
import type { Exports } from "./exports.js";

/** Not the number of a record: every use of it traps. */
export const CLOSED = 0;

/** The largest length that crosses as a u32; a larger one would arrive as its remainder. Every window is shorter. */
export const MAX_LENGTH = 0xffffffff;

/** Bytes of the state that cross: the largest of {@link hashShapes}. */
const STATE_SIZE = hashShapes.xxh3.state;

const NOTHING = new Uint8Array(0);
const NO_FLOAT32 = new Float32Array(0);
const NO_FLOAT64 = new Float64Array(0);

/** The core at work in one memory. */
export class Instance {
  readonly exports: Exports;
  readonly #memory: WasmMemory;
  #bytes: Uint8Array = NOTHING;
  #state: Uint8Array = NOTHING;
  #float32: Float32Array = NO_FLOAT32;
  #float64: Float64Array = NO_FLOAT64;

  constructor(memory: WasmMemory) {
    this.exports = instanceIn(memory);
    this.#memory = memory;
  }

  /** The scratch area, through which bytes outside every window cross. */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#makeViews(); // at the first use, and after a grow of the memory
    return this.#bytes;
  }

  /** State that a call leaves for the next one. */
  get state(): Uint8Array {
    if (this.#state.length === 0) this.#makeViews();
    return this.#state;
  }

  get float32(): Float32Array {
    if (this.#float32.length === 0) this.#makeViews();
    return this.#float32;
  }

  get float64(): Float64Array {
    if (this.#float64.length === 0) this.#makeViews();
    return this.#float64;
  }

  /** The reason of a trap of the core; any other error (a stack overflow, for example) is returned as it is. */
  reasonOf(error: unknown): unknown {
    if (!(error instanceof WebAssembly.RuntimeError)) return error;
    const { fault } = this.exports;
    const reason = fault.value as number;
    fault.value = 0;
    if (reason === constants.FOREIGN) return corePageWritten(error);
    if (reason === constants.MALFORMED) return MALFORMED;
    return reason === constants.UNSAFE ? UNSAFE : TRAP;
  }

  #makeViews(): void {
    const { SCRATCH, SCRATCH_SIZE, STATE } = constants;
    const bytes = pagesOf(this.#memory, SCRATCH, SCRATCH_SIZE);
    this.#bytes = bytes;
    this.#state = pagesOf(this.#memory, STATE, STATE_SIZE);
    this.#float32 = new Float32Array(bytes.buffer, SCRATCH, SCRATCH_SIZE / 4);
    this.#float64 = new Float64Array(bytes.buffer, SCRATCH, SCRATCH_SIZE / 8);
  }
}

/** A record, and where to return it. Nothing here refers to the memory, which must stay collectable. */
export interface Lease {
  readonly record: number;
  readonly records: Set<number>;
  readonly free: number[];
}

function giveBack({ record, records, free }: Lease): void {
  records.delete(record);
  free.push(record);
}

/** For cursors and ranges that are collected without a close. */
const dropped = new FinalizationRegistry<Lease>(giveBack);

/** Returns the record when `holder` is collected, unless {@link release} does before. */
export function keepFor(holder: object, lease: Lease): void {
  dropped.register(holder, lease, holder);
}

export function release(holder: object, lease: Lease): void {
  dropped.unregister(holder);
  giveBack(lease);
}

class Page {
  readonly #memory: WasmMemory;
  #instance: Instance | undefined;
  readonly #byWindow = new WeakMap<Window, Set<number>>();
  readonly #free: number[] = [];
  #used = CLOSED + 1;
  #isExposed = false;

  constructor(memory: WasmMemory) {
    this.#memory = memory;
  }

  /** The core's instance in this memory, made at the first use. */
  get instance(): Instance {
    if (this.#instance) return this.#instance;
    this.#instance = new Instance(this.#memory);
    if (this.#isExposed) this.#instance.exports.expose();
    return this.#instance;
  }

  /** From here on others may write into the page, by mistake. */
  expose(): void {
    if (this.#isExposed) return;
    this.#isExposed = true;
    this.#instance?.exports.expose();
  }

  /** Opens a record over a window; undefined if all are in use. */
  open(window: Window): Lease | undefined {
    const { instance } = this;
    const record = this.#free.pop() ?? (this.#used < constants.RECORD_COUNT ? this.#used++ : undefined);
    if (record === undefined) return undefined;
    try {
      instance.exports.open(record, window.byteOffset, window.byteLength);
    } catch (error) {
      this.#free.push(record);
      throw instance.reasonOf(error);
    }
    let records = this.#byWindow.get(window);
    if (!records) {
      records = new Set();
      this.#byWindow.set(window, records);
    }
    records.add(record);
    return { record, records, free: this.#free };
  }

  /** Closes every record of a window. */
  close(window: Window): void {
    if (this.#instance) for (const record of this.#byWindow.get(window) ?? []) this.#instance.exports.close(record);
  }
}

/** By memory, because a host may put several attachments into one: no record may then be handed out twice. */
const pages = new WeakMap<WasmMemory, Page>();

export function pageOf(memory: WasmMemory): Page {
  let page = pages.get(memory);
  if (!page) {
    page = new Page(memory);
    pages.set(memory, page);
  }
  return page;
}
