import type { Command } from "commander";
import type { Segment } from "../../segment/segment.js";
import { addRange, type RangeOptions, rangeIn } from "../args/range.js";
import { addTarget, openTarget, type TargetOptions, targetOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { addView, type ViewOptions } from "../args/view.js";
import { Folder } from "../format/fold.js";
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

interface DumpOptions extends TargetOptions, RangeOptions, ViewOptions {
  all?: true;
}

async function dump(id: Target | undefined, options: DumpOptions): Promise<void> {
  const { as, all, bigEndian = false } = options;
  const segment = await openTarget(targetOf(id, options.key));
  const range = rangeIn(segment.size, options);
  if (as === "utf8") {
    const text = new EscapingDecoder();
    await eachCopy(segment, range, 1, (bytes, _position, isLast) => writeOut(text.push(bytes, isLast)));
    return;
  }
  const { lineBytes } = views[as];
  const folder = new Folder(lineBytes);
  const write = (bytes: Uint8Array, position: number): Promise<void> =>
    writeOut(as === "hex" ? hexdump(bytes, position) : linesOf(bytes, position, as, !bigEndian));
  await eachCopy(segment, range, lineBytes, async (bytes, position, isLast) => {
    if (all) return write(bytes, position);
    for (const piece of folder.piecesOf(bytes, isLast))
      await (piece === "fold" ? writeOut("*\n") : write(bytes.subarray(piece.from, piece.to), position + piece.from));
  });
}

export function addDump(program: Command): void {
  addView(addRange(addTarget(program.command("dump"))))
    .summary("print a segment's bytes for people to read")
    .description(
      "Print the bytes of a segment as xxd does, as columns of numbers, or as text. Lines that equal the line before are one " +
        "*, as hexdump has them; the last line is always printed. With --all, xxd -r restores the bytes. Integers are " +
        "exact. A float is the shortest number that reads back as the same float. In text, control characters and bytes " +
        "that are not UTF-8 are printed as escapes such as \\x07.",
    )
    .option("-v, --all", "print repeated lines, too")
    .addHelpText("after", "\nExample:\n  wasm-shm dump 3 --offset 64K --size 100 --as u32")
    .action(dump);
}
