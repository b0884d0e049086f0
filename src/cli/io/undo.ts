// What a command made, taken back where the command does not come to its end.
import type { Segment } from "../../segment/segment.js";
import { kernelShm } from "../args/target.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Takes back the segment that a command made, until it is told to keep it; whatever else ends the process before. */
export class Undo {
  readonly segment: Segment;
  readonly #told: () => void;
  readonly #onExit = (): void => this.segment[Symbol.dispose]();
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.now()) this.#told();
    process.kill(process.pid, signal); // nobody listens any more, so it ends the process as anyone's
  };

  /**
   * Listens first: a signal that comes while the segment is being made waits until there is one to take back.
   *
   * @param told is called where a signal had it taken back
   */
  constructor(make: () => Segment, told: () => void = () => {}) {
    this.#told = told;
    for (const signal of signals) process.once(signal, this.#onSignal);
    try {
      this.segment = make();
    } catch (error) {
      this.keep();
      throw error;
    }
    process.once("exit", this.#onExit);
  }

  keep(): void {
    process.off("exit", this.#onExit);
    for (const signal of signals) process.off(signal, this.#onSignal);
  }

  /** @returns whether there was something to take back: dispose leaves a segment that was there before */
  now(): boolean {
    this.keep();
    this.segment[Symbol.dispose]();
    return !kernelShm()
      .list()
      .some(({ id }) => id === this.segment.id);
  }
}
