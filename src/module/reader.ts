// Reads the elementary parts of a WebAssembly module: numbers in LEB128, names, counts. Every read is checked against the end
// of the part that it belongs to, so hostile bytes end in an error of the caller's choice and never in a loop or a wrong byte.
// https://webassembly.github.io/spec/core/binary/values.html

/** Makes the error for bytes that are not a module; `reason` says what was found where. */
export type Refuse = (reason: string) => Error;

/** How many of each a module has. What is added to it has the next indices, which none of its own may name. */
export interface Counts {
  readonly types: number;
  readonly functions: number;
  readonly globals: number;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class Reader {
  position: number;

  /**
   * Reads `bytes` from `position` up to `end`. No other thread may change them.
   *
   * @param part what the errors call these bytes
   * @param counts what indices are checked against; undefined: they are not
   */
  constructor(
    readonly bytes: Uint8Array,
    position: number,
    readonly end: number,
    readonly part: string,
    readonly refuse: Refuse,
    readonly counts?: Counts,
  ) {
    this.position = position;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  /** The error for what was read last. */
  wrong(what: string): Error {
    return this.refuse(`${this.part} has ${what} before byte ${this.position}`);
  }

  byte(): number {
    if (this.position >= this.end) throw this.refuse(`${this.part} ends too early, at byte ${this.end}`);
    return this.bytes[this.position++] as number;
  }

  peek(): number {
    return this.position < this.end ? (this.bytes[this.position] as number) : -1;
  }

  skip(length: number): void {
    if (length > this.end - this.position) throw this.refuse(`${this.part} ends too early, at byte ${this.end}`);
    this.position += length;
  }

  u32(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 && value < 2 ** 32) return value;
    }
    throw this.wrong("a number of more than 32 bits");
  }

  /** An index of one of these. */
  index(of: keyof Counts): number {
    return this.#checked(this.u32(), of);
  }

  /** Passes what a reference is to: an abstract type, which is below 0, or the index of one. */
  heapType(): bigint {
    const type = this.signed(33);
    this.#checked(Number(type), "types");
    return type;
  }

  #checked(index: number, of: keyof Counts): number {
    if (this.counts && index >= this.counts[of]) throw this.wrong(`the index ${index} of ${this.counts[of]} ${of}`);
    return index;
  }

  /** A 64-bit number; the nearest double, if it is past 2^53. */
  u64(): number {
    let value = 0;
    for (let count = 0, scale = 1; count < 10; count++, scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw this.wrong("a number of more than 64 bits");
  }

  /** Signed, of 32 bits: most of what code has, so without a bigint. */
  i32(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value << (25 - shift)) >> (25 - shift);
    }
    const byte = this.byte();
    if (byte < 8 || (byte >= 0x78 && byte < 0x80)) return value | (byte << 28);
    throw this.wrong("a number of more than 32 bits");
  }

  /** Signed. `bits` is 32, 33 or 64: the most that it may have. */
  signed(bits: number): bigint {
    const most = Math.ceil(bits / 7);
    let value = 0n;
    for (let count = 1; count <= most; count++) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << BigInt(7 * (count - 1));
      if (byte >= 0x80) continue;
      const result = BigInt.asIntN(7 * count, value);
      if (BigInt.asIntN(bits, result) === result) return result;
      break;
    }
    throw this.wrong(`a number of more than ${bits} bits`);
  }

  /** How many elements follow: at most `most`, and at least a byte each. */
  count(what: string, most: number): number {
    const count = this.u32();
    if (count > most) throw this.wrong(`${count} ${what}, more than the ${most} that engines take,`);
    if (count > this.end - this.position) throw this.wrong(`${count} ${what} in too few bytes`);
    return count;
  }

  /** As many elements as `count` says. */
  list<T>(what: string, most: number, element: (index: number) => T): T[] {
    const elements: T[] = [];
    const count = this.count(what, most);
    for (let index = 0; index < count; index++) elements.push(element(index));
    return elements;
  }

  name(): string {
    const start = this.position + this.#lengthOfName();
    try {
      return utf8.decode(this.bytes.subarray(start, this.position));
    } catch {
      throw this.wrong("a name that is not UTF-8");
    }
  }

  /** Passes the name's bytes; returns how many its length had. */
  #lengthOfName(): number {
    const start = this.position;
    const length = this.u32();
    const width = this.position - start;
    this.skip(length);
    return width;
  }

  /** A reader of the next `length` bytes, which this one passes. */
  sub(length: number, part = this.part): Reader {
    const start = this.position;
    this.skip(length);
    return new Reader(this.bytes, start, this.position, part, this.refuse, this.counts);
  }

  /** Checks that all bytes were read. */
  finish(): void {
    if (!this.done) throw this.refuse(`${this.part} has ${this.end - this.position} bytes too many`);
  }
}
