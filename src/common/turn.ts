// The next turn of the event loop. Promises alone run before every timer and socket.

const setImmediately = (globalThis as { setImmediate?: (callback: () => void) => unknown }).setImmediate;

/** Calls `work` in the next turn of the event loop. */
export function inNextTurn(work: () => void): void {
  if (setImmediately) setImmediately(work);
  else setTimeout(work);
}
