// The abort signals that waits listen to.
import type { WaitSignal } from "./options.js";

/** Calls `use` with a signal that is aborted once one of two is. */
export async function withEither<T>(
  signals: readonly [WaitSignal, WaitSignal],
  use: (signal: WaitSignal) => Promise<T>,
): Promise<T> {
  const both = new AbortController();
  const listeners = signals.map((signal) => ({ signal, aborted: () => both.abort(signal.reason) }));
  for (const { signal, aborted } of listeners)
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted);
  try {
    return await use(both.signal);
  } finally {
    for (const { signal, aborted } of listeners) signal.removeEventListener("abort", aborted);
  }
}

/** One listener for all waits of a signal, as Node warns of more than ten. */
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
