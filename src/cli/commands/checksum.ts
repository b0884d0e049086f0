import { type Command, Option } from "commander";
import type { Segment } from "../../segment/segment.js";
import { addRange, type RangeOptions, rangeIn } from "../args/range.js";
import { addTargets, openTarget, type TargetsOptions, targetsOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { kernelShm } from "../io/kernel.js";
import { writeOut } from "../io/output.js";
import { eachWindow } from "../io/windows.js";

const algorithms = ["crc32c", "crc32", "adler32", "xxh3", "xxh64"] as const;
type Algorithm = (typeof algorithms)[number];

interface Options extends RangeOptions, TargetsOptions {
  algorithm: Algorithm;
}

/** The sum as hexadecimal digits, of a segment of any size: one window after the other. */
async function sumOf(segment: Segment, options: Options): Promise<string> {
  const { start, end } = rangeIn(segment.size, options);
  const { createChecksum } = await kernelShm();
  const checksum = createChecksum(options.algorithm as "crc32c"); // the types differ by the algorithm
  await eachWindow(segment, "read-only", start, end, (bytes, _position, attachment) => {
    const from = bytes.byteOffset - attachment.byteOffset;
    checksum.update(attachment, from, from + bytes.length);
  });
  return checksum
    .digest()
    .toString(16)
    .padStart(options.algorithm.startsWith("xxh") ? 16 : 8, "0");
}

export function addChecksum(program: Command): void {
  addRange(addTargets(program.command("checksum")))
    .summary("print a checksum of a segment's bytes")
    .description("Print a line for each segment: the checksum of its bytes, and its id.")
    .addOption(new Option("-a, --algorithm <name>", "the checksum").choices(algorithms).default("crc32c"))
    .addHelpText("after", "\nExample:\n  wasm-shm checksum 3 --algorithm crc32")
    .action(async (ids: Target[] | undefined, options: Options) => {
      for (const target of targetsOf(ids, options)) {
        const segment = await openTarget(target);
        await writeOut(`${await sumOf(segment, options)}  ${segment.id}\n`);
      }
    });
}
