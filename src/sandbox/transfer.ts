// What a program asks of a guest's memory, in steps: a message has room for a part of the bytes.
import { checkInteger, checkOptions, checkSize, checkString } from "../common/arguments.js";
import { bytesOf, checkBytes, copyBytes, newArray, type OwnUint8Array, sliceOf } from "../common/bytes.js";
import { unsupported } from "../common/errors.js";
import { type MemoryOperation, type MemoryValue, PART } from "./exchange.js";

/** Where bytes lie in a guest's memory, to be spread into a call: `call("hash", ...(await sandbox.write(text)))`. */
export type GuestBytes = [pointer: number, length: number];

export interface WriteOptions {
  /** The exported function that allocates (default: the sandbox's `allocator`, or one of a known name). */
  allocator?: string;
  /** Where to write, instead of into a new block: bytes of the guest's memory, outside of the windows. */
  pointer?: number;
}

export interface GuestMemory {
  /** Bytes that the guest has, and may have. Windows are not included. */
  readonly used: number;
  readonly allowed: number;
}

/** @param left undefined: the guest's instructions are not counted */
export function checkFuel(fuel: number, left: number | undefined): number {
  if (left === undefined) throw unsupported("fuel", "the sandbox was made without options.fuel");
  return checkSize("fuel", fuel);
}

/** Yields what the guest is to do, and is given what the guest returned. */
export type Steps<T> = Generator<readonly [MemoryOperation, MemoryValue[]], T, unknown>;
/** The guest's side is hostile: ends it, and makes the error. */
type Violated = (what: string) => Error;

const MOST = 2 ** 32;

/** A pointer that a guest returned may be negative: i32 is signed. */
const checkPointer = (name: string, value: unknown): number => checkInteger(name, value, -MOST / 2, MOST - 1);

export function* reading(pointer: number, length: number, violated: Violated): Steps<OwnUint8Array> {
  checkPointer("pointer", pointer);
  checkInteger("length", length, 0, MOST);
  let all: OwnUint8Array | undefined;
  for (let from = 0; ; from += PART) {
    const part = yield ["bytes", [pointer, length, from]];
    if (!(part instanceof Uint8Array) || part.length !== Math.min(PART, length - from))
      throw violated("it returned other bytes than those asked for");
    if (length <= PART) return part as OwnUint8Array;
    all ??= newArray(Uint8Array, length) as OwnUint8Array; // the guest has so many
    copyBytes(all, part, from);
    if (from + PART >= length) return all;
  }
}

export function* writing(
  value: Uint8Array | string,
  options: WriteOptions | undefined,
  allocator: string | undefined,
  violated: Violated,
): Steps<GuestBytes> {
  const given = checkOptions(options, ["allocator", "pointer"]);
  if (given.pointer !== undefined) checkPointer("options.pointer", given.pointer);
  if (given.allocator !== undefined) checkString("options.allocator", given.allocator);
  if (typeof value !== "string") checkBytes("bytes", value, "a string or an instance of Uint8Array");
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : sliceOf(bytesOf(value));
  const { length } = bytes;
  const part = (from: number): Uint8Array => bytes.slice(from, from + PART); // structured clone takes the whole buffer of a view
  const start = yield ["write", [given.pointer, part(0), length, given.allocator ?? allocator]];
  if (!Number.isInteger(start) || !((start as number) >= 0 && (start as number) <= MOST - length))
    throw violated("it wrote outside of its memory");
  const pointer = start as number;
  for (let from = PART; from < length; from += PART) {
    const bytesOfPart = part(from);
    yield ["write", [pointer + from, bytesOfPart, bytesOfPart.length, undefined]];
  }
  return [pointer, length];
}

export function* freeing(pointer: number, length: number | undefined): Steps<void> {
  checkPointer("pointer", pointer);
  if (length !== undefined) checkInteger("length", length, 0, MOST);
  yield ["free", [pointer, length]];
}
