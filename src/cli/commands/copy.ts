import { type Command, Option } from "commander";
import type { Segment } from "../../segment/segment.js";
import { type Operand, operandsArgument } from "../args/operand.js";
import { rangeIn } from "../args/range.js";
import { keyOption, openTarget } from "../args/target.js";
import { parseMode, parseSize } from "../args/values.js";
import { UsageError, UserError } from "../failure.js";
import { openSink, openSource } from "../io/files.js";
import { kernelShm } from "../io/kernel.js";
import { type Progress, withProgress } from "../io/progress.js";
import { publishSegment } from "../io/publish.js";
import { copySegment, drainSegment, fillSegment } from "../io/transfer.js";

interface CopyOptions {
  fromKey?: number;
  toKey?: number;
  fromOffset: number;
  toOffset?: number;
  size?: number;
  mode?: number;
  quiet?: boolean;
}

type NewOrSegment = Exclude<Operand, { kind: "file" }>;

/** What goes into a segment. */
interface Content {
  name: string;
  /** Bytes; undefined if the length is not known before the end. */
  length: number | undefined;
  copyTo(segment: Segment, progress: Progress): Promise<void>;
}

/** @throws {UserError} the segment has no room for the content; nothing has been copied */
function checkRoom({ id, size }: Segment, offset: number, { length, name }: Content): void {
  if (offset > size) throw new UsageError(`offset ${offset} is past the end: segment ${id} has ${size} bytes`);
  if (length !== undefined && length > size - offset)
    throw new UserError(
      `${name} has ${length} bytes to copy; segment ${id} has room for ${size - offset} from ${offset}`,
    );
}

async function createFor(content: Content, { mode, toOffset = 0, quiet = false }: CopyOptions): Promise<void> {
  const { name, length } = content;
  if (length === undefined) throw new UsageError(`the length of ${name} is not known: a new segment needs --size`);
  if (length + toOffset === 0) throw new UserError(`${name} has no bytes, and a segment has at least one`);
  const shm = await kernelShm();
  await publishSegment(
    shm,
    () => shm.create(toOffset + length, mode === undefined ? {} : { mode }),
    (segment) =>
      withProgress(length, quiet, async (progress) => {
        await content.copyTo(segment, progress);
        if (progress.moved < length)
          throw new UserError(`${name} ended at byte ${progress.moved} of ${length} while it was copied`);
      }),
  );
}

async function intoSegment(content: Content, destination: NewOrSegment, options: CopyOptions): Promise<void> {
  if (destination.kind === "new") return createFor(content, options);
  const { toOffset = 0, quiet = false } = options;
  const segment = await openTarget(destination.target);
  checkRoom(segment, toOffset, content);
  await withProgress(content.length, quiet, (progress) => content.copyTo(segment, progress));
}

async function fileToSegment(path: string, destination: NewOrSegment, options: CopyOptions): Promise<void> {
  const { fromOffset, toOffset = 0, size } = options;
  const source = await openSource(path, fromOffset, size);
  const { name, length } = source;
  try {
    const copyTo = (segment: Segment, progress: Progress): Promise<void> =>
      fillSegment(segment, toOffset, source, progress.advance);
    await intoSegment({ name, length, copyTo }, destination, options);
  } finally {
    await source.close();
  }
}

async function segmentToFile(segment: Segment, path: string, options: CopyOptions): Promise<void> {
  const { fromOffset, toOffset, quiet = false } = options;
  const range = rangeIn(segment.size, { ...options, offset: fromOffset });
  const sink = await openSink(path, toOffset);
  try {
    await withProgress(range.end - range.start, quiet, (progress) =>
      drainSegment(segment, range, sink, progress.advance),
    );
  } finally {
    await sink.close();
  }
}

/** @throws {UserError} the two ranges are in one segment, and overlap */
async function segmentToSegment(from: Segment, destination: NewOrSegment, options: CopyOptions): Promise<void> {
  const { fromOffset, toOffset = 0 } = options;
  const range = rangeIn(from.size, { ...options, offset: fromOffset });
  const length = range.end - range.start;
  const distance = Math.abs(toOffset - range.start);
  const copyTo = (to: Segment, progress: Progress): Promise<void> => {
    if (to.id === from.id && distance < length)
      throw new UserError(`source and destination are ${length} bytes of one segment, ${distance} apart: they overlap`);
    return copySegment(from, range, to, toOffset, progress.advance);
  };
  await intoSegment({ name: `segment ${from.id}`, length, copyTo }, destination, options);
}

/** The source and the destination. An option may stand for either. */
function operandsOf(named: readonly Operand[], { fromKey, toKey }: CopyOptions): [Operand, Operand] {
  const all = [...named];
  if (fromKey !== undefined) all.unshift({ kind: "segment", target: { key: fromKey } });
  if (toKey !== undefined) all.push({ kind: "segment", target: { key: toKey } });
  const [source, destination, ...more] = all;
  if (source === undefined || destination === undefined || more.length > 0)
    throw new UsageError(`copy takes a source and a destination; ${all.length} were named`);
  return [source, destination];
}

async function copy(named: Operand[] | undefined, options: CopyOptions): Promise<void> {
  const [source, destination] = operandsOf(named ?? [], options);
  if (source.kind === "new") throw new UsageError("new is a destination: the segment that copy creates");
  if (options.mode !== undefined && destination.kind !== "new") throw new UsageError("--mode is for a new segment");
  if (source.kind === "segment") {
    const segment = await openTarget(source.target);
    return destination.kind === "file"
      ? segmentToFile(segment, destination.path, options)
      : segmentToSegment(segment, destination, options);
  }
  if (destination.kind === "file")
    throw new UsageError("neither is a segment: cp copies files. A number is a segment's id, ./3 a file");
  return fileToSegment(source.path, destination, options);
}

export function addCopy(program: Command): void {
  program
    .command("copy")
    .usage("[options] <source> <destination>")
    .summary("copy a file to a segment, a segment to a file, or a segment to a segment")
    .description(
      "Copy bytes into a segment or out of it. To or from a file, the kernel writes or reads the segment's own pages. Source and " +
        "destination are each a segment, by id or as key:KEY, or a file. - is a standard stream. The destination new is " +
        "a segment of the source's size that copy creates; its id is printed. A file whose name is a number is ./3. A " +
        "destination file is replaced, unless --to-offset is given. A new segment is removed again if the copy fails.",
    )
    .addArgument(operandsArgument("the source, then the destination"))
    .addOption(keyOption("--from-key <key>", "the source is the segment with this key"))
    .addOption(keyOption("--to-key <key>", "the destination is the segment with this key"))
    .option("--from-offset <size>", "bytes of the source to skip first", parseSize, 0)
    .option("--to-offset <size>", "offset in the destination to write at (default: 0)", parseSize)
    .option("-s, --size <size>", "at most this many bytes (default: all)", parseSize)
    .addOption(new Option("-m, --mode <octal>", "permissions of a new segment (default: 600)").argParser(parseMode))
    .option("-q, --quiet", "print no progress and no summary")
    .addHelpText("after", "\nExamples:\n  id=$(wasm-shm copy photo.raw new)\n  wasm-shm copy 3 saved.bin --size 1.5G")
    .action(copy);
}
