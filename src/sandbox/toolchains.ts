// What compilers have their modules import of `env`, for guests that compute: none of it reaches beyond the guest, except for
// clocks, random bytes and messages, which are those of its WASI.
import { Buffer } from "node:buffer";
import type { Surroundings, Toolchain } from "./providedjob.js";

type Functions = Readonly<Record<string, (...values: number[]) => number | undefined>>;

const ENOSYS = 52; // emscripten's is WASI's
/** Bytes of a text out of a guest's memory, for a message. */
const LONGEST_TEXT = 1000;

function abort(what: string): never {
  throw new WebAssembly.RuntimeError(what);
}

/** Up to so many bytes of the memory, as they are now. */
const bytesAt = ({ memory }: Surroundings, pointer: number, most: number): Buffer => {
  const all = Buffer.from(memory.buffer);
  return all.subarray(pointer >>> 0, (pointer >>> 0) + Math.min(most, LONGEST_TEXT));
};

/** https://www.assemblyscript.org/concepts.html#special-imports */
function assemblyscript(around: Surroundings): Functions {
  /** A string has its length, in bytes, before it. */
  const text = (pointer: number): string => {
    const length = bytesAt(around, pointer - 4, 4);
    return length.length < 4 ? "" : bytesAt(around, pointer, length.readUInt32LE()).toString("utf16le");
  };
  return {
    abort: (message = 0, file = 0, line, column) =>
      abort(`aborted: ${text(message)}, in ${text(file)}:${line}:${column}`),
    seed: () => (around.wasi.random ? Buffer.from(around.host.random(8) as Uint8Array).readDoubleLE() : 0),
    trace(message = 0, count = 0, ...values) {
      const shown = [`trace: ${text(message)}`, values.slice(0, count).join(", ")].filter((part) => part !== "");
      around.host.stderr?.(new TextEncoder().encode(`${shown.join(" ")}\n`));
      return undefined;
    },
  };
}

/** By their names without underscores before and `_js` behind, which differ between its releases. */
function emscripten(around: Surroundings): Functions {
  const text = (pointer: number): string =>
    bytesAt(around, pointer, LONGEST_TEXT).toString().split("\0", 1)[0] as string;
  const copy = (target: number, source: number, length: number): number => {
    const { buffer } = around.memory;
    new Uint8Array(buffer, target >>> 0, length >>> 0).set(new Uint8Array(buffer, source >>> 0, length >>> 0));
    return target;
  };
  const nothing = (): number => 0;
  return {
    abort: () => abort("aborted"),
    assert_fail: (condition = 0, file = 0, line) =>
      abort(`assertion failed: ${text(condition)}, in ${text(file)}:${line}`),
    cxa_throw: () => abort("a C++ exception, in a guest that was built without them"),
    emscripten_memcpy: copy as Functions[string],
    emscripten_memcpy_big: copy as Functions[string],
    emscripten_resize_heap: nothing,
    emscripten_notify_memory_growth: nothing,
    emscripten_get_now: () => (around.wasi.clock ? performance.now() : 0),
    emscripten_get_now_is_monotonic: () => 1,
    emscripten_date_now: () => (around.wasi.clock ? Date.now() : 0),
    tzset: nothing,
    munmap: () => -ENOSYS,
    mmap: () => -ENOSYS,
    syscall: () => -ENOSYS,
    embind_register: nothing,
  };
}

const all = { assemblyscript, emscripten };

/** The function of this name; undefined: it has none. */
export function toolchainFunction(
  toolchain: Toolchain,
  name: string,
  around: Surroundings,
): ((...values: number[]) => number | undefined) | undefined {
  const functions = all[toolchain](around);
  const known =
    toolchain === "assemblyscript"
      ? name
      : name.replace(/^_+|_js$/g, "").replace(/^(syscall|embind_register)_.+/, "$1");
  return Object.hasOwn(functions, known) ? functions[known] : undefined;
}
