/** Bytes that a stream moves before it yields to the event loop. */
const BYTES_PER_TURN = 2 ** 20;

/**
 * Decides when a stream yields to the event loop. Copies are synchronous, so a pipeline that only copies would hold up
 * every timer, socket and abort signal until its end. A pending step keeps the process alive; an idle stream does not.
 */
export class Pacer {
  #moved = 0;

  /** Counts bytes that the stream has moved in this turn of the event loop. */
  count(bytes: number): void {
    this.#moved += bytes;
  }

  /** Whether the next step must wait for the next turn. */
  get mustYield(): boolean {
    return this.#moved >= BYTES_PER_TURN;
  }

  /** Calls `step` in the next turn. */
  yieldThen(step: () => void): void {
    setImmediate(() => {
      this.#moved = 0;
      step();
    });
  }
}
