import { checkBoolean, checkOptions, checkSize, checkString } from "../common/arguments.js";
import { copyBytes } from "../common/bytes.js";
import { malformed, outOfBounds, outOfRange } from "../common/errors.js";
import { TRAP, UNSAFE } from "../core/core.js";
import { ByteCursor } from "./bytes.js";
import { varintLength } from "./varint.js";

export interface TextOptions {
  /** Refuse what is not UTF-8, instead of reading U+FFFD in its place (default false). */
  fatal?: boolean;
}

// A byte order mark is text like any other here: what was written is what is read.
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const encoder = new TextEncoder();

function checkFatal(options: TextOptions | undefined): boolean {
  const { fatal = false } = checkOptions(options, ["fatal"]);
  return checkBoolean("options.fatal", fatal);
}

/**
 * Text at the cursor, in UTF-8. Reads take bad sequences for U+FFFD, as TextDecoder does, or refuse them with
 * `ShmError` `ERR_SHM_MALFORMED` (`fatal`); writes put U+FFFD for a lone surrogate, as TextEncoder does, and return the
 * bytes they took. What does not fit is `ShmRangeError` `ERR_SHM_OUT_OF_BOUNDS`. On error nothing has moved.
 *
 * @see https://encoding.spec.whatwg.org/#utf-8
 */
export abstract class TextCursor extends ByteCursor {
  /** Reads `byteLength` bytes of text. */
  readString(byteLength: number, options?: TextOptions): string {
    checkSize("byteLength", byteLength);
    const fatal = checkFatal(options);
    const text = this.#decode("readString", this.copy(this.require("readString", byteLength), byteLength), fatal);
    this.take("readString", byteLength);
    return text;
  }

  /** Writes text, and nothing to tell where it ends. */
  writeString(text: string): number {
    return this.#write("writeString", encoder.encode(checkString("text", text)));
  }

  /**
   * Reads text up to the next NUL, as C's strings end, and moves past that.
   *
   * @param maxLength bytes among which the NUL must be, as of a `char[maxLength]` (default: all that remain)
   * @throws {ShmError} `ERR_SHM_MALFORMED` it is not among them; `ERR_SHM_OUT_OF_BOUNDS` nor up to the window's end
   */
  readCString(maxLength = Number.MAX_SAFE_INTEGER, options?: TextOptions): string {
    checkSize("maxLength", maxLength);
    const fatal = checkFatal(options);
    this.checkOpen("readCString");
    const { position, remaining, size } = this;
    const length = this.running.find(0, Math.min(maxLength, remaining));
    if (length < 0) {
      const message = `readCString at ${position} found no NUL`;
      if (maxLength < remaining) throw malformed(`${message} in ${maxLength} bytes`);
      throw outOfBounds(`${message}; ${remaining} remain of ${size}`);
    }
    const bytes = this.copy(position, length);
    const earlier = bytes.indexOf(0); // another process may have put one there since
    const text = this.#decode("readCString", earlier < 0 ? bytes : bytes.subarray(0, earlier), fatal);
    this.take("readCString", (earlier < 0 ? length : earlier) + 1);
    return text;
  }

  /** Writes text and a NUL. A text that has one in it is `ERR_OUT_OF_RANGE`: it would be read back cut short. */
  writeCString(text: string): number {
    if (checkString("text", text).includes("\0")) throw outOfRange("text", "without a NUL", JSON.stringify(text));
    return this.#write("writeCString", encoder.encode(`${text}\0`));
  }

  /** Reads text with its length in bytes before it, as a varint. */
  readVarString(options?: TextOptions): string {
    const fatal = checkFatal(options);
    this.checkOpen("readVarString");
    const { position, size } = this;
    try {
      const length = this.#readLength();
      const { remaining } = this;
      // From the one copy of the length: whatever another process writes there now, this is what is held to the window.
      if (length > remaining)
        throw outOfBounds(
          `readVarString at ${position} needs ${length} bytes after its length; ${remaining} remain of ${size}`,
        );
      const text = this.#decode("readVarString", this.copy(this.position, length), fatal);
      this.take("readVarString", length);
      return text;
    } catch (error) {
      this.seek(position);
      throw error;
    }
  }

  /** Writes text with its length in bytes before it, as a varint. */
  writeVarString(text: string): number {
    const bytes = encoder.encode(checkString("text", text));
    this.checkWritable("writeVarString");
    const total = varintLength(bytes.length) + bytes.length;
    this.require("writeVarString", total); // both or neither
    this.running.writeVarUint(bytes.length);
    this.#write("writeVarString", bytes);
    return total;
  }

  /** The length before a text. One that no number holds is past every window's end as well. */
  #readLength(): number {
    try {
      return this.running.readVarUint();
    } catch (cause) {
      throw cause === UNSAFE
        ? this.refusal(TRAP, "readVarString", Number.MAX_SAFE_INTEGER)
        : this.unread(cause, "readVarString");
    }
  }

  /** Of a copy: a decoder looks at its bytes twice, and another process may change those of the window in between. */
  #decode(operation: string, bytes: Uint8Array, fatal: boolean): string {
    if (!fatal) return lenient.decode(bytes);
    try {
      return strict.decode(bytes);
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      throw malformed(`${operation} at ${this.position} found ${bytes.length} bytes that are not UTF-8`, cause);
    }
  }

  #write(operation: string, bytes: Uint8Array): number {
    this.checkWritable(operation);
    copyBytes(this.window.current().bytes, bytes, this.take(operation, bytes.length));
    return bytes.length;
  }
}
