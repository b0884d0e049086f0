import type { Window } from "../../memory/window.js";

const nothing = new Uint8Array(0);

/** What a closed cursor or range works on: a window of no bytes, which finds none again. */
export const CLOSED = {
  byteLength: 0,
  bytes: nothing,
  view: new DataView(nothing.buffer),
  current: () => CLOSED,
} as unknown as Window;
