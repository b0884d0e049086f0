import { checkInteger, extraArgument } from "../common/arguments.js";
import { outOfRange } from "../common/errors.js";
import { checkElements, checkPattern, checkRange, RangeTarget } from "./target.js";

export abstract class Changes extends RangeTarget {
  /**
   * Sets every byte of the range.
   *
   * @param value a byte; or bytes, or text as UTF-8, which are repeated and cut short at `end`
   */
  fill(value: number | Uint8Array | string, start = 0, end = this.byteLength): void {
    if (arguments.length > 3) throw extraArgument("fill", arguments, 3);
    const pattern = checkPattern(value);
    const isByte = typeof pattern === "number";
    if (!isByte && pattern.length === 0) throw outOfRange("value", "at least one byte", value);
    checkRange(this, start, end);
    const range = this.writableRange("fill");
    if (isByte) range.fillByte(pattern, start, end);
    else if (pattern.length === 1) range.fillByte(pattern[0] as number, start, end);
    else range.fill(pattern, start, end);
  }

  /** Copies the range to `target`, as if through an array of its own: the two may overlap. All of it, or an error. */
  copyWithin(target: number, start: number, end = this.byteLength): void {
    if (arguments.length > 3) throw extraArgument("copyWithin", arguments, 3);
    checkRange(this, start, end);
    checkInteger("target", target, 0, this.byteLength - (end - start));
    this.writableRange("copyWithin").copyWithin(target, start, end);
  }

  /** Reverses each 2 bytes: the other byte order. */
  swap16(start = 0, end = this.byteLength): void {
    if (arguments.length > 2) throw extraArgument("swap16", arguments, 2);
    checkElements(this, 2, start, end);
    this.writableRange("swap16").swap(2, start, end);
  }

  /** Reverses each 4 bytes. */
  swap32(start = 0, end = this.byteLength): void {
    if (arguments.length > 2) throw extraArgument("swap32", arguments, 2);
    checkElements(this, 4, start, end);
    this.writableRange("swap32").swap(4, start, end);
  }

  /** Reverses each 8 bytes. */
  swap64(start = 0, end = this.byteLength): void {
    if (arguments.length > 2) throw extraArgument("swap64", arguments, 2);
    checkElements(this, 8, start, end);
    this.writableRange("swap64").swap(8, start, end);
  }
}
