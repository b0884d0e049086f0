// What every range operation starts from: an attachment, and a range of its window that was checked.
import { checkInteger } from "../common/arguments.js";
import { checkBytes, copyBytes, firstBytes, type OwnUint8Array, sliceOf } from "../common/bytes.js";
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
  protected abstract copyOf(
    operation: string,
    start: number,
    end: number,
    allocate?: Engine["allocate"],
  ): OwnUint8Array;

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

/** Room for a short needle or pattern, which is used up before another one is checked. */
const room = new Uint8Array(256);

/** The text of the last needle or pattern, and its bytes, as programs look for one again and again. */
let last = { text: "", bytes: encoder.encode("") };

/** A byte; or the bytes of a needle or a pattern, in a private copy that cannot change during the operation. */
export function checkPattern(value: unknown): number | Uint8Array {
  if (typeof value === "number") return checkInteger("value", value, 0, 255);
  if (typeof value === "string") {
    if (value !== last.text || value.length > room.length) last = { text: value, bytes: encoder.encode(value) };
    return last.bytes;
  }
  const length = checkBytes("value", value, "of type number or string, or an instance of Uint8Array");
  const bytes = firstBytes(value as Uint8Array, length);
  if (length > room.length) return sliceOf(bytes);
  const copy = firstBytes(room, length);
  copyBytes(copy, bytes);
  return copy;
}

/** The bytes to compare a range with, and how many they are: an array, or the window of another attachment. */
export function checkOther(other: unknown): { bytes: Uint8Array; length: number } {
  if (RangeTarget.isTarget(other)) {
    const { bytes } = other;
    return { bytes, length: bytes.length };
  }
  const length = checkBytes("other", other, "an instance of Uint8Array or Attachment");
  return { bytes: other as Uint8Array, length };
}
