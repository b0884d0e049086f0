// The bytes of a Uint8Array that a caller gave us, by the engine's own accessors: no own property, subclass, proxy or
// prototype of the argument plays a part, and one of another realm is as good. A Buffer is a Uint8Array.
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

/** Its length in bytes, once it is known to be a Uint8Array; 0 where its buffer is detached. */
export function checkBytes(name: string, value: unknown): number {
  if (typeOf.call(value) !== "Uint8Array") throw invalidType(name, "an instance of Uint8Array", value);
  return byteLengthOf.call(value);
}

/** Copies all of `source` to `target` from `offset`; as memmove where both are of one buffer. */
export function copyBytes(target: Uint8Array, source: Uint8Array, offset = 0): void {
  set.call(target, source, offset);
}

/** A view of its first `length` bytes. */
export function firstBytes(bytes: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(bufferOf.call(bytes), byteOffsetOf.call(bytes), length);
}
