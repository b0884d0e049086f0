// Each part of the work by the core that is better at it: cursors by JS, which has no call into wasm to pay for, ranges
// by wasm, which has vectors.
import type { Core } from "./core.js";
import type { Engine } from "./engine.js";
import { jsCore } from "./js.js";
import { wasmCore } from "./wasm.js";

export function autoCore(engine: Engine): Core {
  const js = jsCore(engine);
  const wasm = wasmCore(engine);
  return { name: "auto", anywhere: js, open: js.open, range: wasm.range, close: wasm.close };
}
