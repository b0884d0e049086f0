// Plain values as bytes, between a process and a guest's runner. Not node:v8's serializer, nor JSON: what the runner sends is
// hostile, and this format has no value that costs more than its bytes, none with a prototype, and no reference to another.
import { Buffer } from "node:buffer";

/** The most bytes of a message: the longest name that a module can export, and one that is too long for any, fit. */
export const MOST_BYTES = 384 * 1024 - 64;
/** How deep values may lie in one another. */
const MOST_DEPTH = 16;

const Tag = {
  Undefined: 0,
  Null: 1,
  False: 2,
  True: 3,
  Int32: 4,
  Float64: 5,
  BigInt64: 6,
  /** Past 64 bits: its digits, hexadecimal. */
  BigIntText: 7,
  String: 8,
  Array: 9,
  Object: 10,
  Bytes: 11,
} as const;

/** What this format has no form for. */
export class NotPlain extends Error {
  override readonly name = "NotPlain";
}

class Writer {
  readonly bytes = Buffer.allocUnsafeSlow(MOST_BYTES);
  length = 0;

  take(length: number): number {
    const at = this.length;
    if (length > MOST_BYTES - at) throw new NotPlain(`it takes more than ${MOST_BYTES} bytes`);
    this.length += length;
    return at;
  }

  tag(tag: number): void {
    this.bytes[this.take(1)] = tag;
  }

  count(value: number): void {
    this.bytes.writeUInt32LE(value, this.take(4));
  }

  text(value: string): void {
    // Before anything is written: a string may have half a gigabyte.
    const length = value.length > MOST_BYTES ? MOST_BYTES + 1 : Buffer.byteLength(value);
    this.count(length);
    this.bytes.write(value, this.take(length), length, "utf8");
  }

  value(value: unknown, depth: number): void {
    if (typeof value === "number") this.#number(value);
    else if (typeof value === "bigint") this.#bigint(value);
    else if (typeof value === "string") {
      this.tag(Tag.String);
      this.text(value);
    } else if (typeof value === "boolean") this.tag(value ? Tag.True : Tag.False);
    else if (value === undefined || value === null) this.tag(value === null ? Tag.Null : Tag.Undefined);
    else if (typeof value === "object") this.#object(value, depth);
    else throw new NotPlain(`it has a ${typeof value}`);
  }

  #number(value: number): void {
    if (Object.is(value | 0, value)) {
      this.tag(Tag.Int32);
      this.bytes.writeInt32LE(value, this.take(4));
    } else {
      this.tag(Tag.Float64);
      this.bytes.writeDoubleLE(value, this.take(8));
    }
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.tag(Tag.BigInt64);
      this.bytes.writeBigInt64LE(value, this.take(8));
    } else {
      this.tag(Tag.BigIntText);
      this.tag(value < 0n ? 1 : 0);
      this.text((value < 0n ? -value : value).toString(16));
    }
  }

  #object(value: object, depth: number): void {
    if (depth === MOST_DEPTH) throw new NotPlain(`its values lie more than ${MOST_DEPTH} deep`);
    if (value instanceof Uint8Array) {
      this.tag(Tag.Bytes);
      this.count(value.length);
      this.bytes.set(value, this.take(value.length));
      return;
    }
    if (Array.isArray(value)) {
      this.tag(Tag.Array);
      this.count(value.length);
      for (let index = 0; index < value.length; index++) this.value(value[index], depth + 1);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      throw new NotPlain("it has an object that is not a plain one");
    const entries = Object.entries(value);
    this.tag(Tag.Object);
    this.count(entries.length);
    for (const [key, item] of entries) {
      this.text(key);
      this.value(item, depth + 1);
    }
  }
}

/** Undefined while it is in use: a property that is read may run code that encodes, too. */
let spare: Writer | undefined;

/**
 * The bytes of a value: undefined, null, booleans, numbers, bigints, strings, Uint8Arrays, arrays and plain objects of these.
 * They are overwritten by the next call.
 *
 * @throws {NotPlain} it is another value, or too large
 */
export function encode(value: unknown): Buffer {
  const writer = spare ?? new Writer();
  spare = undefined;
  writer.length = 0;
  try {
    writer.value(value, 0);
  } finally {
    spare = writer;
  }
  return writer.bytes.subarray(0, writer.length);
}

class Reader {
  at = 0;

  constructor(readonly bytes: Buffer) {}

  take(length: number): number {
    const { at } = this;
    if (length > this.bytes.length - at) throw new RangeError("a message ends too early");
    this.at += length;
    return at;
  }

  /** Each element has a byte at least, so a count promises no more than the message holds. */
  count(): number {
    const count = this.bytes.readUInt32LE(this.take(4));
    if (count > this.bytes.length - this.at) throw new RangeError("a message promises more than it has");
    return count;
  }

  text(): string {
    const length = this.count();
    const start = this.take(length);
    return this.bytes.toString("utf8", start, start + length);
  }

  value(depth: number): unknown {
    const tag = this.bytes[this.take(1)];
    switch (tag) {
      case Tag.Undefined:
        return undefined;
      case Tag.Null:
        return null;
      case Tag.False:
      case Tag.True:
        return tag === Tag.True;
      case Tag.Int32:
        return this.bytes.readInt32LE(this.take(4));
      case Tag.Float64:
        return this.bytes.readDoubleLE(this.take(8));
      case Tag.BigInt64:
        return this.bytes.readBigInt64LE(this.take(8));
      case Tag.BigIntText: {
        const isNegative = this.bytes[this.take(1)] === 1;
        const digits = this.text();
        if (!/^[0-9a-f]+$/.test(digits)) throw new RangeError("a message has a number without digits");
        return isNegative ? -BigInt(`0x${digits}`) : BigInt(`0x${digits}`);
      }
      case Tag.String:
        return this.text();
      case Tag.Bytes: {
        const length = this.count();
        const start = this.take(length);
        return new Uint8Array(this.bytes.subarray(start, start + length));
      }
      case Tag.Array:
      case Tag.Object:
        if (depth === MOST_DEPTH) throw new RangeError("a message is too deep");
        return tag === Tag.Array ? this.#array(depth + 1) : this.#object(depth + 1);
      default:
        throw new RangeError(`a message has an unknown tag, ${tag}`);
    }
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = [];
    for (let rest = this.count(); rest > 0; rest--) items.push(this.value(depth));
    return items;
  }

  #object(depth: number): object {
    const entries: [string, unknown][] = [];
    for (let rest = this.count(); rest > 0; rest--) entries.push([this.text(), this.value(depth)]);
    return Object.fromEntries(entries); // "__proto__" becomes a property like any other
  }
}

/**
 * The value that {@link encode} made bytes of.
 *
 * @param bytes no other process can change them
 * @throws {RangeError} they are not a value's
 */
export function decode(bytes: Buffer): unknown {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new RangeError("a message has bytes too many");
  return value;
}
