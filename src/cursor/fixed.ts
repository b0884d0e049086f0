// Text of a fixed size, as fields of C structs and of file headers have it: `char name[16]`.
import { checkChoice, checkOptions, checkSize, checkString, extraArgument } from "../common/arguments.js";
import { newArray, type OwnUint8Array } from "../common/bytes.js";
import { outOfRange } from "../common/errors.js";
import { checkFatal, decodeText, type TextEncoding, type TextOptions, textEncodings } from "../common/text.js";
import { access } from "./position.js";

const { positionOf } = access;

export interface FixedTextOptions extends TextOptions {
  /** `"utf8"` (default), `"utf16le"`, or `"latin1"`, in which byte n is U+00nn. */
  encoding?: TextEncoding;
}

/** Bytes of a unit, of which a NUL is one. */
const units: Readonly<Record<TextEncoding, 1 | 2>> = { utf8: 1, utf16le: 2, latin1: 1 };

const encoder = new TextEncoder();

/**
 * Text in a field of a fixed number of bytes: padded with NULs, or cut where a character ends. A character is a code point
 * here: an accent of its own may be cut off from its letter. Text that does not fit the window is `ShmRangeError`
 * `ERR_SHM_OUT_OF_BOUNDS`, and a failed call moves nothing.
 *
 * @see https://encoding.spec.whatwg.org/
 */
export abstract class FixedTextCodec {
  /**
   * Writes as much of the text as the field holds, and NULs in the rest of it.
   *
   * @param byteLength bytes of the field
   * @returns bytes of text; of text that was cut, fewer than it has
   * @throws {RangeError} `ERR_OUT_OF_RANGE` the text has a NUL, where a reader would stop, or a character that Latin-1 lacks
   */
  writeFixedText(text: string, byteLength: number, options?: Pick<FixedTextOptions, "encoding">): number {
    if (arguments.length > 3) throw extraArgument("writeFixedText", arguments, 3);
    checkString("text", text);
    checkSize("byteLength", byteLength);
    const { encoding = "utf8" } = checkOptions(options, ["encoding"]);
    checkChoice("options.encoding", encoding, textEncodings);
    if (text.includes("\0")) throw outOfRange("text", "without a NUL", text);
    const at = positionOf(this);
    at.checkWritable("writeFixedText");
    const place = at.peek("writeFixedText", byteLength); // before the allocation
    const written = encoding === "utf8" ? at.window.writeField(text, place, byteLength) : -1;
    if (written >= 0) {
      at.take("writeFixedText", byteLength);
      return written;
    }
    const field = newArray<OwnUint8Array>(Uint8Array, byteLength);
    const length = encoders[encoding](text, field);
    const window = at.window.current();
    window.write(field, at.take("writeFixedText", byteLength), byteLength);
    return length;
  }

  /**
   * Reads a field: the text before its first NUL, or all of it.
   *
   * @param byteLength bytes of the field
   * @throws {ShmError} `ERR_SHM_MALFORMED` with `fatal`, bytes that are not valid in the encoding
   */
  readFixedText(byteLength: number, options?: FixedTextOptions): string {
    if (arguments.length > 2) throw extraArgument("readFixedText", arguments, 2);
    checkSize("byteLength", byteLength);
    const { encoding = "utf8", fatal = false } = checkOptions(options, ["encoding", "fatal"]);
    checkChoice("options.encoding", encoding, textEncodings);
    checkFatal(fatal);
    const at = positionOf(this);
    const start = at.peek("readFixedText", byteLength);
    const short =
      encoding === "utf16le" ? undefined : at.window.readShort(start, byteLength, fatal || encoding === "latin1");
    if (short !== undefined) {
      at.take("readFixedText", byteLength);
      const end = short.indexOf("\0");
      return end < 0 ? short : short.slice(0, end);
    }
    const field = at.window.slice(start, byteLength); // a concurrent writer cannot change it between the two steps
    const text = field.slice(0, lengthOf(field, units[encoding]));
    const result = decodeText("readFixedText", start, text as OwnUint8Array, fatal, encoding);
    at.take("readFixedText", byteLength);
    return result;
  }
}

/** Bytes before the first unit that is NUL; all whole units if there is none. */
function lengthOf(field: Uint8Array, unit: 1 | 2): number {
  const whole = field.length - (field.length % unit);
  for (let at = field.indexOf(0); at >= 0 && at < whole; at = field.indexOf(0, at + 1))
    if (unit === 1 || (at % 2 === 0 && field[at + 1] === 0)) return at;
  return whole;
}

/** Each fills the beginning of a field of zeros with whole characters, and returns how many bytes these are. */
const encoders: Readonly<Record<TextEncoding, (text: string, field: Uint8Array) => number>> = {
  utf8(text, field) {
    const room = field.subarray(0, 3 * text.length); // Node 20 and 22 write nothing into 2 GiB or more
    const all = encoder.encodeInto(text, room);
    let { written } = all;
    // Node 26.10 leaves out a last character that fits, if the rest does not: "aéaé" in 3 bytes is "a" there.
    for (const character of text.slice(all.read)) {
      const one = encoder.encodeInto(character, room.subarray(written));
      if (one.written === 0) break;
      written += one.written;
    }
    return written;
  },
  utf16le(text, field) {
    const view = new DataView(field.buffer);
    let to = 0;
    for (const character of text) {
      const code = character.codePointAt(0) as number;
      const isLone = code >= 0xd800 && code <= 0xdfff;
      if (to + 2 * character.length > field.length) break;
      for (let index = 0; index < character.length; index++, to += 2)
        view.setUint16(to, isLone ? 0xfffd : character.charCodeAt(index), true);
    }
    return to;
  },
  latin1(text, field) {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0xff) throw outOfRange("text", "of characters up to U+00FF, as Latin-1 has them", text);
      if (index < field.length) field[index] = code;
    }
    return Math.min(text.length, field.length);
  },
};
