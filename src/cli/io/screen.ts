// The whole terminal, as a picture of lines: only those that changed are written, in one go. Escapes: console_codes(4).

const ESC = "\x1b[";
const ALTERNATE_SCREEN = `${ESC}?1049h`;
const MAIN_SCREEN = `${ESC}?1049l`;
const HIDE_CURSOR = `${ESC}?25l`;
const SHOW_CURSOR = `${ESC}?25h`;
const ERASE_SCREEN = `${ESC}2J`;
const ERASE_LINE = `${ESC}2K`;
// Synchronized output: a terminal that knows it shows a frame at once; others pass it over.
const FRAME_BEGINS = `${ESC}?2026h`;
const FRAME_ENDS = `${ESC}?2026l`;
// A line that is wider than the screen ends at its edge, and does not go on in the next.
const WRAP_OFF = `${ESC}?7l`;
const WRAP_ON = `${ESC}?7h`;

export class Screen {
  #shown: string[] = [];
  #isOpen = false;
  readonly #onExit = (): void => this.close();

  get rows(): number {
    return process.stdout.rows;
  }

  get columns(): number {
    return process.stdout.columns;
  }

  /** @param pressed gets what each key sends */
  open(pressed: (key: string) => void, resized: () => void): void {
    this.#isOpen = true;
    process.once("exit", this.#onExit); // whatever ends the process
    process.stdout.write(ALTERNATE_SCREEN + WRAP_OFF + HIDE_CURSOR);
    process.stdout.on("resize", () => {
      this.#shown = [];
      resized();
    });
    process.stdin.setRawMode(true).resume().setEncoding("utf8");
    process.stdin.on("data", pressed);
  }

  /** @param lines as many as there are rows at the most */
  draw(lines: readonly string[]): void {
    let frame = this.#shown.length === 0 ? ERASE_SCREEN : "";
    for (let row = 0; row < Math.max(lines.length, this.#shown.length); row++) {
      const line = lines[row] ?? "";
      if (line !== this.#shown[row]) frame += `${ESC}${row + 1};1H${ERASE_LINE}${line}`;
    }
    this.#shown = [...lines];
    if (frame !== "") process.stdout.write(FRAME_BEGINS + frame + FRAME_ENDS);
  }

  /** Gives the terminal back as it was. May be called twice. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off("exit", this.#onExit);
    process.stdout.write(FRAME_ENDS + WRAP_ON + SHOW_CURSOR + MAIN_SCREEN);
    process.stdin.setRawMode(false).pause();
  }
}
