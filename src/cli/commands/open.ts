import { type Command, Option } from "commander";
import type { Segment } from "../../segment/segment.js";
import { addTarget, kernelShm, openTarget } from "../args/target.js";
import { parseMode, parseSize, type Target } from "../args/values.js";
import { forPeople, Refusal, UsageError } from "../failure.js";
import { type Landed, receive } from "../io/input.js";
import { say, writeOut } from "../io/output.js";
import { Undo } from "../io/undo.js";

interface OpenOptions {
  size?: number;
  offset: number;
  key?: number;
  mode?: number;
  exclusive?: true;
  huge?: true;
  reserve: boolean;
}

/** The segment that was asked for: one there is, or a new one. */
function openOrCreate(id: Target | undefined, options: OpenOptions): Segment {
  const { size, key, mode, exclusive = false, huge = false, reserve } = options;
  if (id !== undefined && key !== undefined)
    throw new UsageError("name the segment by its id or by --key, not by both");
  if (size === undefined) {
    const [only] = [
      mode !== undefined && "--mode",
      exclusive && "--exclusive",
      huge && "--huge",
      !reserve && "--no-reserve",
    ].filter((name) => name !== false);
    if (only !== undefined) throw new UsageError(`${only} is for making a segment, which needs --size`);
    if (id !== undefined) return openTarget(id);
    if (key !== undefined) return openTarget({ key });
    throw new UsageError("a new segment needs --size; one there is, its id or --key");
  }
  if (id !== undefined) throw new UsageError("--size is for making a segment; the one with this id has its size");
  const made = { hugePages: huge, noReserve: !reserve, ...(mode !== undefined && { mode }) };
  return kernelShm().create(size, key === undefined ? made : { ...made, key, exclusive });
}

async function open(id: Target | undefined, options: OpenOptions): Promise<void> {
  if (options.size !== undefined && options.offset > options.size)
    throw new UsageError(`offset ${options.offset} is past the end: ${options.size} bytes were asked for`);
  const undo = new Undo(() => openOrCreate(id, options));
  const { segment } = undo;
  const landed: Landed = { bytes: 0, more: false };
  try {
    if (options.offset > segment.size)
      throw new UsageError(`offset ${options.offset} is past the end: the segment has ${segment.size} bytes`);
    if (!process.stdin.isTTY) await receive(segment, options.offset, landed);
    if (landed.more)
      throw new Refusal(
        `standard input is larger than what fits: ${landed.bytes} bytes landed in segment ${segment.id}, up to its end`,
      );
  } catch (error) {
    const how = landed.more || landed.bytes === 0 ? "" : ` after ${landed.bytes} bytes`;
    const removed = undo.now() ? "; the segment was removed again" : "";
    if (error instanceof UsageError) throw error;
    throw new Refusal(`${forPeople(error)}${how}${removed}`);
  }
  await writeOut(`${segment.id}\n`);
  undo.keep();
  if (landed.bytes > 0) say(`wrote ${landed.bytes} bytes at ${options.offset}`);
}

export function addOpen(program: Command): void {
  addTarget(program.command("open"))
    .summary("make or open a segment, and put standard input in it")
    .description(
      "Opens a segment, or makes one of --size bytes, puts standard input in it unless that is a terminal, and prints " +
        "its id. With --key and --size it opens the one that has the key, or makes it. A segment that this call made is " +
        "removed again where its input fails or does not fit.",
    )
    .option("-s, --size <size>", "make a segment of so many bytes, all zeros: 4096, 64K, 1.5G", parseSize)
    .option("-o, --offset <size>", "where standard input begins", parseSize, 0)
    .addOption(new Option("-m, --mode <octal>", "who may use the new one (default: 600)").argParser(parseMode))
    .option("-x, --exclusive", "fail where a segment has the key")
    .option("--huge", "back it with huge pages")
    .option("--no-reserve", "set no memory aside: it may be larger than all there is")
    .addHelpText("after", "\nExample:\n  id=$(wasm-shm open --size 100M < file)")
    .action(open);
}
