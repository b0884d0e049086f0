// The options of both streams, checked before anything happens.
import { checkBoolean, checkInteger, checkOptions, checkSignal, checkSize } from "../common/arguments.js";
import type { CursorReadableOptions } from "../cursor/streaming.js";

/** Bytes; the default of Node's own file streams. */
const HIGH_WATER_MARK = 64 * 1024;

/**
 * With zeroCopy a chunk takes no memory. A pipe to a file then takes half the CPU time of a pipe between two files, and 70 % with
 * chunks of 64 KiB: each costs its receiver some 20 us (Node 20, tmpfs).
 */
const ZERO_COPY_MARK = 256 * 1024;

/** Options with their defaults filled in. Bytes. */
export interface CheckedOptions {
  readonly start: number | undefined;
  readonly end: number;
  readonly highWaterMark: number;
  readonly signal: AbortSignal | undefined;
  readonly zeroCopy: boolean;
}

const common = ["start", "end", "highWaterMark", "signal"] as const;
export const writableKeys = common;
export const readableKeys = [...common, "zeroCopy"] as const;

/**
 * @param keys the options that this stream knows
 * @param size bytes in the window
 */
export function checkStreamOptions(
  options: CursorReadableOptions | undefined,
  keys: readonly (keyof CursorReadableOptions)[],
  size: number,
): CheckedOptions {
  const { start, end = size, highWaterMark: given, signal, zeroCopy = false } = checkOptions(options, keys);
  const highWaterMark = given === undefined ? (zeroCopy === true ? ZERO_COPY_MARK : HIGH_WATER_MARK) : given;
  checkInteger("options.end", end, 0, size);
  if (start !== undefined) checkInteger("options.start", start, 0, end);
  checkSize("options.highWaterMark", highWaterMark, 1);
  checkBoolean("options.zeroCopy", zeroCopy);
  return {
    start,
    end,
    highWaterMark,
    signal: signal === undefined ? undefined : checkSignal("options.signal", signal),
    zeroCopy,
  };
}
