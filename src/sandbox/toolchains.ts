// What compilers have their modules import of `env`, for guests that compute: none of it reaches beyond the guest, except for
// clocks, random bytes and messages, which are those of its WASI.
import { Buffer } from "node:buffer";
import type { Surroundings, Toolchain } from "./providedjob.js";

type EnvFunction = (...values: never[]) => unknown;
type Functions = Readonly<Record<string, EnvFunction>>;

const ENOSYS = 52; // emscripten's is WASI's
/** Bytes of a text out of a guest's memory, for a message. */
const LONGEST_TEXT = 1000;

function abort(what: string): never {
  throw new WebAssembly.RuntimeError(what);
}

/** Up to so many bytes of the memory, as they are now. */
function bytesAt({ memory }: Surroundings, pointer: number, most = LONGEST_TEXT): Buffer {
  const start = pointer >>> 0;
  return Buffer.from(memory.buffer).subarray(start, start + Math.min(most, LONGEST_TEXT));
}

/** https://www.assemblyscript.org/concepts.html#special-imports */
function assemblyscript(around: Surroundings): Functions {
  /** A string has its length, in bytes, before it. */
  const text = (pointer: number): string => {
    const length = bytesAt(around, pointer - 4, 4);
    return length.length < 4 ? "" : bytesAt(around, pointer, length.readUInt32LE()).toString("utf16le");
  };
  return {
    abort: (message: number, file: number, line: number, column: number) =>
      abort(`aborted: ${text(message)}, in ${text(file)}:${line}:${column}`),
    seed: () => (around.wasi.random ? Buffer.from(around.host.random(8) as Uint8Array).readDoubleLE() : 0),
    trace(message: number, count: number, ...values: number[]) {
      const shown = count > 0 ? ` ${values.slice(0, count).join(", ")}` : "";
      around.host.stderr?.(new TextEncoder().encode(`trace: ${text(message)}${shown}\n`));
    },
  };
}

/** By their names without underscores before them, and without `_js` and `_big`: these differ between its releases. */
function emscripten(around: Surroundings): Functions {
  const text = (pointer: number): unknown => bytesAt(around, pointer).toString().split("\0", 1)[0];
  const zero = (): number => 0;
  const unknown = (): number => -ENOSYS;
  return {
    abort: () => abort("aborted"),
    assert_fail: (condition: number, file: number, line: number) =>
      abort(`assertion failed: ${text(condition)}, in ${text(file)}:${line}`),
    cxa_throw: () => abort("a C++ exception, in a guest that was built without them"),
    emscripten_memcpy(target: number, source: number, length: number) {
      const bytes = (pointer: number) => new Uint8Array(around.memory.buffer, pointer >>> 0, length >>> 0);
      bytes(target).set(bytes(source));
      return target;
    },
    emscripten_resize_heap: zero,
    emscripten_notify_memory_growth: zero,
    emscripten_get_now: () => (around.wasi.clock ? performance.now() : 0),
    emscripten_get_now_is_monotonic: () => 1,
    emscripten_date_now: () => (around.wasi.clock ? Date.now() : 0),
    tzset: zero,
    embind_register: zero,
    mmap: unknown,
    munmap: unknown,
    syscall: unknown,
  };
}

const all = { assemblyscript, emscripten };

/** The function of this name; undefined: it has none. */
export function toolchainFunction(toolchain: Toolchain, name: string, around: Surroundings): EnvFunction | undefined {
  const functions = all[toolchain](around);
  const known =
    toolchain === "assemblyscript"
      ? name
      : name.replace(/^_+|_(js|big)$/g, "").replace(/^(syscall|embind_register)_.+/, "$1");
  return Object.hasOwn(functions, known) ? functions[known] : undefined;
}
