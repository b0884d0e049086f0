import { type Command, Option } from "commander";
import type { Segment } from "../../segment/segment.js";
import { addRange, type RangeOptions, rangeIn } from "../args/range.js";
import { addTargets, openTarget, type TargetsOptions, targetsOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { UserError } from "../failure.js";
import { writeOut } from "../io/output.js";
import { eachWindow, ONE_WINDOW } from "../io/windows.js";

const chained = ["crc32c", "crc32", "adler32"] as const; // one goes on from the window before
const hashed = ["xxh3", "xxh64"] as const;
type Algorithm = (typeof chained)[number] | (typeof hashed)[number];

interface Options extends RangeOptions, TargetsOptions {
  algorithm: Algorithm;
}

const isChained = (name: Algorithm): name is (typeof chained)[number] => chained.some((one) => one === name);

/** The sum as hexadecimal digits. @throws {UserError} it needs all bytes in one window, and they are not */
async function sumOf(segment: Segment, options: Options): Promise<string> {
  const { algorithm } = options;
  const { start, end } = rangeIn(segment.size, options);
  if (isChained(algorithm)) {
    let sum = algorithm === "adler32" ? 1 : 0;
    await eachWindow(segment, "read-only", start, end, (bytes, _position, attachment) => {
      const from = bytes.byteOffset - attachment.byteOffset;
      sum = attachment.checksum(algorithm, from, from + bytes.length, sum);
    });
    return sum.toString(16).padStart(8, "0");
  }
  const first = start === end ? 0 : start - (start % ONE_WINDOW.unit); // of nothing, from anywhere
  if (end - first > ONE_WINDOW.bytes)
    throw new UserError(
      `${algorithm} needs its bytes in one window of 3 GiB: name fewer by --size, or use crc32c, which has no limit`,
    );
  const attachment = segment.attach({
    access: "read-only",
    offset: first,
    length: Math.min(segment.size - first, ONE_WINDOW.bytes),
  });
  try {
    const from = start === end ? 0 : start - first;
    const sum = attachment.checksum(algorithm, from, from + end - start);
    return sum.toString(16).padStart(16, "0");
  } finally {
    attachment.detach();
  }
}

export function addChecksum(program: Command): void {
  addRange(addTargets(program.command("checksum")))
    .summary("a checksum of a segment's bytes")
    .description("Prints the checksum of each segment's bytes, and its id: a line for each.")
    .addOption(
      new Option("-a, --algorithm <name>", "which checksum").choices([...chained, ...hashed]).default("crc32c"),
    )
    .addHelpText("after", "\nExample:\n  wasm-shm checksum 3 --algorithm crc32")
    .action(async (ids: Target[] | undefined, options: Options) => {
      for (const target of targetsOf(ids, options)) {
        const segment = openTarget(target);
        await writeOut(`${await sumOf(segment, options)}  ${segment.id}\n`);
      }
    });
}
