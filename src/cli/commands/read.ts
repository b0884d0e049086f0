import type { Command } from "commander";
import { UsageError } from "../failure.js";
import { writeOut } from "../output.js";
import { addTarget, openTarget, targetOf } from "../target.js";
import { parseSize, type Target } from "../values.js";
import { eachWindow } from "../windows.js";

const CHUNK = 2 ** 20; // bytes a write(2)

/** The range that was asked for, inside a segment. @throws {UsageError} it begins behind the end */
export function rangeIn(size: number, offset: number, length: number | undefined): { start: number; end: number } {
  if (offset > size) throw new UsageError(`offset ${offset} is past the end: the segment has ${size} bytes`);
  return { start: offset, end: offset + Math.min(length ?? size, size - offset) };
}

export function addRead(program: Command): void {
  addTarget(program.command("read"))
    .summary("a segment's bytes, to standard output")
    .description("Writes the bytes of a segment to standard output, as they are.")
    .option("-o, --offset <size>", "bytes to skip first", parseSize, 0)
    .option("-s, --size <size>", "how many bytes at the most (default: to the end)", parseSize)
    .addHelpText("after", "\nExample:\n  wasm-shm read 3 --offset 64K --size 100 | xxd")
    .action(async (id: Target | undefined, options: { key?: number; offset: number; size?: number }) => {
      const segment = openTarget(targetOf(id, options.key));
      const { start, end } = rangeIn(segment.size, options.offset, options.size);
      await eachWindow(segment, "read-only", start, end, async (bytes) => {
        for (let at = 0; at < bytes.length; at += CHUNK) await writeOut(bytes.subarray(at, at + CHUNK));
      });
    });
}
