import { extraArgument } from "../common/arguments.js";
import {
  type BigIntArrayConstructor,
  type BigIntKind,
  checkType,
  type ElementArrayConstructor,
  type ElementKind,
  type NumberArrayConstructor,
} from "../common/elements.js";
import { outOfRange } from "../common/errors.js";
import { checkElements, RangeTarget } from "./target.js";

function isBig(kind: ElementKind): kind is BigIntKind {
  return kind === "BigInt64" || kind === "BigUint64";
}

/** The kind of the range's elements, of which there must be at least one. */
function checkSome(target: RangeTarget, Type: ElementArrayConstructor, start: number, end: number): ElementKind {
  const { kind, width } = checkType(Type);
  checkElements(target, width, start, end);
  if (start === end) throw outOfRange("end", `>= ${start + width}, so that there is an element`, end);
  return kind;
}

export abstract class Numbers extends RangeTarget {
  /**
   * The sum of the range's elements, in the machine's own byte order, at any alignment.
   * Integers of up to 32 bits: exact, then rounded to a number. Floats: added as float64, in 16 interleaved partial
   * sums, so that the result is the same on every core and engine. 64-bit integers: exact, a bigint.
   *
   * @param Type what the bytes are: one of the eleven typed-array constructors
   */
  sum(Type: NumberArrayConstructor, start?: number, end?: number): number;
  sum(Type: BigIntArrayConstructor, start?: number, end?: number): bigint;
  sum(Type: ElementArrayConstructor, start = 0, end = this.byteLength): number | bigint {
    if (arguments.length > 3) throw extraArgument("sum", arguments, 3);
    const { kind, width } = checkType(Type);
    checkElements(this, width, start, end);
    const range = this.range("sum");
    return isBig(kind) ? range.sumBig(kind, start, end) : range.sum(kind, start, end);
  }

  /**
   * The least of the range's elements; NaN if there is one, and -0 is less than 0: as Math.min.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` there is no element
   */
  min(Type: NumberArrayConstructor, start?: number, end?: number): number;
  min(Type: BigIntArrayConstructor, start?: number, end?: number): bigint;
  min(Type: ElementArrayConstructor, start = 0, end = this.byteLength): number | bigint {
    if (arguments.length > 3) throw extraArgument("min", arguments, 3);
    const kind = checkSome(this, Type, start, end);
    const range = this.range("min");
    return isBig(kind) ? range.minBig(kind, start, end) : range.min(kind, start, end);
  }

  /** The largest of the range's elements, as {@link min}. */
  max(Type: NumberArrayConstructor, start?: number, end?: number): number;
  max(Type: BigIntArrayConstructor, start?: number, end?: number): bigint;
  max(Type: ElementArrayConstructor, start = 0, end = this.byteLength): number | bigint {
    if (arguments.length > 3) throw extraArgument("max", arguments, 3);
    const kind = checkSome(this, Type, start, end);
    const range = this.range("max");
    return isBig(kind) ? range.maxBig(kind, start, end) : range.max(kind, start, end);
  }
}
