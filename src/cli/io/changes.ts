// A segment's bytes as lines of text, again and again: for a pipe or a file, without a terminal.
import type { Segment } from "../../segment/segment.js";
import { positionText } from "../format/views.js";
import { writeOut } from "./output.js";
import { Snapshots } from "./snapshot.js";
import type { ViewerOptions } from "./viewer.js";

const plain = (text: string): string => text;

/** Writes all lines, then at each interval the time and the lines that changed. Ends only if it fails, or by a signal. */
export async function writeChanges(segment: Segment, options: ViewerOptions): Promise<never> {
  const { view, littleEndian, range, interval } = options;
  const { lineBytes } = view;
  const snapshots = new Snapshots(segment);
  const length = range.end - range.start;
  for (let first = true; ; first = false) {
    const { bytes, changed, changes } = snapshots.take(range.start, length);
    let text =
      first || changes > 0 ? `# ${new Date().toISOString()} ${first ? `${length} bytes` : `${changes} changed`}\n` : "";
    for (let at = 0; at < length; at += lineBytes) {
      if (!first && !changed.subarray(at, at + lineBytes).includes(1)) continue;
      text += `${positionText(range.start + at)}${view.line(bytes.subarray(at, at + lineBytes), littleEndian, plain)}\n`;
    }
    if (text !== "") await writeOut(text);
    await new Promise((next) => setTimeout(next, interval));
  }
}
