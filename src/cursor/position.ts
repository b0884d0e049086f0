import { checkInteger } from "../common/arguments.js";
import { detached, outOfBounds, outOfRange, readOnly } from "../common/errors.js";
import { Whence } from "../common/flags.js";
import { type CoreCursor, type CoreName, TRAP } from "../core/core.js";
import type { Window } from "../memory/window.js";
import type { Streams } from "./streams.js";

const whenceNames = ["the start", "the position", "the end"] as const;

/** Where a cursor stands in its window, and what a failed check of the core becomes. All numbers are bytes. */
export abstract class Position {
  readonly #core: CoreCursor;
  readonly #window: Window;
  readonly #writable: boolean;
  readonly #streams: Streams | undefined;
  #disposed = false;

  /** Cursors come from {@link Attachment.cursor}. */
  constructor(core: CoreCursor, window: Window, writable: boolean, streams: Streams | undefined) {
    this.#core = core;
    this.#window = window;
    this.#writable = writable;
    this.#streams = streams;
  }

  /** Which core this cursor runs on. */
  get core(): CoreName {
    return this.#core.core;
  }

  /** Bytes in the window. */
  get size(): number {
    return this.#window.byteLength;
  }

  /** Bytes from the window's start to the next one read or written; past {@link size} after a seek there. */
  get position(): number {
    this.checkOpen("position");
    return this.#core.position;
  }

  /** Bytes from the position to the end; 0 past it. */
  get remaining(): number {
    return Math.max(0, this.size - this.position);
  }

  /**
   * Moves the position, as Go's io.Seeker does: past the end is allowed (reads give 0 bytes there), before the start
   * is not. `seek(-8, Whence.End)` is 8 before the end.
   *
   * @param offset bytes, negative to go back
   * @returns the new position
   * @throws {ShmRangeError} `ERR_SHM_OUT_OF_BOUNDS` before the start; the position is unchanged
   * @see https://pkg.go.dev/io#Seeker
   */
  seek(offset: number, whence: Whence = Whence.Start): number {
    checkInteger("offset", offset, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    checkInteger("whence", whence, Whence.Start, Whence.End);
    this.checkOpen("seek");
    try {
      return this.#core.seek(offset, whence);
    } catch (cause) {
      if (cause !== TRAP) throw cause;
      if (offset > 0) throw outOfRange("offset", "a position below 2^53", offset);
      const { position, size } = this;
      const from = `${offset} from ${whenceNames[whence]}`;
      throw outOfBounds(`seek to ${from} is before the start; the position is ${position} of ${size}`);
    }
  }

  /** Moves to the start, as `seek(0)`. */
  reset(): void {
    this.seek(0);
  }

  /** @internal */
  protected get running(): CoreCursor {
    return this.#core;
  }

  /** @internal Who makes this cursor's streams. */
  protected get streams(): Streams | undefined {
    return this.#streams;
  }

  /** @internal */
  protected get window(): Window {
    return this.#window;
  }

  /** @internal */
  protected checkOpen(operation: string): void {
    if (this.#disposed) throw detached(`${operation}: this cursor was disposed`);
    if (this.#window.detached) throw detached(`${operation}: the attachment of this cursor was detached`);
  }

  /** @internal */
  protected checkWritable(operation: string): void {
    if (this.#writable) return;
    this.checkOpen(operation);
    throw readOnly(`${operation}: the attachment of this cursor is read-only`);
  }

  /** @internal Moves past exactly `length` bytes; returns where they begin. */
  protected take(operation: string, length: number): number {
    this.checkOpen(operation);
    try {
      return this.#core.take(length);
    } catch (cause) {
      throw this.refusal(cause, operation, length);
    }
  }

  /** @internal Where the next `length` bytes begin, once it is known that so many remain; the position stays. */
  protected require(operation: string, length: number): number {
    const start = this.take(operation, length);
    this.#core.seek(start, Whence.Start);
    return start;
  }

  /** @internal A copy that no other process can change: `length` bytes from `start`, which were checked. */
  protected copy(start: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#window.current().bytes.slice(start, start + length) as Uint8Array<ArrayBuffer>;
  }

  /** @internal The error for what a core threw: the failed check, in the words of who asked. */
  protected refusal(cause: unknown, operation: string, needed: number): unknown {
    if (cause !== TRAP) return cause;
    this.checkOpen(operation);
    const { position, remaining, size } = this;
    return outOfBounds(`${operation} at ${position} needs ${needed} bytes; ${remaining} remain of ${size}`);
  }

  /** Frees the cursor; its use is ERR_SHM_DETACHED from then on. The attachment stays. May be called twice. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#core.close();
  }
}
