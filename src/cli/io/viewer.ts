// A segment's bytes on the whole terminal, drawn again and again. Keys move through them.
import { SegmentStatus } from "../../common/flags.js";
import type { Segment } from "../../segment/segment.js";
import { formatKey, formatSize } from "../format/numbers.js";
import { coloursOf } from "../format/table.js";
import { positionText, type View } from "../format/views.js";
import { Screen } from "./screen.js";
import { Snapshots } from "./snapshot.js";
import type { Range } from "./windows.js";

export interface ViewerOptions {
  view: View;
  littleEndian: boolean;
  range: Range;
  /** Milliseconds between two snapshots. */
  interval: number;
}

/** What a key moves by: lines, screens, or to an end. */
interface Move {
  lines?: number;
  screens?: number;
  to?: "start" | "end";
}

/** By the text that a terminal sends for a key. */
const moves: Readonly<Record<string, Move>> = {
  "\x1b[A": { lines: -1 },
  "\x1b[B": { lines: 1 },
  "\x1bOA": { lines: -1 },
  "\x1bOB": { lines: 1 },
  k: { lines: -1 },
  j: { lines: 1 },
  "\x1b[5~": { screens: -1 },
  "\x1b[6~": { screens: 1 },
  " ": { screens: 1 },
  "\x1b[H": { to: "start" },
  "\x1b[1~": { to: "start" },
  g: { to: "start" },
  "\x1b[F": { to: "end" },
  "\x1b[4~": { to: "end" },
  G: { to: "end" },
};

const CTRL_C = "\x03"; // in raw mode it is a key, not a signal
const HELP = "q quits; arrows, Page Up, Page Down, Home and End move";

/** Lines of the screen that do not show bytes: the head and the help. */
const MARGIN = 2;

/** The head: the segment, and how many of its bytes changed since the last snapshot. */
function headOf(segment: Segment, changes: number, interval: number): string {
  const { id, key, size, nattch, mode } = segment.stat();
  const words = [`segment ${id}`, formatKey(key), formatSize(size), `attached ${nattch}`];
  if (mode & SegmentStatus.Destroyed) words.push("removed: freed with its last attachment");
  return [...words, `${changes} changed in ${interval} ms`].join("  ");
}

/** Reverse video is not a colour, so it stays with NO_COLOR. */
const reverse = (text: string): string => `\x1b[7m${text}\x1b[27m`;

export class Viewer {
  readonly #segment: Segment;
  readonly #options: ViewerOptions;
  readonly #screen = new Screen();
  readonly #snapshots: Snapshots;
  #top: number;

  constructor(segment: Segment, options: ViewerOptions) {
    this.#segment = segment;
    this.#options = options;
    this.#top = options.range.start;
    this.#snapshots = new Snapshots(segment);
  }

  /** Resolves when the person quits; rejects if the segment cannot be read. */
  async run(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const draw = (): void => {
          try {
            this.#draw();
          } catch (error) {
            reject(error);
          }
        };
        const onKey = (key: string): void => {
          if (key === "q" || key === "Q" || key === CTRL_C) resolve();
          else if (this.#move(key)) draw();
        };
        this.#screen.open(onKey, draw);
        timer = setInterval(draw, this.#options.interval);
        draw();
      });
    } finally {
      clearInterval(timer);
      this.#screen.close();
    }
  }

  /** Lines that show bytes. */
  get #lines(): number {
    return Math.max(1, this.#screen.rows - MARGIN);
  }

  /** @returns whether the key is one that moves */
  #move(key: string): boolean {
    const move = moves[key];
    if (!move) return false;
    const { lineBytes } = this.#options.view;
    const { start, end } = this.#options.range;
    const lines = Math.ceil((end - start) / lineBytes);
    const last = start + Math.max(0, lines - this.#lines) * lineBytes;
    const by = (move.lines ?? 0) + (move.screens ?? 0) * this.#lines;
    const to = move.to === "start" ? start : move.to === "end" ? last : this.#top + by * lineBytes;
    this.#top = Math.min(last, Math.max(start, to));
    return true;
  }

  #draw(): void {
    const { view, littleEndian, range, interval } = this.#options;
    const { lineBytes } = view;
    const { rows, columns } = this.#screen;
    const { bold, dim, yellow } = coloursOf(process.stdout);
    const length = Math.min(this.#lines * lineBytes, range.end - this.#top);
    const { bytes, changed, changes } = this.#snapshots.take(this.#top, length);
    const lines = [bold(headOf(this.#segment, changes, interval).slice(0, columns))];
    for (let at = 0; at < length; at += lineBytes) {
      const line = bytes.subarray(at, at + lineBytes);
      const highlight = (text: string, start: number, end: number): string =>
        changed.subarray(at + start, at + end).includes(1) ? reverse(yellow(text)) : text;
      lines.push(dim(positionText(this.#top + at)) + view.line(line, littleEndian, highlight));
    }
    while (lines.length < rows - 1) lines.push("");
    lines.push(dim(HELP.slice(0, columns)));
    this.#screen.draw(lines.slice(0, rows));
  }
}
