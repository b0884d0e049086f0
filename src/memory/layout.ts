// How the memory of an attachment is laid out, and the sizes and checks that follow from it. All numbers are bytes.

/** A wasm page, the unit of a WebAssembly.Memory. */
export const WASM_PAGE = 65536;

/** First byte of a window in a memory of its own; below it lies the core's page. Also in assembly/page/record.ts. */
export const WINDOW_START = WASM_PAGE;

/** Largest window: a wasm memory of 4 GiB less the core's page. */
export const MAX_WINDOW = 2 ** 32 - WINDOW_START;

export const roundUp = (bytes: number, unit: number): number => Math.ceil(bytes / unit) * unit;

/** WebAssembly.Memory, also for users who compile without TypeScript's `dom` library, the only one that declares it. */
export type WasmMemory = typeof globalThis extends { WebAssembly: { Memory: { prototype: infer M } } }
  ? M
  : { readonly buffer: ArrayBufferLike; grow(delta: number): number };

const memoryBuffer =
  typeof WebAssembly === "undefined"
    ? undefined
    : Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, "buffer")?.get;

/** The size of a WebAssembly.Memory of any realm; undefined for anything else, also for an object that poses as one. */
export function memoryByteLength(value: unknown): number | undefined {
  try {
    return memoryBuffer?.call(value).byteLength;
  } catch {
    return undefined;
  }
}

/** Whether other threads can hold the memory: its buffer is a SharedArrayBuffer then, of any realm. */
export function isShared(memory: WasmMemory): boolean {
  return Object.prototype.toString.call(memory.buffer) === "[object SharedArrayBuffer]";
}

/** A view of `length` bytes of a memory as it is now. */
export function pagesOf(memory: WasmMemory, byteOffset: number, length: number): Uint8Array {
  return new Uint8Array(memory.buffer, byteOffset, length);
}
