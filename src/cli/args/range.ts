// The bytes of a segment that a command works on.
import type { Command } from "commander";
import { UsageError } from "../failure.js";
import type { Range } from "../io/windows.js";
import { parseSize } from "./values.js";

export interface RangeOptions {
  offset: number;
  size?: number;
}

/** Adds `--offset` and `--size`. */
export function addRange(command: Command): Command {
  return command
    .option("-o, --offset <size>", "bytes to skip first", parseSize, 0)
    .option("-s, --size <size>", "at most this many bytes (default: to the end)", parseSize);
}

/** @throws {UsageError} the offset is past the end of a segment of `size` bytes */
export function checkOffset(offset: number, size: number): void {
  if (offset > size) throw new UsageError(`offset ${offset} is past the end: the segment has ${size} bytes`);
}

/**
 * The range that was asked for, inside a segment of `size` bytes. It ends where the segment does, if it is longer.
 *
 * @throws {UsageError} it begins past the end
 */
export function rangeIn(size: number, { offset, size: length = size }: RangeOptions): Range {
  checkOffset(offset, size);
  return { start: offset, end: offset + Math.min(length, size - offset) };
}
