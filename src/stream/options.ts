// What a stream is asked for, checked before anything happens, and where it is in the window.
import { checkBoolean, checkInteger, checkOptions, checkSize } from "../common/arguments.js";
import { invalidType } from "../common/errors.js";
import type { CursorReadableOptions, StopSignal } from "../cursor/streams.js";

/** Bytes; what Node's own file streams have. */
const HIGH_WATER_MARK = 64 * 1024;

export interface Checked {
  readonly start: number | undefined;
  readonly end: number;
  readonly highWaterMark: number;
  readonly signal: AbortSignal | undefined;
  readonly zeroCopy: boolean;
}

const common = ["start", "end", "highWaterMark", "signal"] as const;
export const writableKeys = common;
export const readableKeys = [...common, "zeroCopy"] as const;

export function checkStreamOptions(
  options: CursorReadableOptions | undefined,
  keys: readonly (keyof CursorReadableOptions)[],
  size: number,
): Checked {
  const { start, end = size, highWaterMark = HIGH_WATER_MARK, signal, zeroCopy = false } = checkOptions(options, keys);
  checkInteger("options.end", end, 0, size);
  if (start !== undefined) checkInteger("options.start", start, 0, end);
  checkSize("options.highWaterMark", highWaterMark, 1);
  checkBoolean("options.zeroCopy", zeroCopy);
  return { start, end, highWaterMark, signal: signal === undefined ? undefined : checkSignal(signal), zeroCopy };
}

/** One of another realm, or a library's, is as good: what Node's streams use of it is there. */
function checkSignal(value: StopSignal | null): AbortSignal {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  if (typeof aborted === "boolean" && typeof addEventListener === "function") return value as AbortSignal;
  throw invalidType("options.signal", "an instance of AbortSignal", value);
}
