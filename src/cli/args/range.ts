// Which bytes of a segment a command works on.
import type { Command } from "commander";
import { UsageError } from "../failure.js";
import { parseSize } from "./values.js";

export interface RangeOptions {
  offset: number;
  size?: number;
}

export function addRange(command: Command): Command {
  return command
    .option("-o, --offset <size>", "bytes to skip first", parseSize, 0)
    .option("-s, --size <size>", "how many bytes at the most (default: to the end)", parseSize);
}

/**
 * The range that was asked for, inside a segment of `size` bytes.
 *
 * @throws {UsageError} it begins behind the end
 */
export function rangeIn(size: number, { offset, size: length = size }: RangeOptions): { start: number; end: number } {
  if (offset > size) throw new UsageError(`offset ${offset} is past the end: the segment has ${size} bytes`);
  return { start: offset, end: offset + Math.min(length, size - offset) };
}
