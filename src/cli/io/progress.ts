// How far a copy has come: a bar on a terminal, and a summary at the end.
import type { SingleBar } from "cli-progress";
import { addNote, UserError } from "../failure.js";
import { formatSize } from "../format/numbers.js";
import { say } from "./output.js";
import { onEarlyEnd } from "./signals.js";

/** Bytes a second. */
const formatRate = (bytes: number, seconds: number): string => `${formatSize(Math.round(bytes / seconds))}/s`;

export class Progress {
  readonly #bar: SingleBar | undefined;
  readonly #total: number | undefined;
  readonly #began = process.hrtime.bigint();
  /** Bytes so far. */
  moved = 0;

  /** @param total bytes; undefined if it is not known */
  constructor(total: number | undefined, bar: SingleBar | undefined) {
    this.#total = total;
    this.#bar = bar;
    bar?.start(total ?? 0, 0, this.#payload());
  }

  get #seconds(): number {
    return Number(process.hrtime.bigint() - this.#began) / 1e9;
  }

  #payload(): Record<string, string> {
    const rate = formatRate(this.moved, Math.max(this.#seconds, 1e-6));
    return { size: formatSize(this.moved), whole: formatSize(this.#total ?? 0), rate };
  }

  readonly advance = (bytes: number): void => {
    this.moved += bytes;
    this.#bar?.update(this.moved, this.#payload());
  };

  stop(): void {
    this.#bar?.stop();
  }

  /** How many bytes were copied, out of how many. */
  get share(): string {
    return `${this.moved}${this.#total === undefined ? "" : ` of ${this.#total}`} bytes were copied`;
  }

  summary(): string {
    const seconds = this.#seconds;
    return `copied ${this.moved} bytes in ${seconds.toFixed(seconds < 10 ? 3 : 0)} s, ${formatRate(this.moved, seconds)}`;
  }
}

/** Imported here, so that help and the other commands do not wait for the library of the bar. */
async function makeBar(): Promise<SingleBar> {
  const { SingleBar } = await import("cli-progress");
  return new SingleBar({
    format: "{bar} {percentage}%  {size} of {whole}  {rate}  {eta} s left",
    clearOnComplete: true,
    stream: process.stderr,
  });
}

/**
 * Counts the bytes that `copy` moves. If the copy fails or a signal stops it, the message says how many were moved.
 *
 * @param total bytes; undefined if it is not known
 * @param quiet no bar and no summary
 */
export async function withProgress(
  total: number | undefined,
  quiet: boolean,
  copy: (progress: Progress) => Promise<void>,
): Promise<void> {
  const hasBar = !quiet && total !== undefined && process.stderr.isTTY;
  const progress = new Progress(total, hasBar ? await makeBar() : undefined);
  const release = onEarlyEnd((signal) => {
    progress.stop();
    if (signal !== undefined) say(`${signal}: stopped; ${progress.share}`);
  });
  try {
    await copy(progress);
  } catch (error) {
    if (!(error instanceof UserError) && progress.moved > 0)
      addNote(error, `${progress.moved} bytes were copied before`);
    throw error;
  } finally {
    release();
    progress.stop();
  }
  if (!quiet) say(progress.summary());
}
