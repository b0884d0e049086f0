// The bytes of a typed array that a caller passed, read by the engine's own accessors. No own property, subclass, proxy or
// prototype of the argument has an effect, and an array of another realm works as well. A Buffer is a Uint8Array.
import { invalidType, invalidValue, outOfMemory } from "./errors.js";

/**
 * The engine's accessors as functions. The constants are of this function, because bundlers make `var` of those of a file,
 * and V8 then no longer knows which builtin is called: a read of 64 bytes took 51 instead of 41 ns (Node 26, x86-64).
 */
function accessorsOf(prototype: object) {
  const getter = <T>(name: PropertyKey) =>
    Object.getOwnPropertyDescriptor(prototype, name)?.get as (this: unknown) => T;
  const tag = getter<string | undefined>(Symbol.toStringTag);
  const buffer = getter<ArrayBuffer>("buffer");
  const byteOffset = getter<number>("byteOffset");
  const byteLength = getter<number>("byteLength");
  const { set } = Uint8Array.prototype;
  return {
    tagOf: (value: unknown): string | undefined => tag.call(value),
    bufferOf: (array: unknown): ArrayBuffer => buffer.call(array),
    byteOffsetOf: (array: unknown): number => byteOffset.call(array),
    byteLengthOf: (array: unknown): number => byteLength.call(array),
    setOf: (target: unknown, source: ArrayLike<number>, offset: number): void =>
      set.call(target as Uint8Array, source, offset),
  };
}

const accessors = accessorsOf(Object.getPrototypeOf(Uint8Array.prototype));
const { byteOffsetOf, setOf } = accessors;

/** By the engine's accessors, of any typed array. */
export const { bufferOf, byteLengthOf } = accessors;

/** The name of a typed array's constructor, such as "Uint8Array"; undefined for anything else. */
export const { tagOf } = accessors;

/**
 * Arrays with an ArrayBuffer of their own. These are Uint8Array<ArrayBuffer> and so on since TypeScript 5.7; before that they
 * have no parameter, and a program that compiles against such a declaration fails.
 */
export type OwnUint8Array = ReturnType<Uint8ArrayConstructor["of"]>;
export type OwnFloat32Array = ReturnType<Float32ArrayConstructor["of"]>;
export type OwnFloat64Array = ReturnType<Float64ArrayConstructor["of"]>;

const NOTHING: readonly never[] = []; // no typed array: arrays of bigints and of numbers refuse one another

/** A view of all the bytes of a typed array. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return firstBytes(array, byteLengthOf(array));
}

/**
 * Checks that a typed array still has its bytes. One whose buffer was transferred has none, nor has one that a resizable
 * buffer shrank away from: its length is 0, and a copy of 0 bytes would look like a success.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`
 */
export function checkNotDetached(name: string, array: unknown): void {
  if (byteLengthOf(array) > 0) return;
  try {
    setOf(array, NOTHING, 0); // throws if its buffer is detached, also with nothing to copy
  } catch {
    throw invalidValue(name, "Its buffer is detached.", array);
  }
}

/**
 * The length of a Uint8Array: bytes.
 *
 * @param expected all that `value` may be
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` it is not one; `ERR_INVALID_ARG_VALUE` its buffer is detached
 */
export function checkBytes(name: string, value: unknown, expected = "an instance of Uint8Array"): number {
  if (tagOf(value) !== "Uint8Array") throw invalidType(name, expected, value);
  const length = byteLengthOf(value);
  if (length === 0) checkNotDetached(name, value);
  return length;
}

function allocationFailed(cause: unknown, byteLength: number): unknown {
  return cause instanceof RangeError ? outOfMemory(`an array of ${byteLength} bytes`, { cause }) : cause;
}

/**
 * A copy of the bytes from `start` to `end`, which the caller has checked.
 *
 * @throws {ShmError} `ENOMEM`
 */
export function sliceOf(bytes: Uint8Array, start = 0, end = bytes.length): OwnUint8Array {
  try {
    return bytes.slice(start, end) as OwnUint8Array;
  } catch (cause) {
    throw allocationFailed(cause, end - start);
  }
}

/**
 * A new typed array of zeros.
 *
 * @param length elements
 * @throws {ShmError} `ENOMEM`
 */
export function newArray<T>(Type: { new (length: number): T; readonly BYTES_PER_ELEMENT: number }, length: number): T {
  try {
    return new Type(length);
  } catch (cause) {
    throw allocationFailed(cause, length * Type.BYTES_PER_ELEMENT);
  }
}

/** What `allocate` makes of so many bytes. @throws {ShmError} `ENOMEM` */
export function allocated<T>(allocate: (length: number) => T, length: number): T {
  try {
    return allocate(length);
  } catch (cause) {
    throw allocationFailed(cause, length);
  }
}

/** Copies all of `source` into `target`, from `offset` on; as memmove if both are views of one buffer. */
export function copyBytes(target: Uint8Array, source: Uint8Array, offset = 0): void {
  setOf(target, source, offset);
}

/** A view of the first `length` bytes; for 0, a new empty array, because a detached buffer cannot have a view. */
export function firstBytes(bytes: ArrayBufferView, length: number): Uint8Array {
  return length === 0 ? new Uint8Array(0) : new Uint8Array(bufferOf(bytes), byteOffsetOf(bytes), length);
}

/**
 * Bytes up to which V8 keeps a typed array without a buffer, which {@link bufferOf} would have to make: for 300 ns, once
 * (Node 20 and 26, x86-64).
 */
export const WITHOUT_BUFFER = 64;

/**
 * The array, or a view of its first `length` bytes if it may get longer meanwhile: its length may follow a
 * SharedArrayBuffer that another thread grows.
 */
export function fixedBytes(bytes: Uint8Array, length: number): Uint8Array {
  return (bufferOf(bytes) as { readonly growable?: boolean }).growable === true ? firstBytes(bytes, length) : bytes;
}
