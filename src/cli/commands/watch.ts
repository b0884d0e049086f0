import { type Command, InvalidArgumentError } from "commander";
import { addRange, type RangeOptions, rangeIn } from "../args/range.js";
import { addTarget, openTarget, type TargetOptions, targetOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { addView, type ViewOptions } from "../args/view.js";
import { UsageError } from "../failure.js";
import { views } from "../format/views.js";
import { Viewer } from "../io/viewer.js";

interface WatchOptions extends TargetOptions, RangeOptions, ViewOptions {
  interval: number;
}

function parseInterval(text: string): number {
  const milliseconds = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (milliseconds >= 20 && milliseconds <= 3_600_000) return milliseconds;
  throw new InvalidArgumentError("An interval is 20 to 3600000 milliseconds.");
}

async function watch(id: Target | undefined, options: WatchOptions): Promise<void> {
  const { as, bigEndian = false, interval } = options;
  const segment = await openTarget(targetOf(id, options.key));
  const range = rangeIn(segment.size, options);
  if (!process.stdout.isTTY || !process.stdin.isTTY)
    throw new UsageError("watch needs a terminal; wasm-shm dump prints the bytes once");
  await new Viewer(segment, { view: views[as], littleEndian: !bigEndian, range, interval }).run();
}

export function addWatch(program: Command): void {
  addView(addRange(addTarget(program.command("watch"))))
    .summary("show a segment's bytes live on the terminal")
    .description(
      "Show the bytes of a segment as dump prints them, and refresh them at an interval. Bytes that changed since the last " +
        "refresh are highlighted. watch attaches the segment read-only, so nattch counts it.",
    )
    .option("-i, --interval <ms>", "milliseconds between refreshes", parseInterval, 500)
    .addHelpText("after", "\nExample:\n  wasm-shm watch 3 --as f64 --interval 100")
    .action(watch);
}
