import type { WasmMemory } from "../../memory/layout.js";
import { Window } from "../../memory/window.js";

/** The window of a closed cursor or range: it has no bytes, and never finds any. */
export const CLOSED = new Window({ buffer: new ArrayBuffer(0) } as WasmMemory, 0, 0, {});
CLOSED.detached = true;
