// A channel's depth and rates on the whole terminal, as lines that move to the left.
import type { SeenRing } from "../coordination/ring.js";
import { formatSize } from "../format/numbers.js";
import { sparkline } from "../format/spark.js";
import { coloursOf } from "../format/table.js";
import { Screen } from "./screen.js";

const CTRL_C = "\x03"; // in raw mode it is a key, not a signal
const HELP = "q quits";
/** Columns beside a line of blocks. */
const LABELS = 34;

interface Series {
  readonly label: string;
  readonly values: number[];
  /** The scale; without it the largest value that is shown. */
  readonly most?: number;
  readonly text: (value: number) => string;
}

/** Shows it until the person quits. @param interval milliseconds */
export async function runMeter(ring: SeenRing, interval: number): Promise<void> {
  const screen = new Screen();
  const { capacity } = ring;
  const perSecond = (value: number): number => (value * 1000) / interval;
  const used: Series = { label: "used", values: [], most: capacity, text: formatSize };
  const messages: Series = { label: "messages", values: [], text: String };
  const rate: Series = { label: "messages/s", values: [], text: (value) => String(Math.round(value)) };
  const bytes: Series = { label: "bytes/s", values: [], text: formatSize };
  let position = ring.depth().tail;
  let timer: NodeJS.Timeout | undefined;

  const draw = (): void => {
    const { bold, dim, cyan } = coloursOf(process.stdout);
    const width = Math.max(8, screen.columns - LABELS);
    const head = `${ring.name} at ${ring.offset}  ${ring.mode}  ${formatSize(capacity)}${ring.depth().closed ? "  closed" : ""}`;
    const lines = [bold(head.slice(0, screen.columns)), ""];
    for (const { label, values, most = Math.max(1, ...values.slice(-width)), text } of [used, messages, rate, bytes])
      lines.push(
        `${label.padEnd(11)}${text(values.at(-1) ?? 0).padStart(8)} ${cyan(sparkline(values, width, most))} ${dim(text(most))}`,
      );
    while (lines.length < screen.rows - 1) lines.push("");
    lines.push(dim(HELP));
    screen.draw(lines.slice(0, screen.rows));
  };
  const measure = (): void => {
    const depth = ring.depth();
    const moved = ring.since(position);
    position = moved.next;
    used.values.push(depth.used);
    messages.values.push(depth.messages);
    // If some are gone already, their number follows from the size of those that are there.
    const mean = depth.messages > 0 ? depth.used / depth.messages : 0;
    rate.values.push(perSecond(moved.messages ?? (mean > 0 ? moved.bytes / mean : 0)));
    bytes.values.push(perSecond(moved.bytes));
    for (const { values } of [used, messages, rate, bytes]) if (values.length > 1024) values.shift();
    draw();
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const guarded = (work: () => void) => (): void => {
        try {
          work();
        } catch (error) {
          reject(error);
        }
      };
      screen.open((key) => {
        if (key === "q" || key === "Q" || key === CTRL_C) resolve();
      }, guarded(draw));
      timer = setInterval(guarded(measure), interval);
      guarded(measure)();
    });
  } finally {
    clearInterval(timer);
    screen.close();
  }
}
