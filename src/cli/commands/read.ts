import type { Command } from "commander";
import { addRange, type RangeOptions, rangeIn } from "../args/range.js";
import { addTarget, openTarget, type TargetOptions, targetOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { writeOut } from "../io/output.js";
import { eachWindow } from "../io/windows.js";

const CHUNK = 2 ** 20; // bytes a write(2)

export function addRead(program: Command): void {
  addRange(addTarget(program.command("read")))
    .summary("a segment's bytes, to standard output")
    .description("Writes the bytes of a segment to standard output, as they are.")
    .addHelpText("after", "\nExample:\n  wasm-shm read 3 --offset 64K --size 100 | xxd")
    .action(async (id: Target | undefined, options: TargetOptions & RangeOptions) => {
      const segment = openTarget(targetOf(id, options.key));
      const { start, end } = rangeIn(segment.size, options);
      await eachWindow(segment, "read-only", start, end, async (bytes) => {
        for (let at = 0; at < bytes.length; at += CHUNK) await writeOut(bytes.subarray(at, at + CHUNK));
      });
    });
}
