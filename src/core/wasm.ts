// The core in assembly/, one instance for each memory. Only the files in wasm/ touch its exports: there a u32 arrives
// signed, and a trap as a WebAssembly.RuntimeError.
import type { Core } from "./core.js";
import type { Engine } from "./engine.js";
import { jsCore } from "./js.js";
import { WasmCursor } from "./wasm/cursor.js";
import { pageOf } from "./wasm/page.js";
import { WasmRange } from "./wasm/range.js";

export function wasmCore(engine: Engine): Core {
  const js = jsCore(engine);
  return {
    name: "wasm",
    anywhere: js,
    open(window) {
      const page = pageOf(window.memory);
      const lease = page.open(window);
      // If every record of page 0 is in use, a JS cursor takes over: its contract is the same.
      return lease ? new WasmCursor(page.instance, lease, window) : js.open(window);
    },
    range(window) {
      const page = pageOf(window.memory);
      const lease = page.open(window);
      return lease ? new WasmRange(page.instance, window, lease, js, engine) : js.range(window);
    },
    close: (window) => pageOf(window.memory).close(window),
    expose: (window) => pageOf(window.memory).expose(),
  };
}
