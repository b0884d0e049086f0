import { extraArgument } from "../common/arguments.js";
import { type Assembled, assemble } from "../common/assemble.js";
import { Whence } from "../common/flags.js";
import type { CoreName } from "../core/core.js";
import { ArrayCodec } from "./array.js";
import { ByteCodec } from "./bytes.js";
import { FixedTextCodec } from "./fixed.js";
import { FrameCodec } from "./frame.js";
import { access, Position, Positioned } from "./position.js";
import { ScalarCodec } from "./scalar.js";
import { StreamCodec } from "./streams.js";
import { TextCodec } from "./text.js";
import { VarintCodec } from "./varint.js";

const { positionOf } = access;

/** The codecs of a cursor, a file each. Their order means nothing. */
const codecs = [
  ScalarCodec,
  VarintCodec,
  ByteCodec,
  TextCodec,
  FixedTextCodec,
  ArrayCodec,
  FrameCodec,
  StreamCodec,
] as const;

/** Makes a cursor. Only attachments do. */
export let openCursor: (...state: ConstructorParameters<typeof Position>) => Cursor;

/**
 * A position in an attachment's window, and reads and writes there: Go's `io.Reader`, `io.Writer` and `io.Seeker`,
 * numbers, varints, text, arrays, frames and streams. From {@link Attachment.cursor}. Works in place. Between two
 * attachments of one segment, bytes that overlap in the segment may be copied wrongly: the engine cannot see the
 * overlap.
 */
export class Cursor extends (Positioned as abstract new (position: unknown) => Positioned & Assembled<typeof codecs>) {
  static {
    assemble(Cursor, codecs);
    openCursor = (...state) => new Cursor(new Position(...state));
  }

  /** For attachments. Other callers have no {@link Position}, and get `TypeError` `ERR_ILLEGAL_CONSTRUCTOR`. */
  private constructor(position: Position) {
    super(position);
  }

  /** Which core this cursor runs on. `"auto"` takes the better one for each operation. */
  get core(): CoreName {
    return positionOf(this).core.core;
  }

  /** Bytes in the window. */
  get size(): number {
    return positionOf(this).size;
  }

  /**
   * Bytes from the window's start to the next one read or written; larger than {@link size} after a seek past the end.
   */
  get position(): number {
    return positionOf(this).position;
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
    if (arguments.length > 2) throw extraArgument("seek", arguments, 2);
    return positionOf(this).seek(offset, whence);
  }

  /** Moves to the start, as `seek(0)`. */
  reset(): void {
    if (arguments.length > 0) throw extraArgument("reset", arguments, 0);
    this.seek(0);
  }

  /**
   * Frees the cursor: every later use throws `ERR_SHM_DETACHED`. The attachment stays attached. May be called twice.
   */
  [Symbol.dispose](): void {
    const at = positionOf(this);
    at.disposed = true;
    at.core.close();
  }
}
