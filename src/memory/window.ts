import { memoryMoved } from "../common/errors.js";

/** A wasm page, the unit of a WebAssembly.Memory: bytes. */
export const WASM_PAGE = 65536;

/** First byte of a window in a memory of its own; below it lies the core's page. Also in assembly/page/record.ts. */
export const WINDOW_START = WASM_PAGE;

/** Largest window: a wasm memory of 4 GiB less the core's page. Bytes. */
export const MAX_WINDOW = 2 ** 32 - WINDOW_START;

export const roundUp = (bytes: number, unit: number): number => Math.ceil(bytes / unit) * unit;

/** WebAssembly.Memory, also for those who compile without TypeScript's `dom` library, where alone it is declared. */
export type WasmMemory = typeof globalThis extends { WebAssembly: { Memory: { prototype: infer M } } }
  ? M
  : { readonly buffer: ArrayBuffer; grow(delta: number): number };

const NOTHING = new Uint8Array(0);

const memoryBuffer =
  typeof WebAssembly === "undefined"
    ? undefined
    : Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, "buffer")?.get;

/** Bytes of a WebAssembly.Memory, of whichever realm; undefined for anything else, whatever it poses as. */
export function memoryByteLength(value: unknown): number | undefined {
  try {
    return memoryBuffer?.call(value).byteLength;
  } catch {
    return undefined;
  }
}

/** A view of `length` bytes of a memory as it is now. */
export function pagesOf(memory: WasmMemory, byteOffset: number, length: number): Uint8Array {
  return new Uint8Array(memory.buffer, byteOffset, length);
}

/**
 * The bytes of one attachment inside its memory, and the only place that makes views of them.
 * `memory.grow` of a plain memory detaches every view there is: `bytes` is then empty, and {@link current} makes all
 * three anew. A closed window stays empty, so that whoever checks against `bytes.length` needs no other check.
 */
export class Window {
  buffer: ArrayBufferLike = NOTHING.buffer;
  bytes: Uint8Array = NOTHING;
  view: DataView = new DataView(NOTHING.buffer);
  detached = false;
  /** The attachment: who has a cursor has the window, and so keeps it. */
  owner: object | undefined;
  /** Whether the window is where it was mapped; asked after a grow, by those that a host maps into others' memories. */
  inPlace: (() => boolean) | undefined;

  constructor(
    readonly memory: WasmMemory,
    readonly byteOffset: number,
    readonly byteLength: number,
  ) {
    this.#makeViews();
  }

  /** This window, with views that work. Cheap where they did already. */
  current(): this {
    if (this.bytes.length === 0 && !this.detached) this.#makeViews();
    return this;
  }

  /** A view of `length` bytes from `start`; whoever asks has checked that they are inside. */
  part(start: number, length: number): Uint8Array {
    return new Uint8Array(this.current().buffer, this.byteOffset + start, length);
  }

  close(): void {
    this.detached = true;
    this.buffer = NOTHING.buffer;
    this.bytes = NOTHING;
    this.view = new DataView(NOTHING.buffer);
  }

  #makeViews(): void {
    if (this.inPlace?.() === false)
      throw memoryMoved(
        "the engine moved the memory when it grew, and the window was left behind: detach, attach anew",
      );
    this.buffer = this.memory.buffer;
    this.bytes = new Uint8Array(this.buffer, this.byteOffset, this.byteLength);
    this.view = new DataView(this.buffer, this.byteOffset, this.byteLength);
  }
}
