// The model of the operations on ranges of an attachment.
import type { Attachment, Checksum32Options, Checksum64Options, RangeTextOptions } from "wasm-shm";
import { hashOracle } from "../support/oracle.js";
import { type AnyArrayType, arrayType, bigint, integer, isBytes, outOfRange, refuse, wrongType } from "./arguments.js";
import {
  adler32,
  CRC32,
  CRC32C,
  compareBytes,
  crc,
  decodeLatin1,
  decodeUtf8,
  decodeUtf16,
  encodeUtf8,
  findBytes,
  invalidUtf8,
  reversed,
  sumOfFloats,
  sumOfIntegers,
} from "./naive.js";

type Modelled = Pick<
  Attachment,
  | "byteLength"
  | "bytes"
  | "checksum"
  | "compare"
  | "copyWithin"
  | "equals"
  | "fill"
  | "indexOf"
  | "indexOfInvalidUtf8"
  | "isUtf8"
  | "lastIndexOf"
  | "max"
  | "min"
  | "sum"
  | "swap16"
  | "swap32"
  | "swap64"
  | "text"
>;

const decoders = { utf8: decodeUtf8, utf16le: decodeUtf16, latin1: decodeLatin1 };

type Other = Uint8Array | { readonly bytes: Uint8Array };

export class ModelAttachment implements Modelled {
  constructor(readonly bytes: Uint8Array) {}

  get byteLength(): number {
    return this.bytes.length;
  }

  checksum = ((name: string, options: Checksum32Options & Checksum64Options = {}): number | bigint => {
    const range = (): Uint8Array => this.#range(options.start, options.end);
    const previous = (first: number): number => integer(options.previous ?? first, 0, 0xffffffff);
    switch (name) {
      case "crc32":
        return crc(CRC32, range(), previous(0));
      case "crc32c":
        return crc(CRC32C, range(), previous(0));
      case "adler32":
        return adler32(range(), previous(1));
      case "xxh64":
      case "xxh3":
        return hashOracle(name, range(), bigint(options.seed ?? 0n, 0n, 2n ** 64n - 1n));
      default:
        return wrongType();
    }
  }) as Attachment["checksum"];

  indexOf(value: number | Uint8Array | string, start = 0, end = this.byteLength): number {
    const needle = this.#pattern(value);
    const found = findBytes(this.#range(start, end), needle);
    return found < 0 ? -1 : start + found;
  }

  lastIndexOf(value: number | Uint8Array | string, start = 0, end = this.byteLength): number {
    const needle = this.#pattern(value);
    const found = findBytes(this.#range(start, end), needle, true);
    return found < 0 ? -1 : start + found;
  }

  equals(other: Other, start?: number, end?: number): boolean {
    return this.compare(other as Uint8Array, start, end) === 0;
  }

  compare(other: Other, start?: number, end?: number): -1 | 0 | 1 {
    const bytes = isBytes(other) ? other : other instanceof ModelAttachment ? other.bytes : wrongType();
    return compareBytes(this.#range(start, end), bytes);
  }

  fill(value: number | Uint8Array | string, start?: number, end?: number): void {
    const pattern = this.#pattern(value).slice();
    if (pattern.length === 0) outOfRange();
    const range = this.#range(start, end);
    for (let index = 0; index < range.length; index++) range[index] = pattern[index % pattern.length] as number;
  }

  copyWithin(target: number, start: number, end?: number): void {
    const range = this.#range(start, end).slice();
    integer(target, 0, this.byteLength - range.length);
    this.bytes.set(range, target);
  }

  swap16(start?: number, end?: number): void {
    this.#swap(2, start, end);
  }

  swap32(start?: number, end?: number): void {
    this.#swap(4, start, end);
  }

  swap64(start?: number, end?: number): void {
    this.#swap(8, start, end);
  }

  indexOfInvalidUtf8(start = 0, end?: number): number {
    const found = invalidUtf8(this.#range(start, end));
    return found < 0 ? -1 : start + found;
  }

  isUtf8(start?: number, end?: number): boolean {
    return decodeUtf8(this.#range(start, end)).valid;
  }

  toBuffer(start?: number, end?: number): Uint8Array {
    return this.#range(start, end).slice();
  }

  text({ start, end, encoding = "utf8", fatal = false }: RangeTextOptions = {}): string {
    const { text, valid } = decoders[encoding](this.#range(start, end));
    return fatal && !valid ? refuse("ERR_SHM_MALFORMED") : text;
  }

  sum = ((type: AnyArrayType, start?: number, end?: number): number | bigint => {
    const elements = this.#elements(type, start, end);
    if (type === Float32Array || type === Float64Array) return sumOfFloats(elements as Iterable<number>);
    const sum = sumOfIntegers(elements);
    return type === BigInt64Array || type === BigUint64Array ? sum : Number(sum);
  }) as Attachment["sum"];

  min = ((type: AnyArrayType, start?: number, end?: number): number | bigint =>
    this.#best(type, start, end, Math.min, (left, right) => right < left)) as Attachment["min"];

  max = ((type: AnyArrayType, start?: number, end?: number): number | bigint =>
    this.#best(type, start, end, Math.max, (left, right) => right > left)) as Attachment["max"];

  #best(
    type: AnyArrayType,
    start: number | undefined,
    end: number | undefined,
    ofNumbers: (left: number, right: number) => number,
    isBetter: (left: bigint, right: bigint) => boolean,
  ): number | bigint {
    let best: number | bigint | undefined;
    for (const element of this.#elements(type, start, end))
      if (best === undefined) best = element;
      else if (typeof best === "number") best = ofNumbers(best, element as number);
      else if (isBetter(best, element as bigint)) best = element;
    return best ?? outOfRange();
  }

  #elements(type: AnyArrayType, start?: number, end?: number): Iterable<number | bigint> {
    const width = arrayType(type).BYTES_PER_ELEMENT;
    const range = this.#range(start, end);
    if (range.length % width !== 0) outOfRange();
    return new type(range.slice().buffer as ArrayBuffer);
  }

  #swap(width: number, start?: number, end?: number): void {
    const range = this.#range(start, end);
    if (range.length % width !== 0) outOfRange();
    range.set(reversed(range, width));
  }

  /** A view of the range. */
  #range(start: number | undefined = 0, end: number | undefined = this.byteLength): Uint8Array {
    integer(end, 0, this.byteLength);
    integer(start, 0, end);
    return this.bytes.subarray(start, end);
  }

  #pattern(value: number | Uint8Array | string): Uint8Array {
    if (typeof value === "string") return encodeUtf8(value);
    if (typeof value === "number") return Uint8Array.of(integer(value, 0, 255));
    return isBytes(value) ? value : wrongType();
  }
}
