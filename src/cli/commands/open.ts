import { type Command, Option } from "commander";
import type { Segment } from "../../segment/segment.js";
import type { Shm } from "../../segment/shm.js";
import { checkOffset } from "../args/range.js";
import { addTarget, openIn, refuseBoth } from "../args/target.js";
import { parseMode, parseSize, type Target } from "../args/values.js";
import { UsageError } from "../failure.js";
import { standardInput } from "../io/files.js";
import { kernelShm } from "../io/kernel.js";
import { say } from "../io/output.js";
import { withProgress } from "../io/progress.js";
import { publishSegment } from "../io/publish.js";
import { fillSegment } from "../io/transfer.js";

interface OpenOptions {
  size?: number;
  offset: number;
  key?: number;
  mode?: number;
  exclusive?: true;
  huge?: true;
  reserve: boolean;
}

/** Opens the segment that was named, or creates one of `--size` bytes. */
function openOrCreate(shm: Shm, id: Target | undefined, options: OpenOptions): Segment {
  const { size, key, mode, exclusive = false, huge = false, reserve } = options;
  refuseBoth(id, key);
  if (size === undefined) {
    const [creating] = [
      mode !== undefined && "--mode",
      exclusive && "--exclusive",
      huge && "--huge",
      !reserve && "--no-reserve",
    ].filter((name) => name !== false);
    if (creating !== undefined) throw new UsageError(`${creating} is for a new segment, which needs --size`);
    if (id !== undefined) return openIn(shm, id);
    if (key !== undefined) return openIn(shm, { key });
    throw new UsageError("name a segment by its id or --key, or create one with --size");
  }
  if (id !== undefined) throw new UsageError("--size is for a new segment, and the one with this id exists");
  const create = { hugePages: huge, noReserve: !reserve, ...(mode !== undefined && { mode }) };
  return shm.create(size, key === undefined ? create : { ...create, key, exclusive });
}

async function open(id: Target | undefined, options: OpenOptions): Promise<void> {
  const { offset, size } = options;
  if (size !== undefined) checkOffset(offset, size);
  const shm = await kernelShm();
  let written = 0;
  await publishSegment(
    shm,
    () => openOrCreate(shm, id, options),
    async (segment) => {
      checkOffset(offset, segment.size);
      if (process.stdin.isTTY) return;
      await withProgress(undefined, true, async (progress) => {
        await fillSegment(segment, offset, standardInput(), progress.advance);
        written = progress.moved;
      });
    },
  );
  if (written > 0) say(`wrote ${written} bytes at ${offset}`);
}

export function addOpen(program: Command): void {
  addTarget(program.command("open"))
    .summary("open or create a segment, and write standard input to it")
    .description(
      "Open a segment, or create one of --size bytes; write standard input to it, unless that is a terminal; and print " +
        "the id. With --key and --size, open the segment that has the key, or create it. A segment that this command " +
        "created is removed again if its input cannot be read or does not fit.",
    )
    .option("-s, --size <size>", "create a segment of this size, filled with zeros: 4096, 64K, 1.5G", parseSize)
    .option("-o, --offset <size>", "write standard input at this offset", parseSize, 0)
    .addOption(new Option("-m, --mode <octal>", "permissions of a new segment (default: 600)").argParser(parseMode))
    .option("-x, --exclusive", "fail if a segment has the key")
    .option("--huge", "use huge pages")
    .option("--no-reserve", "do not reserve memory, so that the segment may be larger than RAM and swap")
    .addHelpText("after", "\nExample:\n  id=$(wasm-shm open --size 100M < file)")
    .action(open);
}
