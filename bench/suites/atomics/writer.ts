// A concurrent writer: another process that adds to a word of a segment as fast as it can, while this process is timed.
// It counts its additions in a word of its own, so that the two processes' additions can be told apart. To be counted
// it must pause.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Word indices at the segment's start, on another cache line than the contended word. */
export const Place = { count: 0, order: 4, state: 5 } as const;

export const Order = { go: 0, pause: 1, end: 2 } as const;
export const State = { starting: 0, going: 1, paused: 2 } as const;

const PATIENCE_MS = 10_000;

/** Spins, as Atomics.notify never wakes another process. */
function waitFor(words: Int32Array, state: number): void {
  const limit = Date.now() + PATIENCE_MS;
  while (Atomics.load(words, Place.state) !== state)
    if (Date.now() > limit) throw new Error("the concurrent writer does not answer");
}

/**
 * Calls `work` while the other process adds. `work` gets a function that calls its argument while the other process
 * pauses.
 *
 * @param id of the segment, which the other process attaches
 * @param words the segment's words
 * @param index of the contended word
 */
export async function withConcurrentWriter(
  id: number,
  words: Int32Array,
  index: number,
  work: (quiet: <T>(look: () => T) => T) => Promise<void>,
): Promise<void> {
  for (const place of Object.values(Place)) Atomics.store(words, place, 0);
  const script = fileURLToPath(new URL("./writer.child.js", import.meta.url));
  const child = fork(script, [String(id), String(index)], {
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  try {
    const [message] = (await Promise.race([once(child, "message"), ended])) as [unknown];
    if (message !== "attached") throw new Error("the concurrent writer did not start");
    waitFor(words, State.going);
    await work((look) => {
      Atomics.store(words, Place.order, Order.pause);
      waitFor(words, State.paused);
      const seen = look();
      Atomics.store(words, Place.order, Order.go);
      waitFor(words, State.going);
      return seen;
    });
  } finally {
    Atomics.store(words, Place.order, Order.end);
    const limit = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    await ended;
    clearTimeout(limit);
  }
}
