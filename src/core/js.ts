// The core in plain JS: faster for single numbers, the only one in memories without a core page, and the oracle for
// tests.
import type { Core } from "./core.js";
import type { Engine } from "./engine.js";
import { JsCursor } from "./js/cursor.js";
import { JsRange } from "./js/range.js";

export function jsCore(engine: Engine): Core {
  const core: Core = {
    name: "js",
    get anywhere() {
      return core;
    },
    open: (window) => new JsCursor(window),
    range: (window) => new JsRange(window, engine),
    close() {},
    expose() {}, // it keeps nothing in the memory
  };
  return core;
}
