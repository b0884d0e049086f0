import { type Command, InvalidArgumentError } from "commander";
import { SegmentStatus } from "../../common/flags.js";
import type { Attachment } from "../../segment/attachment.js";
import type { Segment } from "../../segment/segment.js";
import { addRange, type RangeOptions, rangeIn } from "../args/range.js";
import { addTarget, openTarget, type TargetOptions, targetOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { UsageError } from "../failure.js";
import { formatKey, formatSize } from "../format/numbers.js";
import { coloursOf } from "../format/table.js";
import { positionText, type View, views } from "../format/views.js";
import { Screen } from "../io/screen.js";
import { ONE_WINDOW } from "../io/windows.js";
import { addView, type ViewOptions } from "./dump.js";

interface WatchOptions extends TargetOptions, RangeOptions, ViewOptions {
  interval: number;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What keys do, by what a terminal sends for them: lines to move by, or screens. */
const moves: Readonly<Record<string, { lines?: number; screens?: number; to?: "start" | "end" }>> = {
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

const HELP = "q quits; arrows, Page Up, Page Down, Home and End move";
const CTRL_C = "\x03";

/** Lines of the screen that are not bytes: the head, and the help below. */
const MARGIN = 2;

function parseInterval(text: string): number {
  const milliseconds = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (milliseconds >= 20 && milliseconds <= 3_600_000) return milliseconds;
  throw new InvalidArgumentError("Milliseconds, from 20 to 3600000.");
}

/** The bytes that are on the screen, copied at a moment, and which of them are not what they were at the last. */
class Snapshot {
  readonly #segment: Segment;
  #attachment: Attachment | undefined;
  #windowStart = -1;
  #before: { position: number; bytes: Uint8Array } | undefined;

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  take(position: number, length: number): { bytes: Uint8Array; changed: Uint8Array; count: number } {
    const bytes = this.#windowAt(position, length).slice();
    const changed = new Uint8Array(length);
    let count = 0;
    const before = this.#before;
    if (before)
      for (let at = 0; at < length; at++) {
        const old = before.bytes[position + at - before.position];
        if (old === undefined || old === bytes[at]) continue;
        changed[at] = 1;
        count++;
      }
    this.#before = { position, bytes };
    return { bytes, changed, count };
  }

  /** One attachment is kept as long as it has what is on the screen, so that watching leaves hardly a trace in ls. */
  #windowAt(position: number, length: number): Uint8Array {
    const end = position + length;
    if (!this.#attachment || position < this.#windowStart || end > this.#windowStart + this.#attachment.byteLength) {
      this.#attachment?.detach();
      this.#attachment = undefined;
      this.#windowStart = position - (position % ONE_WINDOW.unit);
      const rest = this.#segment.size - this.#windowStart;
      const window = { offset: this.#windowStart, length: Math.min(rest, ONE_WINDOW.bytes) };
      this.#attachment = this.#segment.attach({ access: "read-only", ...window });
    }
    return this.#attachment.bytes.subarray(position - this.#windowStart, end - this.#windowStart);
  }
}

/** The head: what is watched, and what became of it since the last look. */
function headOf(segment: Segment, changed: number, interval: number): string {
  const { id, key, size, nattch, mode } = segment.stat();
  const words = [`segment ${id}`, formatKey(key), formatSize(size), `attached ${nattch}`];
  if (mode & SegmentStatus.Destroyed) words.push("removed: it goes with its last attachment");
  return [...words, `${changed} changed in ${interval} ms`].join("  ");
}

/** Cuts a line of plain text to the width of the screen. */
const fit = (line: string, width: number): string => line.slice(0, width);

class Watcher {
  readonly #segment: Segment;
  readonly #view: View;
  readonly #options: WatchOptions;
  readonly #range: { start: number; end: number };
  readonly #screen = new Screen();
  readonly #snapshot: Snapshot;
  #top: number;

  constructor(segment: Segment, options: WatchOptions) {
    this.#segment = segment;
    this.#options = options;
    this.#view = views[options.as];
    this.#range = rangeIn(segment.size, options);
    this.#top = this.#range.start;
    this.#snapshot = new Snapshot(segment);
  }

  /** Resolves once the person has had enough; rejects where the segment cannot be read. */
  async run(): Promise<void> {
    const { promise, resolve, reject } = withResolvers();
    const draw = (): void => {
      try {
        this.#draw();
      } catch (error) {
        reject(error);
      }
    };
    const stop = (signal: NodeJS.Signals): void => {
      this.#screen.close();
      for (const name of signals) process.off(name, stop);
      process.kill(process.pid, signal);
    };
    for (const name of signals) process.on(name, stop);
    this.#screen.open((key) => {
      if (key === "q" || key === "Q" || key === CTRL_C) resolve();
      else if (this.#move(key)) draw();
    }, draw);
    const timer = setInterval(draw, this.#options.interval);
    try {
      draw();
      await promise;
    } finally {
      clearInterval(timer);
      for (const name of signals) process.off(name, stop);
      this.#screen.close();
    }
  }

  get #lines(): number {
    return Math.max(1, this.#screen.rows - MARGIN);
  }

  #move(key: string): boolean {
    const move = moves[key];
    if (!move) return false;
    const { lineBytes } = this.#view;
    const { start, end } = this.#range;
    const lines = Math.ceil((end - start) / lineBytes);
    const last = start + Math.max(0, lines - this.#lines) * lineBytes;
    const by = (move.lines ?? 0) + (move.screens ?? 0) * this.#lines;
    const to = move.to === "start" ? start : move.to === "end" ? last : this.#top + by * lineBytes;
    this.#top = Math.min(last, Math.max(start, to));
    return true;
  }

  #draw(): void {
    const { lineBytes } = this.#view;
    const { bold, dim, yellow } = coloursOf(process.stdout);
    const length = Math.min(this.#lines * lineBytes, this.#range.end - this.#top);
    const { bytes, changed, count } = this.#snapshot.take(this.#top, length);
    const lit = (text: string): string => `\x1b[7m${yellow(text)}\x1b[27m`; // reverse is no colour: NO_COLOR keeps it
    const lines = [bold(fit(headOf(this.#segment, count, this.#options.interval), this.#screen.columns))];
    for (let at = 0; at < length; at += lineBytes) {
      const line = bytes.subarray(at, at + lineBytes);
      const mark = (text: string, start: number, end: number): string =>
        changed.subarray(at + start, at + end).includes(1) ? lit(text) : text;
      const position = dim(positionText(this.#top + at));
      lines.push(position + this.#view.line(line, !this.#options.bigEndian, mark));
    }
    while (lines.length < this.#screen.rows - 1) lines.push("");
    lines.push(dim(fit(HELP, this.#screen.columns)));
    this.#screen.draw(lines.slice(0, this.#screen.rows));
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...(settle as NonNullable<typeof settle>) };
}

export function addWatch(program: Command): void {
  addView(addRange(addTarget(program.command("watch"))))
    .summary("a segment's bytes, live on the terminal")
    .description(
      "Shows what dump prints, again and again, with the bytes lit that changed since the last look. It attaches the " +
        "segment, read-only, so nattch counts it.",
    )
    .option("-i, --interval <ms>", "milliseconds between two looks", parseInterval, 500)
    .addHelpText("after", "\nExample:\n  wasm-shm watch 3 --as f64 --interval 100")
    .action(async (id: Target | undefined, options: WatchOptions) => {
      const segment = openTarget(targetOf(id, options.key));
      if (!process.stdout.isTTY || !process.stdin.isTTY)
        throw new UsageError("watch needs a terminal; wasm-shm dump prints the bytes once");
      await new Watcher(segment, options).run();
    });
}
