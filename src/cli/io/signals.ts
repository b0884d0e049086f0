// What a command must still do if its process ends early: by a signal, by process.exit(), or by an uncaught error.

/** @param signal the signal that ends the process; undefined if none does */
type Cleanup = (signal: NodeJS.Signals | undefined) => void;

/** The signals that a person or a supervisor ends a command with. SIGKILL cannot be caught. @see signal(7) */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const cleanups = new Set<Cleanup>();

/** Runs the last registered first, as nested `finally` blocks would. */
function runCleanups(signal?: NodeJS.Signals): void {
  for (const cleanup of [...cleanups].reverse()) {
    release(cleanup);
    cleanup(signal);
  }
}

/** The parent must see which signal ended this process, so the process sends it to itself once nothing listens. */
function onSignal(signal: NodeJS.Signals): void {
  try {
    runCleanups(signal);
  } finally {
    stopListening(); // if a cleanup threw, others are still registered
    process.kill(process.pid, signal);
  }
}

const onExit = (): void => runCleanups();

function stopListening(): void {
  process.off("exit", onExit);
  for (const signal of signals) process.off(signal, onSignal);
}

function release(cleanup: Cleanup): void {
  if (cleanups.delete(cleanup) && cleanups.size === 0) stopListening();
}

/**
 * Registers what must be done if the process ends before the work at hand is finished. Cleanups are synchronous. After
 * them the signal ends the process, as it would have without listeners.
 *
 * A signal that arrives while synchronous code runs waits until that code returns. So register first, and then make the
 * thing that needs the cleanup in the same synchronous stretch.
 *
 * @returns releases the registration: call it when the work is finished, or has been undone
 */
export function onEarlyEnd(cleanup: Cleanup): () => void {
  if (cleanups.size === 0) {
    process.on("exit", onExit);
    for (const signal of signals) process.on(signal, onSignal);
  }
  cleanups.add(cleanup);
  return () => release(cleanup);
}
