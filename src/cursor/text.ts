import { checkOptions, checkSize, checkString, extraArgument } from "../common/arguments.js";
import { invalidType, malformed, outOfBounds, outOfRange } from "../common/errors.js";
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
    const fatal = options !== undefined && fatalOf(options);
    const at = positionOf(this);
    const start = byteLength <= at.window.shortText ? at.takeIfThere(byteLength) : -1;
    if (start >= 0) {
      const short = at.window.readShort(start, byteLength, fatal);
      if (short !== undefined) return short;
      at.core.seek(start, Whence.Start); // a failed call leaves the position here
    }
    return readLong(at, "readString", byteLength, fatal);
  }

  /** Writes text without its length: the reader must know where it ends. */
  writeString(text: string): number {
    if (arguments.length > 1 || typeof text !== "string") throw wrongText("writeString", arguments);
    const at = positionOf(this);
    const written = writeAtOnce(at, text);
    return written >= 0 ? written : write(at, "writeString", text);
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
    const short = at.window.readShort(start, length, fatal);
    if (short !== undefined && !short.includes("\0")) return short; // else a concurrent writer has put one there since
    let end = start; // a failed call leaves the position here
    try {
      const bytes = at.window.slice(start, length);
      const earlier = bytes.indexOf(0);
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
    if (checkString("text", text).includes("\0")) throw outOfRange("text", "without a NUL", text);
    const at = positionOf(this);
    const written = writeAtOnce(at, text);
    if (written < 0) return write(at, "writeCString", `${text}\0`);
    at.window.bytes[at.core.take(1)] = 0; // writeText leaves room for it
    return written + 1;
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
    const text =
      at.window.readShort(textStart, length, fatal) ??
      decodeText("readVarString", textStart, at.window.slice(textStart, length), fatal);
    at.take("readVarString", textStart - start + length);
    return text;
  }

  /** Writes text after its length in bytes, a varint. */
  writeVarString(text: string): number {
    if (arguments.length > 1) throw extraArgument("writeVarString", arguments, 1);
    checkString("text", text);
    const at = positionOf(this);
    at.checkWritable("writeVarString");
    at.checkOpen("writeVarString");
    if (at.window.prepareText()) {
      const written = writeCounted(at, text);
      if (written >= 0) return written;
    }
    const bytes = encoder.encode(text);
    const total = numberSize(bytes.length) + bytes.length;
    const window = at.window.current();
    const start = at.take("writeVarString", total); // both or neither
    const textStart = writeNumber(window.bytes, start, bytes.length);
    window.write(bytes, textStart, bytes.length);
    return total;
  }
}

/**
 * Writes a text and its length, if the length takes as many bytes as if the text was ASCII, and there is room whatever its
 * characters are. Returns the bytes written; -1 if it cannot: nothing has changed then, but bytes for which there is room
 * behind the position.
 */
function writeCounted(at: Position, text: string): number {
  const units = text.length;
  const size = numberSize(units);
  const start = at.takeIfThere(size + units);
  if (start < 0) return -1;
  // One byte more, so that the other way has room, too: the length may take it.
  const isRoom = at.window.bytes.length - start > size + 3 * units;
  const length = isRoom ? at.window.writeText(text, start + size) : -1;
  if (length < 0 || numberSize(length) !== size) return settle(at, start, 0, -1);
  if (length !== units) settle(at, start, units, length);
  writeNumber(at.window.bytes, start, length);
  return size + length;
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

function wrongText(operation: string, given: IArguments): Error {
  return given.length > 1 ? extraArgument(operation, given, 1) : invalidType("text", "of type string", given[0]);
}

/** Reads `byteLength` bytes of text by way of a copy. */
function readLong(at: Position, operation: string, byteLength: number, fatal: boolean): string {
  const start = at.peek(operation, byteLength);
  const text = decodeText(operation, start, at.window.slice(start, byteLength), fatal);
  at.take(operation, byteLength);
  return text;
}

/** Bytes written; -1 if the text must be encoded first, and nothing has changed. Of ASCII it is one call of the core. */
function writeAtOnce(at: Position, text: string): number {
  if (!at.writable || !at.window.isTextReady) return -1;
  const start = at.takeIfThere(text.length);
  if (start < 0) return -1;
  const written = at.window.writeText(text, start);
  return written === text.length ? written : settle(at, start, text.length, written);
}

/** Moves the position past what was written, if it is not the one byte for each unit that was taken for it. */
function settle(at: Position, start: number, taken: number, written: number): number {
  if (written < 0) at.core.seek(start, Whence.Start);
  else at.core.take(written - taken); // there is room for 3 bytes a unit
  return written;
}

function write(at: Position, operation: string, text: string): number {
  at.checkWritable(operation);
  at.checkOpen(operation);
  // Not again, if the reason was the room.
  if (!at.window.isTextReady && at.window.prepareText()) {
    const written = writeAtOnce(at, text);
    if (written >= 0) return written;
  }
  const bytes = encoder.encode(text);
  const window = at.window.current();
  window.write(bytes, at.take(operation, bytes.length), bytes.length);
  return bytes.length;
}
