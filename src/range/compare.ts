import { extraArgument } from "../common/arguments.js";
import { byteLengthOf, firstBytes } from "../common/bytes.js";
import { checkOther, checkRange, RangeTarget } from "./target.js";

// The length of an array may follow a SharedArrayBuffer that another thread grows. It never shrinks, so an array that is as
// long as before was so all the while; a longer one is compared once more.
export abstract class Comparisons extends RangeTarget {
  /** Whether the range equals all of `other`, byte for byte: bytes, or the whole window of another attachment. */
  equals(other: Uint8Array | RangeTarget, start = 0, end = this.byteLength): boolean {
    if (arguments.length > 3) throw extraArgument("equals", arguments, 3);
    const { bytes, length } = checkOther(other);
    checkRange(this, start, end);
    const range = this.range("equals");
    if (length !== end - start) return false;
    const equal = range.equals(bytes, start, end);
    return byteLengthOf(bytes) === length ? equal : range.equals(firstBytes(bytes, length), start, end);
  }

  /**
   * -1 if the range comes before all of `other` in the order of unsigned bytes, 1 if after, 0 if they are equal. If one
   * is the beginning of the other, the shorter one comes first.
   */
  compare(other: Uint8Array | RangeTarget, start = 0, end = this.byteLength): -1 | 0 | 1 {
    if (arguments.length > 3) throw extraArgument("compare", arguments, 3);
    const { bytes, length } = checkOther(other);
    checkRange(this, start, end);
    const range = this.range("compare");
    const common = Math.min(length, end - start);
    let sign = range.compare(common === length ? bytes : firstBytes(bytes, common), start, start + common);
    if (byteLengthOf(bytes) !== length) sign = range.compare(firstBytes(bytes, common), start, start + common);
    return Math.sign(sign === 0 ? end - start - length : sign) as -1 | 0 | 1;
  }
}
