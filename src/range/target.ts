// What every range operation starts from: an attachment, and a range of its window that was checked.
import { checkInteger } from "../common/arguments.js";
import { bytesOf, checkBytes, firstBytes, type OwnUint8Array, sliceOf } from "../common/bytes.js";
import { outOfRange } from "../common/errors.js";
import { Uncloneable } from "../common/uncloneable.js";
import type { CoreRange } from "../core/core.js";
import type { Engine } from "../core/engine.js";

const encoder = new TextEncoder();

type Sized = { readonly byteLength: number };

/** An object with a window. Its operations are in the other files of this folder. */
export abstract class RangeTarget extends Uncloneable {
  /** Only a real target has it; a proxy of one does not, nor does an object that inherits from one. */
  readonly #brand = true;

  abstract readonly byteLength: number;
  abstract readonly bytes: Uint8Array;

  /** @internal What the entry point's engine has in native code. */
  protected abstract get engine(): Engine;

  /** @internal The core's part; throws ERR_SHM_DETACHED after a detach. */
  protected abstract range(operation: string): CoreRange;

  /** @internal As range, for an operation that writes; throws ERR_SHM_READ_ONLY if the attachment is read-only. */
  protected abstract writableRange(operation: string): CoreRange;

  /** @internal A copy of bytes that the caller has checked; throws ERR_SHM_DETACHED after a detach. */
  protected abstract copyOf(operation: string, start: number, end: number): OwnUint8Array;

  /** @internal As {@link range} of a target that isTarget knows. */
  static rangeOf(target: RangeTarget, operation: string): CoreRange {
    return target.range(operation);
  }

  /** @internal */
  static isTarget(value: unknown): value is RangeTarget {
    return typeof value === "object" && value !== null && #brand in value;
  }
}

/** @param prefix what the message puts before the names: `options.` if they are options */
export function checkRange({ byteLength }: Sized, start: number, end: number, prefix = ""): void {
  checkInteger(`${prefix}end`, end, 0, byteLength);
  checkInteger(`${prefix}start`, start, 0, end);
}

/** As checkRange; the range must also be a whole number of elements of `width` bytes. */
export function checkElements(target: Sized, width: number, start: number, end: number): void {
  checkRange(target, start, end);
  if ((end - start) % width !== 0) throw outOfRange("end", `a multiple of ${width} bytes after start, ${start}`, end);
}

/** The bytes of a needle or a pattern, in a private copy that cannot change during the operation. */
export function checkPattern(value: unknown): Uint8Array {
  if (typeof value === "number") return Uint8Array.of(checkInteger("value", value, 0, 255));
  if (typeof value === "string") return encoder.encode(value);
  const length = checkBytes("value", value, "of type number or string, or an instance of Uint8Array");
  return sliceOf(firstBytes(value as Uint8Array, length));
}

/** The bytes to compare a range with: an array, or the window of another attachment. */
export function checkOther(other: unknown): Uint8Array {
  if (RangeTarget.isTarget(other)) return other.bytes;
  checkBytes("other", other, "an instance of Uint8Array or Attachment");
  return bytesOf(other as Uint8Array);
}
