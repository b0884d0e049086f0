import { type Command, Option } from "commander";
import type { Segment } from "../../segment/segment.js";
import { addRange, type RangeOptions, rangeIn } from "../args/range.js";
import { addTargets, openTarget, type TargetsOptions, targetsOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { UserError } from "../failure.js";
import { writeOut } from "../io/output.js";
import { eachWindow, ONE_WINDOW } from "../io/windows.js";

const chained = ["crc32c", "crc32", "adler32"] as const; // each window continues the sum of the one before
const hashed = ["xxh3", "xxh64"] as const;
type Algorithm = (typeof chained)[number] | (typeof hashed)[number];

interface Options extends RangeOptions, TargetsOptions {
  algorithm: Algorithm;
}

const isChained = (name: Algorithm): name is (typeof chained)[number] => chained.some((one) => one === name);

/** The sum as hexadecimal digits. @throws {UserError} the algorithm needs all bytes in one window, and they do not fit */
async function sumOf(segment: Segment, options: Options): Promise<string> {
  const { algorithm } = options;
  const { start, end } = rangeIn(segment.size, options);
  if (isChained(algorithm)) {
    let sum = algorithm === "adler32" ? 1 : 0;
    await eachWindow(segment, "read-only", start, end, (bytes, _position, attachment) => {
      const from = bytes.byteOffset - attachment.byteOffset;
      sum = attachment.checksum(algorithm, { start: from, end: from + bytes.length, previous: sum });
    });
    return sum.toString(16).padStart(8, "0");
  }
  const first = start === end ? 0 : start - (start % ONE_WINDOW.unit); // any window serves for no bytes
  if (end - first > ONE_WINDOW.bytes)
    throw new UserError(
      `${algorithm} needs its bytes in one window of 3 GiB: choose fewer with --size, or use crc32c, which has no limit`,
    );
  const attachment = segment.attach({
    access: "read-only",
    offset: first,
    length: Math.min(segment.size - first, ONE_WINDOW.bytes),
  });
  try {
    const from = start === end ? 0 : start - first;
    const sum = attachment.checksum(algorithm, { start: from, end: from + end - start });
    return sum.toString(16).padStart(16, "0");
  } finally {
    attachment.detach();
  }
}

export function addChecksum(program: Command): void {
  addRange(addTargets(program.command("checksum")))
    .summary("print a checksum of a segment's bytes")
    .description("Print a line for each segment: the checksum of its bytes, and its id.")
    .addOption(new Option("-a, --algorithm <name>", "the checksum").choices([...chained, ...hashed]).default("crc32c"))
    .addHelpText("after", "\nExample:\n  wasm-shm checksum 3 --algorithm crc32")
    .action(async (ids: Target[] | undefined, options: Options) => {
      for (const target of targetsOf(ids, options)) {
        const segment = await openTarget(target);
        await writeOut(`${await sumOf(segment, options)}  ${segment.id}\n`);
      }
    });
}
