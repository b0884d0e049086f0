/** Calls beside a hostile peer: which documented errors they end with, and how long the longest takes. */
export class Attempts {
  /** How often calls were done, and how often they ended with each code. */
  readonly seen = new Map<string, number>();
  /** Milliseconds. */
  longest = 0;
  readonly #allowed: readonly string[];

  constructor(allowed: readonly string[]) {
    this.#allowed = allowed;
  }

  /** Rejects with any other error. */
  async make(call: () => unknown): Promise<void> {
    const began = performance.now();
    try {
      await call();
      this.#count("done");
    } catch (error) {
      for (const each of suppressing(error)) {
        const { code = String(each) } = each as { code?: string };
        if (!this.#allowed.includes(code)) throw each;
        this.#count(code);
      }
    }
    this.longest = Math.max(this.longest, performance.now() - began);
  }

  #count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }
}

/** An error and those that it suppresses: when `using` releases two things, each release may fail. */
function suppressing(error: unknown): unknown[] {
  const { name, error: last, suppressed } = error as { name?: string; error?: unknown; suppressed?: unknown };
  return name === "SuppressedError" ? [...suppressing(last), ...suppressing(suppressed)] : [error];
}
