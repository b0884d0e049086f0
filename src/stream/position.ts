import type { StreamGround } from "../cursor/streaming.js";

/**
 * The position of a stream: its cursor's, which the stream then moves, or one of its own, if it was made with `start`.
 * Bytes from the window's start.
 */
export class StreamPosition {
  readonly #ground: StreamGround;
  #own: number | undefined;

  constructor(ground: StreamGround, start: number | undefined) {
    this.#ground = ground;
    this.#own = start;
  }

  /** @throws {ShmError} `ERR_SHM_DETACHED` it is the cursor's, which is closed */
  get value(): number {
    return this.#own ?? this.#ground.position;
  }

  moveTo(position: number): void {
    if (this.#own === undefined) this.#ground.position = position;
    else this.#own = position;
  }

  /** Whether the cursor can be used: it was not disposed, nor its attachment detached. */
  get isOpen(): boolean {
    try {
      this.#ground.checkOpen();
      return true;
    } catch {
      return false;
    }
  }

  /** The position, or undefined if only the closed cursor knew it. Never throws. */
  get known(): number | undefined {
    return this.#own ?? (this.isOpen ? this.#ground.position : undefined);
  }
}
