// Timers that keep the process alive as long as waits do.

/** What setTimeout returns: of a browser a number. */
type Timer = ReturnType<typeof setTimeout> & { ref?(): void; unref?(): void };

export class Timers {
  readonly #timers = new Set<Timer>();
  #isRef = true;

  /** @returns ends it */
  start(work: () => void, ms: number): () => void {
    const end = (): void => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
    const timer = setTimeout(() => {
      end();
      work();
    }, ms) as Timer;
    if (!this.#isRef) timer.unref?.();
    this.#timers.add(timer);
    return end;
  }

  ref(on: boolean): void {
    this.#isRef = on;
    for (const timer of this.#timers)
      if (on) timer.ref?.();
      else timer.unref?.();
  }
}
