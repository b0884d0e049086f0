import { extraArgument } from "../common/arguments.js";
import { firstBytes } from "../common/bytes.js";
import { checkOther, checkRange, RangeTarget } from "./target.js";

export abstract class Comparisons extends RangeTarget {
  /** Whether the range equals all of `other`, byte for byte: bytes, or the whole window of another attachment. */
  equals(other: Uint8Array | RangeTarget, start = 0, end = this.byteLength): boolean {
    if (arguments.length > 3) throw extraArgument("equals", arguments, 3);
    const { bytes, length } = checkOther(other);
    checkRange(this, start, end);
    const range = this.range("equals");
    return length === end - start && range.equals(bytes, start, end);
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
    const sign = range.compare(common === length ? bytes : firstBytes(bytes, common), start, start + common);
    return Math.sign(sign === 0 ? end - start - length : sign) as -1 | 0 | 1;
  }
}
