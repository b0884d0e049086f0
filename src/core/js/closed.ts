import type { Window } from "../../memory/window.js";

const nothing = new Uint8Array(0);

/** The window of a closed cursor or range: it has no bytes, and never finds any. */
export const CLOSED = {
  byteLength: 0,
  bytes: nothing,
  view: new DataView(nothing.buffer),
  current: () => CLOSED,
} as unknown as Window;
