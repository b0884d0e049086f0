// The core in plain JS: faster for single numbers, needed in memories without a core page, and there to compare with.
import type { Core } from "./core.js";
import { JsCursor } from "./js/cursor.js";
import { JsRange } from "./js/range.js";

export const jsCore: Core = {
  name: "js",
  simd: false,
  open: (window) => new JsCursor(window),
  range: (window) => new JsRange(window),
  close: (window) => window.close(),
};
