import { extraArgument } from "../common/arguments.js";
import { checkPattern, checkRange, RangeTarget } from "./target.js";

export abstract class Searches extends RangeTarget {
  /**
   * Where the first occurrence begins that is wholly in the range.
   *
   * @param value a byte, bytes, or text as UTF-8; an empty value is found at `start`
   * @returns bytes from the window's start; -1 if there is none
   */
  indexOf(value: number | Uint8Array | string, start = 0, end = this.byteLength): number {
    if (arguments.length > 3) throw extraArgument("indexOf", arguments, 3);
    const needle = checkPattern(value);
    checkRange(this, start, end);
    const range = this.range("indexOf");
    if (typeof needle === "number") return range.indexOfByte(needle, start, end);
    if (needle.length === 0) return start;
    if (needle.length === 1) return range.indexOfByte(needle[0] as number, start, end);
    return range.indexOf(needle, start, end);
  }

  /** As {@link indexOf}, the last occurrence; an empty value is found at `end`. */
  lastIndexOf(value: number | Uint8Array | string, start = 0, end = this.byteLength): number {
    if (arguments.length > 3) throw extraArgument("lastIndexOf", arguments, 3);
    const needle = checkPattern(value);
    checkRange(this, start, end);
    const range = this.range("lastIndexOf");
    if (typeof needle === "number") return range.lastIndexOfByte(needle, start, end);
    if (needle.length === 0) return end;
    if (needle.length === 1) return range.lastIndexOfByte(needle[0] as number, start, end);
    return range.lastIndexOf(needle, start, end);
  }

  /**
   * Where the first sequence that is not UTF-8 begins, also a character that the end of the range cuts. The bytes before it
   * are valid.
   *
   * @returns bytes from the window's start; -1 if {@link isUtf8}
   */
  indexOfInvalidUtf8(start = 0, end = this.byteLength): number {
    if (arguments.length > 2) throw extraArgument("indexOfInvalidUtf8", arguments, 2);
    checkRange(this, start, end);
    return this.range("indexOfInvalidUtf8").indexOfInvalidUtf8(start, end);
  }

  /** Whether the range is UTF-8 and ends with a whole character: whether TextDecoder takes it with `fatal`. */
  isUtf8(start = 0, end = this.byteLength): boolean {
    if (arguments.length > 2) throw extraArgument("isUtf8", arguments, 2);
    checkRange(this, start, end);
    return this.range("isUtf8").isUtf8(start, end);
  }
}
