// The core in assembly/, one instance a memory and build. Only the files in wasm/ touch its exports: a u32 arrives
// signed there, and a trap as a WebAssembly.RuntimeError.
import type { Window } from "../memory/window.js";
import type { Core, CoreCursor, CoreRange } from "./core.js";
import { jsCore } from "./js.js";
import { buildOf, supportsSimd } from "./wasm/build.js";
import { WasmCursor } from "./wasm/cursor.js";
import { pageOf } from "./wasm/page.js";
import { WasmRange } from "./wasm/range.js";

export { supportsSimd };

class WasmCore implements Core {
  readonly name = "wasm";
  readonly #forced: boolean | undefined;

  constructor(simd: boolean | undefined) {
    this.#forced = simd;
  }

  get simd(): boolean {
    return this.#forced ?? supportsSimd();
  }

  open(window: Window): CoreCursor {
    const page = pageOf(window.memory);
    const instance = page.instanceBy(buildOf(this.simd));
    const lease = page.open(window, instance);
    // Page 0 holds so many records and no more. The contract is the same, so the cursor after the last is a JS one.
    return lease ? new WasmCursor(instance, lease) : jsCore.open(window);
  }

  range(window: Window): CoreRange {
    const page = pageOf(window.memory);
    const instance = page.instanceBy(buildOf(this.simd));
    const lease = page.open(window, instance);
    return lease ? new WasmRange(instance, window, lease) : jsCore.range(window);
  }

  close(window: Window): void {
    pageOf(window.memory).close(window);
    jsCore.close(window);
  }
}

const byDefault = new WasmCore(undefined);
const withSimd = new WasmCore(true);
const withoutSimd = new WasmCore(false);

/** @param simd which build; where it is left out, that with 128-bit vectors where the engine has them */
export function wasmCore(simd?: boolean): Core {
  return simd === undefined ? byDefault : simd ? withSimd : withoutSimd;
}
