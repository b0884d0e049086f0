// How far a copy is: a bar on a terminal, and a line at the end.
import { SingleBar } from "cli-progress";
import { formatSize } from "../format/numbers.js";
import { say } from "./output.js";

/** Bytes a second. */
export const formatRate = (bytes: number, seconds: number): string => `${formatSize(Math.round(bytes / seconds))}/s`;

export class Progress {
  readonly #bar: SingleBar | undefined;
  readonly #total: number | undefined;
  readonly #began = process.hrtime.bigint();
  moved = 0;

  /** @param total bytes; undefined where nobody can tell, and there is no bar */
  constructor(total: number | undefined, quiet: boolean) {
    this.#total = total;
    if (quiet || total === undefined || !process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      format: "{bar} {percentage}%  {size} of {whole}  {rate}  {eta} s left",
      clearOnComplete: true,
      stream: process.stderr,
    });
    this.#bar.start(total, 0, this.#words());
  }

  get #seconds(): number {
    return Number(process.hrtime.bigint() - this.#began) / 1e9;
  }

  #words(): Record<string, string> {
    const rate = formatRate(this.moved, Math.max(this.#seconds, 1e-6));
    return { size: formatSize(this.moved), whole: formatSize(this.#total ?? 0), rate };
  }

  advance(bytes: number): void {
    this.moved += bytes;
    this.#bar?.update(this.moved, this.#words());
  }

  stop(): void {
    this.#bar?.stop();
  }

  /** What was done, and how fast. */
  tell(): void {
    const seconds = this.#seconds;
    say(`copied ${this.moved} bytes in ${seconds.toFixed(seconds < 10 ? 3 : 0)} s, ${formatRate(this.moved, seconds)}`);
  }
}
