// Accesses of Atomics as steps of a call: a test does something before each of them, as another process could.

type Access = (...args: unknown[]) => unknown;
const names = ["load", "store", "add", "and", "or", "exchange", "compareExchange"] as const;
const real = Object.fromEntries(names.map((name) => [name, Atomics[name] as Access]));

/**
 * Calls `work` before each access until the returned function is called, which says how many there were. Those of `work` itself
 * are not counted; if `work` throws, the access is not made.
 */
export function beforeEachAccess(work: (step: number) => void): () => number {
  let step = 0;
  let works = false;
  for (const name of names)
    Object.assign(Atomics, {
      [name]: (...args: unknown[]): unknown => {
        if (!works) {
          works = true;
          try {
            work(step++);
          } finally {
            works = false;
          }
        }
        return real[name]?.(...args);
      },
    });
  return () => {
    Object.assign(Atomics, real);
    return step;
  };
}
