// When a loop that never has to wait lets the event loop have a turn. Promises alone run before every timer and socket.
import { inNextTurn } from "../common/turn.js";

/** Messages, and bytes, that are moved in one turn. */
const MESSAGES = 1024;
const BYTES = 2 ** 20;

export class Pace {
  #messages = 0;
  #bytes = 0;
  #turn: Promise<void> | undefined;

  /** Counts a message that was moved without a wait. */
  count(bytes: number): void {
    this.#messages++;
    this.#bytes += bytes;
  }

  get mustYield(): boolean {
    return this.#turn !== undefined || this.#messages >= MESSAGES || this.#bytes >= BYTES;
  }

  /** Resolves in the next turn of the event loop. All that wait for the same turn continue in their order. */
  nextTurn(): Promise<void> {
    this.#turn ??= new Promise<void>((resolve) => {
      inNextTurn(() => {
        this.#turn = undefined;
        this.#messages = 0;
        this.#bytes = 0;
        resolve();
      });
    });
    return this.#turn;
  }
}
