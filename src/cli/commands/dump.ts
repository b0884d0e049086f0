import type { Command } from "commander";
import type { Segment } from "../../segment/segment.js";
import { addRange, type RangeOptions, rangeIn } from "../args/range.js";
import { addTarget, openTarget, type TargetOptions, targetOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { addView, type ViewOptions } from "../args/view.js";
import { hexdump } from "../format/hexdump.js";
import { EscapingDecoder } from "../format/text.js";
import { positionText, type ViewName, views } from "../format/views.js";
import { writeOut } from "../io/output.js";
import { eachWindow, type Range } from "../io/windows.js";

const CHUNK = 2 ** 16; // bytes for one write: a whole number of lines

/**
 * Copies of the bytes of a range, because other processes may change them while they are formatted. Each copy is a whole
 * number of lines, except for the last.
 */
async function eachCopy(
  segment: Segment,
  { start, end }: Range,
  lineBytes: number,
  use: (bytes: Uint8Array, position: number, isLast: boolean) => Promise<void>,
): Promise<void> {
  let left = new Uint8Array(0); // the beginning of a line that ends in the next chunk
  await eachWindow(segment, "read-only", start, end, async (bytes, position) => {
    for (let at = 0; at < bytes.length; ) {
      const chunk = Buffer.concat([left, bytes.subarray(at, at + CHUNK - left.length)]);
      const first = position + at - left.length;
      at += chunk.length - left.length;
      const isLast = position + at === end;
      const ready = isLast ? chunk.length : chunk.length - (chunk.length % lineBytes);
      left = Uint8Array.from(chunk.subarray(ready));
      await use(chunk.subarray(0, ready), first, isLast);
    }
  });
}

const plain = (text: string): string => text;

function linesOf(bytes: Uint8Array, position: number, as: ViewName, littleEndian: boolean): string {
  const view = views[as];
  let text = "";
  for (let at = 0; at < bytes.length; at += view.lineBytes)
    text += `${positionText(position + at)}${view.line(bytes.subarray(at, at + view.lineBytes), littleEndian, plain)}\n`;
  return text;
}

async function dump(id: Target | undefined, options: TargetOptions & RangeOptions & ViewOptions): Promise<void> {
  const { as, bigEndian = false } = options;
  const segment = await openTarget(targetOf(id, options.key));
  const range = rangeIn(segment.size, options);
  if (as === "utf8") {
    const text = new EscapingDecoder();
    await eachCopy(segment, range, 1, (bytes, _position, isLast) => writeOut(text.push(bytes, isLast)));
    return;
  }
  await eachCopy(segment, range, views[as].lineBytes, (bytes, position) =>
    writeOut(as === "hex" ? hexdump(bytes, position) : linesOf(bytes, position, as, !bigEndian)),
  );
}

export function addDump(program: Command): void {
  addView(addRange(addTarget(program.command("dump"))))
    .summary("print a segment's bytes for people to read")
    .description(
      "Print the bytes of a segment as xxd does (xxd -r restores them), as columns of numbers, or as text. Integers are " +
        "exact. A float is the shortest number that reads back as the same float. In text, control characters and bytes " +
        "that are not UTF-8 are printed as escapes such as \\x07.",
    )
    .addHelpText("after", "\nExample:\n  wasm-shm dump 3 --offset 64K --size 100 --as u32")
    .action(dump);
}
