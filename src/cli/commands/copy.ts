import { type Command, Option } from "commander";
import type { Segment } from "../../segment/segment.js";
import { type Operand, parseOperand, type Source, sinkOf, sourceOf } from "../args/operand.js";
import { rangeIn } from "../args/range.js";
import { kernelShm, openTarget } from "../args/target.js";
import { parseKey, parseMode, parseSize } from "../args/values.js";
import { forPeople, Refusal, UsageError } from "../failure.js";
import { say, writeOut } from "../io/output.js";
import { Progress } from "../io/progress.js";
import { Undo } from "../io/undo.js";
import { eachWindow } from "../io/windows.js";

const CHUNK = 8 * 2 ** 20; // bytes a read(2), a write(2), a copy

interface CopyOptions {
  fromKey?: number;
  toKey?: number;
  fromOffset: number;
  toOffset?: number;
  size?: number;
  mode?: number;
  quiet?: true;
}

/** Source and destination, and an option that stands for either. */
function operands(named: readonly Operand[], { fromKey, toKey }: CopyOptions): [source: Operand, destination: Operand] {
  const all = [...named];
  if (fromKey !== undefined) all.unshift({ kind: "segment", target: { key: fromKey } });
  if (toKey !== undefined) all.push({ kind: "segment", target: { key: toKey } });
  const [source, destination, ...more] = all;
  if (source === undefined || destination === undefined || more.length > 0)
    throw new UsageError(`copy takes a source and a destination; ${all.length} were named`);
  if (source.kind === "new") throw new UsageError("new is a destination: a segment that copy makes");
  if (source.kind === "file" && destination.kind === "file")
    throw new UsageError("neither is a segment: cp copies files. A number is a segment's id, ./3 a file");
  return [source, destination];
}

/** Fills a range of a segment from a source: read(2) stores into its pages. */
async function fill(segment: Segment, start: number, source: Source, progress: Progress): Promise<void> {
  const { length } = source;
  const end = length === undefined ? segment.size : start + length;
  let ended = false;
  await eachWindow(segment, "read-write", start, end, async (bytes) => {
    for (let at = 0; at < bytes.length && !ended; ) {
      const moved = await source.read(bytes.subarray(at, at + CHUNK));
      ended = moved === 0;
      at += moved;
      progress.advance(moved);
    }
  });
  if (length !== undefined && progress.moved < length)
    throw new Refusal(`${source.name} ended at byte ${progress.moved} of ${length} while it was copied`);
  if (length === undefined && !ended && (await source.read(new Uint8Array(1))) > 0)
    throw new Refusal(`${source.name} has more than fits: segment ${segment.id} ends at ${segment.size}`);
}

/** What the destination must have room for. @throws {Refusal} it has not, and nothing has moved */
function checkRoom({ id, size }: Segment, offset: number, length: number | undefined, from: string): void {
  if (offset > size) throw new UsageError(`offset ${offset} is past the end: segment ${id} has ${size} bytes`);
  if (length !== undefined && length > size - offset)
    throw new Refusal(
      `${from} has ${length} bytes to copy; segment ${id} has room for ${size - offset} from ${offset}`,
    );
}

async function fileToSegment(path: string, destination: Operand, options: CopyOptions): Promise<void> {
  const { fromOffset, toOffset = 0, size } = options;
  const source = await sourceOf(path, fromOffset, size);
  try {
    if (destination.kind === "new") return await fileToNew(source, options);
    const segment = openTarget((destination as { target: { id: number } }).target);
    checkRoom(segment, toOffset, source.length, source.name);
    await moving(source.length, options, (progress) => fill(segment, toOffset, source, progress));
  } finally {
    await source.close();
  }
}

function makeFor(length: number | undefined, from: string, { mode, toOffset = 0 }: CopyOptions): Segment {
  if (length === undefined) throw new UsageError(`${from} does not tell its length: a new segment needs --size`);
  if (length + toOffset === 0) throw new Refusal(`${from} has no bytes, and a segment has at least one`);
  return kernelShm().create(toOffset + length, mode === undefined ? {} : { mode });
}

/** Makes a segment for the bytes, and removes it again where they do not all arrive. */
async function intoNew(make: () => Segment, copy: (made: Segment) => Promise<void>): Promise<void> {
  const undo = new Undo(make, () => say("the new segment was removed again"));
  try {
    await copy(undo.segment);
  } catch (error) {
    undo.now();
    throw error instanceof UsageError ? error : new Refusal(`${forPeople(error)}; the new segment was removed again`);
  }
  await writeOut(`${undo.segment.id}\n`);
  undo.keep();
}

async function fileToNew(source: Source, options: CopyOptions): Promise<void> {
  const { toOffset = 0 } = options;
  await intoNew(
    () => makeFor(source.length, source.name, options),
    (made) => moving(source.length, options, (progress) => fill(made, toOffset, source, progress)),
  );
}

/** write(2) takes the bytes from the segment's own pages. */
async function segmentToFile(segment: Segment, path: string, options: CopyOptions): Promise<void> {
  const { start, end } = rangeIn(segment.size, { offset: options.fromOffset, ...options });
  const sink = await sinkOf(path, options.toOffset);
  try {
    await sink.begin();
    await moving(end - start, options, (progress) =>
      eachWindow(segment, "read-only", start, end, async (bytes) => {
        for (let at = 0; at < bytes.length; at += CHUNK)
          await sink.write(bytes.subarray(at, at + CHUNK), (moved) => progress.advance(moved));
      }),
    );
  } finally {
    await sink.close();
  }
}

/** From window to window. @throws {Refusal} the two ranges are of one segment, and overlap */
async function segmentToSegment(from: Segment, to: Operand, options: CopyOptions): Promise<void> {
  const { start, end } = rangeIn(from.size, { offset: options.fromOffset, ...options });
  const { toOffset = 0 } = options;
  const length = end - start;
  const name = `segment ${from.id}`;
  const copy = (target: Segment): Promise<void> =>
    moving(length, options, (progress) =>
      eachWindow(from, "read-only", start, end, (source, position) => {
        const first = toOffset + position - start;
        return eachWindow(target, "read-write", first, first + source.length, async (bytes, at) => {
          for (let done = 0; done < bytes.length; done += CHUNK) {
            const part = source.subarray(at - first + done, at - first + Math.min(done + CHUNK, bytes.length));
            bytes.set(part, done);
            progress.advance(part.length);
            await breathe();
          }
        });
      }),
    );
  if (to.kind === "new") return intoNew(() => makeFor(length, name, options), copy);
  const target = openTarget((to as { target: { id: number } }).target);
  checkRoom(target, toOffset, length, name);
  const apart = Math.abs(toOffset - start);
  if (target.id === from.id && apart < length)
    throw new Refusal(`source and destination are ${length} bytes of one segment, ${apart} apart: they overlap`);
  return copy(target);
}

/** Lets a signal through. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Counts what moves; tells it where the copy ends, fails or is stopped. */
async function moving(
  total: number | undefined,
  { quiet }: CopyOptions,
  copy: (progress: Progress) => Promise<void>,
): Promise<void> {
  const progress = new Progress(total, quiet === true);
  const stopped = (signal: NodeJS.Signals): void => {
    progress.stop();
    say(`${signal}: stopped; ${progress.moved}${total === undefined ? "" : ` of ${total}`} bytes were copied`);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const die = (signal: NodeJS.Signals): void => {
    stopped(signal);
    for (const name of signals) process.off(name, die);
    process.kill(process.pid, signal);
  };
  for (const name of signals) process.on(name, die);
  try {
    await copy(progress);
  } catch (error) {
    progress.stop();
    const { code } = error as { code?: string };
    if (error instanceof Refusal || code === undefined || progress.moved === 0) throw error;
    throw new Refusal(`${forPeople(error)}; ${progress.moved} bytes were copied before`);
  } finally {
    for (const name of signals) process.off(name, die);
  }
  progress.stop();
  if (!quiet) progress.tell();
}

async function copy(named: Operand[] | undefined, options: CopyOptions): Promise<void> {
  const [source, destination] = operands(named ?? [], options);
  if (options.mode !== undefined && destination.kind !== "new") throw new UsageError("--mode is for a new segment");
  if (source.kind === "file") return fileToSegment(source.path, destination, options);
  const segment = openTarget((source as { target: { id: number } }).target);
  if (destination.kind === "file") return segmentToFile(segment, destination.path, options);
  return segmentToSegment(segment, destination, options);
}

export function addCopy(program: Command): void {
  program
    .command("copy")
    .summary("file to segment, segment to file, segment to segment")
    .description(
      "Copies bytes into a segment or out of it, in place: the kernel reads and writes the segment's own pages. SOURCE and " +
        "DESTINATION are a segment (its id, or key:KEY) or a file; - is a standard stream, and new, as DESTINATION, a " +
        "segment of the source's size, whose id is printed. A file that is a number is ./3. A file is replaced, unless " +
        "--to-offset is given; a new segment is removed again where the copy fails.",
    )
    .argument("[operand...]", "source and destination", (text: string, before: Operand[] = []) => [
      ...before,
      parseOperand(text),
    ])
    .addOption(new Option("--from-key <key>", "the source is the segment of this key").argParser(parseKey))
    .addOption(new Option("--to-key <key>", "the destination is the segment of this key").argParser(parseKey))
    .option("--from-offset <size>", "bytes of the source to skip first", parseSize, 0)
    .option("--to-offset <size>", "where in the destination to begin (default: 0)", parseSize)
    .option("-s, --size <size>", "how many bytes at the most (default: all)", parseSize)
    .addOption(new Option("-m, --mode <octal>", "who may use the new segment (default: 600)").argParser(parseMode))
    .option("-q, --quiet", "no progress, no summary")
    .addHelpText("after", "\nExamples:\n  id=$(wasm-shm copy photo.raw new)\n  wasm-shm copy 3 saved.bin --size 1.5G")
    .action(copy);
}
