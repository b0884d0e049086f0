import { type Command, Option } from "commander";
import { intervalOption } from "../args/interval.js";
import { addRange, type RangeOptions, rangeIn } from "../args/range.js";
import { addTarget, openTarget, type TargetOptions, targetOf } from "../args/target.js";
import { parseSize, type Target } from "../args/values.js";
import { addView, type ViewOptions } from "../args/view.js";
import type { FoundObject } from "../coordination/objects.js";
import { ringsOf, wordsIn } from "../coordination/open.js";
import { SeenRing } from "../coordination/ring.js";
import { UsageError } from "../failure.js";
import { views } from "../format/views.js";
import { writeChanges } from "../io/changes.js";
import { runMeter } from "../io/meter.js";
import { Viewer } from "../io/viewer.js";

interface WatchOptions extends TargetOptions, RangeOptions, ViewOptions {
  interval: number;
  channel?: true | number;
  plain?: true;
}

/** Bytes that --plain compares at each interval. */
const MOST_PLAIN = 2 ** 26;

async function watch(id: Target | undefined, options: WatchOptions): Promise<void> {
  const { as, bigEndian = false, interval, plain } = options;
  const segment = await openTarget(targetOf(id, options.key));
  const range = rangeIn(segment.size, options);
  const viewer = { view: views[as], littleEndian: !bigEndian, range, interval };
  if (plain && options.channel !== undefined) throw new UsageError("--plain writes bytes: leave --channel out");
  if (plain) {
    if (range.end - range.start > MOST_PLAIN)
      throw new UsageError(`--plain compares at most ${MOST_PLAIN} bytes: give --offset and --size`);
    return writeChanges(segment, viewer);
  }
  if (!process.stdout.isTTY || !process.stdin.isTTY)
    throw new UsageError(
      "watch needs a terminal; wasm-shm dump prints the bytes once, and --plain writes those that change",
    );
  if (options.channel !== undefined) {
    const words = wordsIn(segment);
    const [ring] = ringsOf(segment, words, options.channel === true ? undefined : options.channel);
    return runMeter(new SeenRing(words, ring as FoundObject), interval);
  }
  await new Viewer(segment, viewer).run();
}

export function addWatch(program: Command): void {
  addView(addRange(addTarget(program.command("watch"))))
    .summary("show a segment's bytes live on the terminal")
    .description(
      "Show the bytes of a segment as dump prints them, and refresh them at an interval. Bytes that changed since the last " +
        "refresh are highlighted. With --channel, draw the depth and the rates of a channel or topic. watch attaches the segment read-only, so nattch counts it.",
    )
    .addOption(intervalOption(500))
    .addOption(
      new Option("-c, --channel [offset]", "the channel or topic there; default: the first").argParser(parseSize),
    )
    .option(
      "--plain",
      "write all lines, then at each interval those that changed, of 64 MiB at most: for a pipe or a file",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  wasm-shm watch 3 --as f64 --interval 100\n  wasm-shm watch 3 --plain --size 64 | head -n 5",
    )
    .action(watch);
}
