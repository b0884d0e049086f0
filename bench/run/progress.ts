// The progress of a run: a bar with the time left. Without a terminal it shows nothing.
import { Presets, SingleBar } from "cli-progress";

const COLUMNS = 100;

const minutes = (milliseconds: number): string => {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

export class Progress {
  readonly #total: number;
  readonly #start = Date.now();
  readonly #bar: SingleBar | undefined;

  /** @param total number of jobs */
  constructor(total: number) {
    this.#total = total;
    if (!process.stderr.isTTY) return;
    const format = "{bar} {value}/{total}{left}  {place}";
    this.#bar = new SingleBar({ format, barsize: 16, clearOnComplete: true, linewrap: false }, Presets.shades_classic);
  }

  /** @param done number of finished jobs; the time left assumes that the others take as long */
  show(place: string, done: number): void {
    const left = done === 0 ? "" : `, ${minutes(((Date.now() - this.#start) / done) * (this.#total - done))} left`;
    const payload = { left, place: place.slice(0, COLUMNS - 24 - left.length - 2 * `${this.#total}`.length) };
    if (this.#bar?.isActive) this.#bar.update(done, payload);
    else this.#bar?.start(this.#total, done, payload);
  }

  /** Removes the bar from the terminal, before something else is printed. */
  clear(): void {
    if (this.#bar?.isActive) this.#bar.stop();
  }
}
