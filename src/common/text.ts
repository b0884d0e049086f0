// Bytes as text. The bytes are always a copy that no other process can change: a decoder reads its bytes twice, and if a
// concurrent writer changes them in between, engines write past the end of the string that they made room for.
import { checkBoolean } from "./arguments.js";
import { newArray, type OwnUint8Array } from "./bytes.js";
import { malformed, outOfMemory } from "./errors.js";

/** Encodings of text, by Node's names. */
export const textEncodings = ["utf8", "utf16le", "latin1"] as const;
export type TextEncoding = (typeof textEncodings)[number];

export interface TextOptions {
  /** Refuse bytes that are not valid in the encoding, instead of reading U+FFFD in their place (default false). */
  fatal?: boolean;
}

type Decode = (bytes: Uint8Array) => string;

interface Decoders {
  /** What an error calls the encoding. */
  readonly name: string;
  readonly lenient: Decode;
  readonly strict: Decode;
}

// A byte order mark is kept: the text that is read is the text that was written.
function decodersOf(label: string, name: string): Decoders {
  const lenient = new TextDecoder(label, { ignoreBOM: true });
  const strict = new TextDecoder(label, { ignoreBOM: true, fatal: true });
  return { name, lenient: (bytes) => lenient.decode(bytes), strict: (bytes) => strict.decode(bytes) };
}

const utf8 = decodersOf("utf-8", "UTF-8");
const utf16le = decodersOf("utf-16le", "UTF-16");

/**
 * Byte n is U+00nn, a unit of UTF-16. Not TextDecoder's "latin1", which is windows-1252: there the bytes 0x80 to 0x9f are
 * other characters.
 */
function latin1Text(bytes: Uint8Array): string {
  const units = newArray(Uint8Array, 2 * bytes.length);
  for (let index = 0; index < bytes.length; index++) units[2 * index] = bytes[index] as number;
  return utf16le.lenient(units);
}

export function checkFatal(fatal: unknown): boolean {
  return checkBoolean("options.fatal", fatal);
}

/**
 * Decodes a copy. `operation` and `start`, where in the window the bytes were, are for the errors.
 *
 * @param latin1 the engine's own way, if it has one
 * @throws {ShmError} `ERR_SHM_MALFORMED` with `fatal`; `ENOMEM` no string of the engine can be that long
 */
export function decodeText(
  operation: string,
  start: number,
  copy: OwnUint8Array,
  fatal: boolean,
  encoding: TextEncoding = "utf8",
  latin1: Decode = latin1Text,
): string {
  if (encoding === "latin1") return decodeAny(operation, start, copy, latin1); // every byte is valid
  const { name, lenient, strict } = encoding === "utf8" ? utf8 : utf16le;
  if (!fatal) return decodeAny(operation, start, copy, lenient);
  try {
    return strict(copy);
  } catch (cause) {
    decodeAny(operation, start, copy, lenient); // throws if it failed for the length: engines have one error for both
    throw malformed(`${operation} at ${start} found ${copy.length} bytes that are not ${name}`, cause);
  }
}

/** `decode` takes any bytes, so it fails for the length alone: V8's strings have at most 2^29 - 24 units. */
function decodeAny(operation: string, start: number, copy: Uint8Array, decode: Decode): string {
  try {
    return decode(copy);
  } catch (cause) {
    throw outOfMemory(`${operation} at ${start} of ${copy.length} bytes of text`, {
      reason: "no string of this engine is that long",
      hint: "read it in parts",
      cause,
    });
  }
}
