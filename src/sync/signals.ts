// The abort signals that waits listen to: one listener for all waits of a signal, as Node warns of more than ten.
import type { WaitSignal } from "./options.js";

export class Signals {
  readonly #signals = new Map<WaitSignal, { waits: Set<() => void>; listener: () => void }>();

  listen(signal: WaitSignal, aborted: () => void): void {
    const there = this.#signals.get(signal);
    if (there) {
      there.waits.add(aborted);
      return;
    }
    const waits = new Set([aborted]);
    const listener = (): void => {
      for (const each of [...waits]) each();
    };
    this.#signals.set(signal, { waits, listener });
    signal.addEventListener("abort", listener);
  }

  ignore(signal: WaitSignal, aborted: () => void): void {
    const there = this.#signals.get(signal);
    if (!there?.waits.delete(aborted) || there.waits.size > 0) return;
    signal.removeEventListener("abort", there.listener);
    this.#signals.delete(signal);
  }
}
