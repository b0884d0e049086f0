import type { Command } from "commander";
import { addRange, type RangeOptions, rangeIn } from "../args/range.js";
import { addTarget, openTarget, type TargetOptions, targetOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { openSink, STANDARD_STREAM } from "../io/files.js";
import { drainSegment } from "../io/transfer.js";

async function read(id: Target | undefined, options: TargetOptions & RangeOptions): Promise<void> {
  const segment = await openTarget(targetOf(id, options.key));
  const output = await openSink(STANDARD_STREAM, undefined);
  await drainSegment(segment, rangeIn(segment.size, options), output, () => {});
}

export function addRead(program: Command): void {
  addRange(addTarget(program.command("read")))
    .summary("write a segment's bytes to standard output")
    .description("Write the bytes of a segment to standard output, unchanged.")
    .addHelpText("after", "\nExample:\n  wasm-shm read 3 --offset 64K --size 100 | xxd")
    .action(read);
}
