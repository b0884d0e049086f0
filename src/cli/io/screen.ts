// The whole terminal as lines of text. Only lines that changed are written, all in one write. The escape sequences are
// those of console_codes(4).
import { onEarlyEnd } from "./signals.js";

const ESC = "\x1b[";
const ALTERNATE_SCREEN = `${ESC}?1049h`;
const MAIN_SCREEN = `${ESC}?1049l`;
const HIDE_CURSOR = `${ESC}?25l`;
const SHOW_CURSOR = `${ESC}?25h`;
const ERASE_SCREEN = `${ESC}2J`;
const ERASE_LINE = `${ESC}2K`;
// Synchronized output: a terminal that knows it shows a frame at once, others ignore it.
const FRAME_BEGINS = `${ESC}?2026h`;
const FRAME_ENDS = `${ESC}?2026l`;
// A line wider than the screen is cut at its edge, and does not continue on the next.
const WRAP_OFF = `${ESC}?7l`;
const WRAP_ON = `${ESC}?7h`;

export class Screen {
  #shown: string[] = [];
  #isOpen = false;
  #release = (): void => {};
  #onKey = (_key: string): void => {};
  #onResize = (): void => {};

  get rows(): number {
    return process.stdout.rows;
  }

  get columns(): number {
    return process.stdout.columns;
  }

  /** Takes over the terminal until close, or until the process ends. @param onKey gets the text that each key sends */
  open(onKey: (key: string) => void, onResize: () => void): void {
    this.#isOpen = true;
    this.#onKey = onKey;
    this.#onResize = (): void => {
      this.#shown = [];
      onResize();
    };
    this.#release = onEarlyEnd(() => this.close());
    process.stdout.write(ALTERNATE_SCREEN + WRAP_OFF + HIDE_CURSOR);
    process.stdout.on("resize", this.#onResize);
    process.stdin.setRawMode(true).resume().setEncoding("utf8");
    process.stdin.on("data", this.#onKey);
  }

  /** @param lines at most as many as there are rows */
  draw(lines: readonly string[]): void {
    let frame = this.#shown.length === 0 ? ERASE_SCREEN : "";
    for (let row = 0; row < Math.max(lines.length, this.#shown.length); row++) {
      const line = lines[row] ?? "";
      if (line !== this.#shown[row]) frame += `${ESC}${row + 1};1H${ERASE_LINE}${line}`;
    }
    this.#shown = [...lines];
    if (frame !== "") process.stdout.write(FRAME_BEGINS + frame + FRAME_ENDS);
  }

  /** Restores the terminal. May be called twice. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#release();
    process.stdout.off("resize", this.#onResize);
    process.stdin.off("data", this.#onKey);
    process.stdout.write(FRAME_ENDS + WRAP_ON + SHOW_CURSOR + MAIN_SCREEN);
    process.stdin.setRawMode(false).pause();
  }
}
