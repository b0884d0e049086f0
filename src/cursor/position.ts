// The position of a cursor in its window, and the error that a failed check of the core becomes. All numbers are bytes.
import { checkInteger } from "../common/arguments.js";
import { detached, illegalConstructor, outOfBounds, outOfRange, readOnly } from "../common/errors.js";
import { Whence } from "../common/flags.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import { Uncloneable } from "../common/uncloneable.js";
import { type CoreCursor, TRAP } from "../core/core.js";
import type { Window } from "../memory/window.js";
import type { Streams } from "./streaming.js";

const whenceNames = ["the start", "the position", "the end"] as const;

/** The state of one cursor, which the codecs work on. Its fields are plain: users reach only the {@link Cursor}. */
export class Position {
  // Declared, as those of JsCursor are.
  declare readonly core: CoreCursor;
  declare readonly window: Window;
  disposed = false;

  constructor(
    core: CoreCursor,
    window: Window,
    readonly writable: boolean,
    /** undefined: this entry point of the package has no streams. */
    readonly streams: Streams | undefined,
  ) {
    this.core = core;
    this.window = window;
  }

  get size(): number {
    return this.window.byteLength;
  }

  get position(): number {
    this.checkOpen("position");
    return this.core.position;
  }

  seek(offset: number, whence: Whence): number {
    checkInteger("offset", offset, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    checkInteger("whence", whence, Whence.Start, Whence.End);
    this.checkOpen("seek");
    try {
      return this.core.seek(offset, whence);
    } catch (cause) {
      if (cause !== TRAP) throw cause;
      if (offset > 0) throw outOfRange("offset", "a position below 2^53", offset);
      const from = `${offset} from ${whenceNames[whence]}`;
      throw outOfBounds(`seek to ${from} is before the start; the position is ${this.position} of ${this.size}`);
    }
  }

  checkOpen(operation: string): void {
    if (this.disposed) throw detached(`${operation}: this cursor was disposed`);
    if (this.window.detached) throw detached(`${operation}: the attachment of this cursor was detached`);
  }

  checkWritable(operation: string): void {
    if (this.writable) return;
    this.checkOpen(operation);
    throw readOnly(`${operation}: the attachment of this cursor is read-only`);
  }

  /** Moves past exactly `length` bytes; returns where they begin. */
  take(operation: string, length: number): number {
    this.checkOpen(operation);
    try {
      return this.core.take(length);
    } catch (cause) {
      throw this.refusal(cause, operation, length);
    }
  }

  /** As take; -1 if fewer bytes remain, or if the cursor is closed. */
  takeIfThere(length: number): number {
    try {
      return this.core.take(length);
    } catch (cause) {
      if (cause !== TRAP) throw cause;
      return -1;
    }
  }

  /**
   * Where the next `length` bytes begin, if so many remain; does not move the position.
   *
   * @param needed bytes that the error names
   */
  peek(operation: string, length: number, needed = length): number {
    this.checkOpen(operation);
    try {
      return this.core.peek(length);
    } catch (cause) {
      throw this.refusal(cause, operation, needed);
    }
  }

  /** The error for what a core threw. A failed check is reported in terms of the operation that was asked for. */
  refusal(cause: unknown, operation: string, needed: number): unknown {
    if (cause !== TRAP) return cause;
    this.checkOpen(operation);
    const { position, size } = this;
    const remaining = Math.max(0, size - position);
    return outOfBounds(`${operation} at ${position} needs ${needed} bytes; ${remaining} remain of ${size}`);
  }

  /** As refusal, for a write: `cause` may be that there is no core to write with. */
  writeRefusal(cause: unknown, operation: string, needed: number): unknown {
    this.checkWritable(operation);
    return this.refusal(cause, operation, needed);
  }
}

/**
 * The way from a cursor to its state, for codecs. Each throws a TypeError for an object that is not a cursor.
 *
 * Every codec destructures it into constants of its own file. V8 inlines those, but loads and compares an imported
 * function at each call (readUint32 by the JS core: 1.7 against 2.2 ns; Node 20, x86-64).
 */
export let access: {
  positionOf(cursor: object): Position;
  coreOf(cursor: object): CoreCursor;
  /** undefined if the attachment is read-only: its use throws, and {@link Position.writeRefusal} tells why. */
  writableCoreOf(cursor: object): CoreCursor;
};

/** Of the cursor that is being made: the first value of a field has the class of all later ones, as in JsCursor. */
let opening: Position | undefined;

/**
 * What every cursor is at run time: an object whose state only {@link access} reaches. The constructor demands a
 * {@link Position}, and nothing that this package exports leads to one, so it refuses every caller outside.
 */
export abstract class Positioned extends Uncloneable {
  readonly #position = opening as Position;
  // Copies of two fields of the position, which save a load for each number (readUint32: 1.7 against 2.1 ns, as above).
  readonly #core = this.#position.core;
  readonly #writable = this.#position.writable ? this.#core : undefined;

  constructor(position: unknown) {
    if (!(position instanceof Position)) throw illegalConstructor("Cursor", "attachment.cursor()");
    opening = position;
    super(); // sets the fields
    opening = undefined;
  }

  static {
    access = {
      positionOf: (cursor) => (cursor as Positioned).#position,
      coreOf: (cursor) => (cursor as Positioned).#core,
      writableCoreOf: (cursor) => (cursor as Positioned).#writable as CoreCursor,
    };
  }

  /** @internal What console.log prints. Asks for nothing that a closed cursor refuses. */
  [INSPECT](_depth: unknown, options: unknown, inspect?: Inspect): string {
    return inspected("Cursor", #position in this ? fieldsOf(this.#position) : {}, options, inspect);
  }
}

function fieldsOf({ core, window, size, writable, disposed }: Position): object {
  const always = { core: core.core, writable };
  if (disposed) return { size, ...always, state: "disposed" };
  if (window.detached) return { size, ...always, state: "detached" };
  const { position } = core;
  return { position, size, remaining: Math.max(0, size - position), ...always, state: "open" };
}
