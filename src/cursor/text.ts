import { checkOptions, checkSize, checkString, extraArgument } from "../common/arguments.js";
import { malformed, outOfBounds, outOfRange } from "../common/errors.js";
import { Whence } from "../common/flags.js";
import { checkFatal, decodeText, type TextOptions } from "../common/text.js";
import { TRAP, UNSAFE } from "../core/core.js";
import { found, numberSize, readNumber, writeNumber } from "../core/js/varint.js";
import { access, type Position } from "./position.js";
import { unread } from "./varint.js";

const { positionOf } = access;

const encoder = new TextEncoder();

function fatalOf(options: TextOptions | undefined): boolean {
  if (options === undefined) return false; // a check of no options would cost each short text 20 ns (Node 20)
  const { fatal = false } = checkOptions(options, ["fatal"]);
  return checkFatal(fatal);
}

/**
 * Text at the cursor, in UTF-8. Reads replace bad sequences by U+FFFD, as TextDecoder does, or refuse them with
 * `ShmError` `ERR_SHM_MALFORMED` (`fatal`); writes put U+FFFD for a lone surrogate, as TextEncoder does, and return the
 * number of bytes written. Text that does not fit is `ShmRangeError` `ERR_SHM_OUT_OF_BOUNDS`. A failed call moves
 * nothing.
 *
 * @see https://encoding.spec.whatwg.org/#utf-8
 */
export abstract class TextCodec {
  /** Reads `byteLength` bytes of text. */
  readString(byteLength: number, options?: TextOptions): string {
    if (arguments.length > 2) throw extraArgument("readString", arguments, 2);
    checkSize("byteLength", byteLength);
    const fatal = fatalOf(options);
    const at = positionOf(this);
    const start = at.peek("readString", byteLength);
    const text = decodeText("readString", start, at.window.slice(start, byteLength), fatal);
    at.take("readString", byteLength);
    return text;
  }

  /** Writes text without its length: the reader must know where it ends. */
  writeString(text: string): number {
    if (arguments.length > 1) throw extraArgument("writeString", arguments, 1);
    return write(positionOf(this), "writeString", encoder.encode(checkString("text", text)));
  }

  /**
   * Reads text up to the next NUL, as C's strings end, and moves past the NUL.
   *
   * @param maxLength bytes among which the NUL must be, as of a `char[maxLength]` (default: all that remain)
   * @throws {ShmError} `ERR_SHM_MALFORMED` the next `maxLength` bytes have no NUL; `ERR_SHM_OUT_OF_BOUNDS` fewer remain,
   *   and they have none
   */
  readCString(maxLength = Number.MAX_SAFE_INTEGER, options?: TextOptions): string {
    if (arguments.length > 2) throw extraArgument("readCString", arguments, 2);
    checkSize("maxLength", maxLength);
    const fatal = fatalOf(options);
    const at = positionOf(this);
    at.checkOpen("readCString");
    const length = at.core.find(0, maxLength);
    if (length < 0) throw unterminated(at, maxLength);
    const start = at.take("readCString", length + 1);
    let end = start; // a failed call leaves the position here
    try {
      const bytes = at.window.slice(start, length);
      const earlier = bytes.indexOf(0); // a concurrent writer may have put one there since
      const text = decodeText("readCString", start, earlier < 0 ? bytes : bytes.subarray(0, earlier), fatal);
      end += (earlier < 0 ? length : earlier) + 1;
      return text;
    } finally {
      if (end !== start + length + 1) at.core.seek(end, Whence.Start);
    }
  }

  /** Writes text and a NUL. A text with a NUL in it is `ERR_OUT_OF_RANGE`: a reader would stop there. */
  writeCString(text: string): number {
    if (arguments.length > 1) throw extraArgument("writeCString", arguments, 1);
    if (checkString("text", text).includes("\0")) throw outOfRange("text", "without a NUL", JSON.stringify(text));
    return write(positionOf(this), "writeCString", encoder.encode(`${text}\0`));
  }

  /** Reads text that follows its length in bytes, a varint. */
  readVarString(options?: TextOptions): string {
    if (arguments.length > 1) throw extraArgument("readVarString", arguments, 1);
    const fatal = fatalOf(options);
    const at = positionOf(this);
    const { start, textStart, length } = peekLength(at);
    const { size } = at;
    const remaining = size - textStart;
    // `length` is the one copy that was read: a concurrent writer cannot change it between this check and its use.
    if (length > remaining)
      throw outOfBounds(
        `readVarString at ${start} needs ${length} bytes after its length; ${remaining} remain of ${size}`,
      );
    const text = decodeText("readVarString", textStart, at.window.slice(textStart, length), fatal);
    at.take("readVarString", textStart - start + length);
    return text;
  }

  /** Writes text after its length in bytes, a varint. */
  writeVarString(text: string): number {
    if (arguments.length > 1) throw extraArgument("writeVarString", arguments, 1);
    const bytes = encoder.encode(checkString("text", text));
    const at = positionOf(this);
    at.checkWritable("writeVarString");
    const total = numberSize(bytes.length) + bytes.length;
    const window = at.window.current();
    const start = at.take("writeVarString", total); // both or neither
    const textStart = writeNumber(window.bytes, start, bytes.length);
    window.write(bytes, textStart, bytes.length);
    return total;
  }
}

/**
 * The length before a text, and where both begin; does not move the position. Read here rather than by the core's
 * readVarUint, which moves: a text that turns out to be bad would then need a way back.
 */
function peekLength(at: Position): { start: number; textStart: number; length: number } {
  at.checkOpen("readVarString");
  try {
    const start = at.core.peek(0);
    const length = readNumber(at.window.current().bytes, start);
    return { start, textStart: found.end, length };
  } catch (cause) {
    // A length that no number holds is past every window's end.
    throw cause === UNSAFE
      ? at.refusal(TRAP, "readVarString", Number.MAX_SAFE_INTEGER)
      : unread(at, cause, "readVarString");
  }
}

function unterminated(at: Position, maxLength: number): Error {
  const { position, size } = at;
  const remaining = Math.max(0, size - position);
  const message = `readCString at ${position} found no NUL`;
  if (remaining > 0 && maxLength <= remaining) return malformed(`${message} in ${maxLength} bytes`);
  return outOfBounds(`${message}; ${remaining} remain of ${size}`);
}

function write(at: Position, operation: string, bytes: Uint8Array): number {
  at.checkWritable(operation);
  const window = at.window.current();
  const start = at.take(operation, bytes.length);
  window.write(bytes, start, bytes.length);
  return bytes.length;
}
