import type { StreamGround } from "../cursor/streams.js";

/** Where a stream is: at its cursor, which it then moves, or at a position of its own. Bytes from the window's start. */
export class Track {
  readonly #ground: StreamGround;
  #own: number | undefined;

  constructor(ground: StreamGround, start: number | undefined) {
    this.#ground = ground;
    this.#own = start;
  }

  get position(): number {
    return this.#own ?? this.#ground.position;
  }

  moveTo(position: number): void {
    if (this.#own === undefined) this.#ground.position = position;
    else this.#own = position;
  }
}

/** Bytes that a stream moves in one turn of the event loop. */
const TURN = 2 ** 20;

/**
 * Lets the event loop have its turn. Copies are done at once: streams of nothing but them would keep every timer,
 * socket and abort signal waiting until their end. What is next keeps the process; a stream that waits for others does not.
 */
export class Turns {
  #moved = 0;

  moved(bytes: number): void {
    this.#moved += bytes;
  }

  /** Whether the next step is for the next turn. */
  get isOver(): boolean {
    return this.#moved >= TURN;
  }

  /** Calls `next` in the next turn. */
  wait(next: () => void): void {
    setImmediate(() => {
      this.#moved = 0;
      next();
    });
  }
}
