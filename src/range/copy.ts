import { checkChoice, checkOptions, extraArgument } from "../common/arguments.js";
import type { OwnUint8Array } from "../common/bytes.js";
import { checkFatal, decodeText, type TextEncoding, type TextOptions, textEncodings } from "../common/text.js";
import { checkRange, RangeTarget } from "./target.js";

/** What {@link Copies.toBuffer} returns at each entry point. Node's adds its own kind: src/node.ts. */
export interface CopyKinds {
  portable: OwnUint8Array;
}

/** The same of {@link Attachment.buffer}. */
export interface WindowKinds {
  portable: Uint8Array;
}

/** Bytes of a memory of their own: in Node a Buffer; at the portable entry point a Uint8Array. */
export type CopiedBytes = CopyKinds extends { node: infer Bytes } ? Bytes : CopyKinds["portable"];

/** The bytes of a window: in Node a Buffer; at the portable entry point a Uint8Array. */
export type WindowBytes = WindowKinds extends { node: infer Bytes } ? Bytes : WindowKinds["portable"];

export interface RangeTextOptions extends TextOptions {
  /** First byte of the range, from the window's start (default 0). */
  start?: number;
  /** End of the range, excluded (default the window's end). */
  end?: number;
  /** `"utf8"` (default), `"utf16le"`, or `"latin1"`, in which byte n is U+00nn. */
  encoding?: TextEncoding;
}

const textOptions = ["start", "end", "encoding", "fatal"] as const;

/** Copies of a range. No other process can change them, so they are safe in every call of the engine. */
export abstract class Copies extends RangeTarget {
  /**
   * A copy of the range: a Buffer of its own memory, not of Node's pool; a Uint8Array at the portable entry point.
   *
   * @throws {ShmError} `ENOMEM` the engine has no room for the copy
   */
  toBuffer(start = 0, end = this.byteLength): CopiedBytes {
    if (arguments.length > 2) throw extraArgument("toBuffer", arguments, 2);
    checkRange(this, start, end);
    return this.copyOf("toBuffer", start, end, this.engine.allocate) as CopiedBytes;
  }

  /**
   * The range as text: copied first, then decoded. So it is safe whatever other processes write meanwhile, which
   * `new TextDecoder().decode(attachment.bytes)` is not. Bytes that are not valid are read as U+FFFD; a byte order mark
   * is kept.
   *
   * @param options the range, the encoding, and `fatal`
   * @throws {ShmError} `ERR_SHM_MALFORMED` with `fatal`, bytes that are not valid in the encoding; `ENOMEM` the engine has
   *   no room for the copy, or no string of it is that long
   * @see https://encoding.spec.whatwg.org/
   */
  text(options?: RangeTextOptions): string {
    if (arguments.length > 1) throw extraArgument("text", arguments, 1);
    const {
      start = 0,
      end = this.byteLength,
      encoding = "utf8",
      fatal = false,
    } = checkOptions<RangeTextOptions>(options, textOptions);
    checkChoice("options.encoding", encoding, textEncodings);
    checkFatal(fatal);
    checkRange(this, start, end, "options.");
    const copy = this.copyOf("text", start, end);
    return decodeText("text", start, copy, fatal, encoding, this.engine.latin1);
  }
}
