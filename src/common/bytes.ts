// The bytes of a typed array that a caller passed, read by the engine's own accessors. No own property, subclass, proxy or
// prototype of the argument has an effect, and an array of another realm works as well. A Buffer is a Uint8Array.
import { invalidType } from "./errors.js";

type Getter<T> = (this: unknown) => T;

const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

function getter<T>(name: PropertyKey): Getter<T> {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as Getter<T>;
}

const typeOf = getter<string | undefined>(Symbol.toStringTag);
const bufferOf = getter<ArrayBuffer>("buffer");
const byteOffsetOf = getter<number>("byteOffset");
const byteLengthOf = getter<number>("byteLength");
const set = Uint8Array.prototype.set;

/** The name of a typed array's constructor, such as "Uint8Array"; undefined for anything else. */
export function tagOf(value: unknown): string | undefined {
  return typeOf.call(value);
}

/** A view of all the bytes of a typed array. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return firstBytes(array, byteLengthOf.call(array));
}

/** Checks that `value` is a Uint8Array, and returns its length in bytes: 0 if its buffer is detached. */
export function checkBytes(name: string, value: unknown): number {
  if (tagOf(value) !== "Uint8Array") throw invalidType(name, "an instance of Uint8Array", value);
  return byteLengthOf.call(value);
}

/** Copies all of `source` into `target`, from `offset` on; as memmove if both are views of one buffer. */
export function copyBytes(target: Uint8Array, source: Uint8Array, offset = 0): void {
  set.call(target, source, offset);
}

/** A view of the first `length` bytes; for 0, a new empty array, because a detached buffer cannot have a view. */
export function firstBytes(bytes: ArrayBufferView, length: number): Uint8Array {
  return length === 0 ? new Uint8Array(0) : new Uint8Array(bufferOf.call(bytes), byteOffsetOf.call(bytes), length);
}
