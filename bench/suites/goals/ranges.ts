// Ranges of an attachment, against what Buffer, node:buffer, zlib, hash-wasm and plain loops do with the same bytes.
import { isUtf8 } from "node:buffer";
import * as zlib from "node:zlib";
import { createAdler32, createCRC32, createXXHash3, createXXHash64, type IHasher } from "hash-wasm";
import { type Attachment, createChecksum } from "wasm-shm";
import { fillPattern } from "../../harness/proof.js";
import { KiB, sizeName } from "../../harness/size.js";
import { compile, type Operation } from "./way.js";

const CASTAGNOLI = 0x82f63b78; // crc32c's polynomial, reflected: RFC 3720, appendix B.4
const BYTE = 0xfe;
const NEEDLE = "needle!~";
const TEXT = "text: 8 ";

interface Place {
  readonly attachment: Attachment;
  readonly second: Attachment;
  readonly bytes: Uint8Array;
  readonly buffer: Buffer;
  readonly size: number;
}

/** A row's name, and how often it is called at once: at 64 bytes a call takes nanoseconds. */
const sized = (name: string, size: number) => ({
  name: `${name} (${sizeName(size)})`,
  bytes: size,
  repeats: size < KiB ? 100 : 1,
});

/** CRC-32C byte by byte, over a table. */
const CRC32C = `
  let crc = -1;
  for (let index = 0; index < bytes.length; index++) crc = table[(crc ^ bytes[index]) & 255] ^ (crc >>> 8);
  kept.sum = ~crc >>> 0;
  return 1;`;

const castagnoli = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ CASTAGNOLI : crc >>> 1;
  return crc;
});

/** RFC 1950, section 8.2. The sums of 5,552 bytes stay below 2^32; zlib calls the number NMAX. */
const ADLER32 = `
  let low = 1;
  let high = 0;
  for (let index = 0; index < bytes.length; ) {
    for (const stop = Math.min(index + 5552, bytes.length); index < stop; index++) {
      low += bytes[index];
      high += low;
    }
    low %= 65521;
    high %= 65521;
  }
  kept.sum = ((high << 16) | low) >>> 0;
  return 1;`;

/** A checksum as a number, a hash as a bigint, or what hash-wasm gives: the bytes of either. */
type Sum = number | bigint | Uint8Array;

async function checksums({ attachment, bytes, size }: Place): Promise<Operation[]> {
  const hashers: Readonly<Record<string, IHasher>> = {
    crc32: await createCRC32(),
    crc32c: await createCRC32(CASTAGNOLI),
    adler32: await createAdler32(),
    xxh64: await createXXHash64(),
    xxh3: await createXXHash3(),
  };
  const kept: { sum: Sum } = { sum: 0 }; // a program that compares bytes needs no bigint of hash-wasm's
  const parts = Array.from({ length: size / PART }, (_, part) => bytes.subarray(part * PART, (part + 1) * PART));
  const common = {
    prepare() {
      fillPattern(bytes);
      kept.sum = 0;
    },
    left: () => BigInt(kept.sum instanceof Uint8Array ? `0x${Buffer.from(kept.sum).toString("hex")}` : kept.sum),
  };
  return Object.entries(hashers).flatMap(([name, hasher]) => {
    const of = { attachment, bytes, hasher, kept, parts, createChecksum, table: castagnoli, crc32: crc32Of(zlib) };
    const keep = (sum: string) => compile(of, `kept.sum = ${sum}; return 1;`);
    const isCrc32 = name === "crc32" && of.crc32 !== undefined;
    const loops = { crc32c: CRC32C, adler32: ADLER32 }[name];
    const whole: Operation = {
      ...common,
      ...sized(`checksum("${name}")`, size),
      own: keep(`attachment.checksum("${name}")`),
      others: {
        "hash-wasm": keep('hasher.init().update(bytes).digest("binary")'),
        "zlib.crc32": isCrc32 ? keep("crc32(bytes)") : undefined,
        "loop over bytes": loops !== undefined && size < KiB ? compile(of, loops) : undefined, // slower from there on
      },
    };
    if (size !== 64 * KiB) return [whole];
    const each = (first: string, update: string, sum: string) =>
      compile(
        of,
        `${first} for (let part = 0; part < ${parts.length}; part++) ${update}; kept.sum = ${sum}; return 1;`,
      );
    return [
      whole,
      {
        ...common,
        name: `createChecksum("${name}"), update of ${PART} bytes`,
        calls: parts.length,
        bytes: PART,
        own: each(`const made = createChecksum("${name}");`, "made.update(parts[part])", "made.digest()"),
        others: {
          "hash-wasm": each("hasher.init();", "hasher.update(parts[part])", 'hasher.digest("binary")'),
          "zlib.crc32": isCrc32 ? each("let sum = 0;", "sum = crc32(parts[part], sum)", "sum") : undefined,
        },
      },
    ];
  });
}

/** Bytes of a small part. */
const PART = 64;

/** From Node 20.15 and 22.2. */
const crc32Of = (module: { readonly crc32?: typeof zlib.crc32 }) => module.crc32;

function searches({ attachment, bytes, buffer, size }: Place): Operation[] {
  const named = (name: string) => sized(name, size);
  const letters = (place: number, text: string | Uint8Array) => () => {
    fillPattern(bytes);
    for (let index = 0; index < size; index++) bytes[index] = (bytes[index] as number) & 0x7f;
    buffer.set(Buffer.from(text as string), place);
  };
  const byte = Uint8Array.of(BYTE);
  const needle = Buffer.from(NEEDLE);
  const mixed = () => {
    const sample = Buffer.from("Ξεσκεπάζω いろは 🦊 fox. ");
    bytes.fill(0x20);
    for (let at = 0; at + sample.length <= size; at += sample.length) bytes.set(sample, at);
  };
  return [
    {
      ...named("indexOf a byte"),
      prepare: letters(size - 1, byte),
      own: () => attachment.indexOf(BYTE),
      others: { "Buffer.indexOf": () => buffer.indexOf(BYTE), "Uint8Array.indexOf": () => bytes.indexOf(BYTE) },
    },
    {
      ...named("lastIndexOf a byte"),
      prepare: letters(0, byte),
      own: () => attachment.lastIndexOf(BYTE),
      others: {
        "Buffer.lastIndexOf": () => buffer.lastIndexOf(BYTE),
        "Uint8Array.lastIndexOf": () => bytes.lastIndexOf(BYTE),
      },
    },
    {
      ...named("indexOf text of 8 bytes"),
      prepare: letters(size - needle.length, needle),
      own: () => attachment.indexOf(NEEDLE),
      others: { "Buffer.indexOf": () => buffer.indexOf(NEEDLE) },
    },
    {
      ...named("indexOf 8 bytes"),
      prepare: letters(size - needle.length, needle),
      own: () => attachment.indexOf(needle),
      others: { "Buffer.indexOf": () => buffer.indexOf(needle) },
    },
    {
      ...named("lastIndexOf 8 bytes"),
      prepare: letters(0, needle),
      own: () => attachment.lastIndexOf(needle),
      others: { "Buffer.lastIndexOf": () => buffer.lastIndexOf(needle) },
    },
    {
      ...named("isUtf8, ASCII"),
      otherwise: letters(size - 1, byte),
      prepare: () => bytes.fill(0x61),
      own: () => attachment.isUtf8(),
      others: { "node:buffer isUtf8": () => isUtf8(bytes) },
    },
    {
      ...named("isUtf8, mixed text"),
      otherwise: letters(size - 1, byte),
      prepare: mixed,
      own: () => attachment.isUtf8(),
      others: { "node:buffer isUtf8": () => isUtf8(bytes) },
    },
    {
      ...named("indexOfInvalidUtf8, valid"),
      otherwise: letters(0, byte),
      prepare: mixed,
      own: () => attachment.indexOfInvalidUtf8(),
      others: { "node:buffer isUtf8": () => (isUtf8(bytes) ? -1 : 0) },
    },
  ];
}

function comparisons({ attachment, second, bytes, buffer, size }: Place): Operation[] {
  const array = new Uint8Array(size);
  const { bytes: others } = second;
  const equal = () => {
    fillPattern(bytes);
    array.set(bytes);
    others.set(bytes);
  };
  /** The last byte is above the other's. */
  const above = () => {
    equal();
    bytes[size - 1] = 2;
    array[size - 1] = 1;
    others[size - 1] = 1;
  };
  const named = (name: string) => ({ ...sized(name, size), prepare: equal, otherwise: above });
  return [
    {
      ...named("equals an array"),
      own: () => attachment.equals(array),
      others: { "Buffer.equals": () => buffer.equals(array) },
    },
    {
      ...named("equals an attachment"),
      own: () => attachment.equals(second),
      others: { "Buffer.equals": () => buffer.equals(others) },
    },
    {
      ...named("compare an array"),
      own: () => attachment.compare(array),
      others: { "Buffer.compare": () => Buffer.compare(bytes, array) },
    },
    {
      ...named("compare an attachment"),
      own: () => attachment.compare(second),
      others: { "Buffer.compare": () => Buffer.compare(bytes, others) },
    },
  ];
}

function changes({ attachment, bytes, buffer, size }: Place): Operation[] {
  const pattern = Uint8Array.of(1, 2, 3);
  const shift = Math.min(4096, size / 2);
  const of = { attachment, bytes, buffer, pattern, shift, TEXT };
  const done = (work: string) => compile(of, `${work}; return 1;`);
  const named = (name: string) => ({
    ...sized(name, size),
    prepare: () => fillPattern(bytes),
    left: () => Buffer.from(bytes.slice()).toString("latin1"),
  });
  const swap = (width: 16 | 32 | 64): Operation => ({
    ...named(`swap${width}`),
    own: done(`attachment.swap${width}()`),
    others: { [`Buffer.swap${width}`]: done(`buffer.swap${width}()`) },
  });
  return [
    {
      ...named("fill with a byte"),
      own: done(`attachment.fill(${BYTE})`),
      others: { "Buffer.fill": done(`buffer.fill(${BYTE})`), "Uint8Array.fill": done(`bytes.fill(${BYTE})`) },
    },
    {
      ...named("fill with 3 bytes"),
      own: done("attachment.fill(pattern)"),
      others: { "Buffer.fill": done("buffer.fill(pattern)") },
    },
    {
      ...named("fill with text of 8 bytes"),
      own: done("attachment.fill(TEXT)"),
      others: { "Buffer.fill": done("buffer.fill(TEXT)") },
    },
    {
      ...named("copyWithin"),
      own: done("attachment.copyWithin(0, shift)"),
      others: {
        "Uint8Array.copyWithin": done("bytes.copyWithin(0, shift)"),
        "Buffer.copy": done("buffer.copy(buffer, 0, shift)"),
      },
    },
    swap(16),
    swap(32),
    swap(64),
  ];
}

/** Types of which all sizes are measured, and those of one size. */
const types = { Uint8Array, Int32Array, Float32Array, Float64Array };
const moreTypes = { Int8Array, Int16Array, Uint16Array, Uint32Array, BigInt64Array, BigUint64Array };

function sums({ attachment, bytes, size }: Place): Operation[] {
  return Object.entries(size === 64 * KiB ? { ...types, ...moreTypes } : types).flatMap(([name, Type]) => {
    const values: { length: number; [index: number]: number | bigint } = new Type(
      bytes.buffer as ArrayBuffer,
      bytes.byteOffset,
      size / Type.BYTES_PER_ELEMENT,
    );
    const isBig = name.startsWith("Big");
    const of = { attachment, Type, values };
    const loop = (start: string, body: string) =>
      compile(of, `let found = ${start}; for (let i = 0; i < values.length; i++) ${body}; return found;`);
    const own = (operation: string) => compile(of, `return attachment.${operation}(Type);`);
    // Whole numbers, so that a sum of floats is exact in any order; negative ones, if the type has them.
    const below = name.startsWith("U") || name.startsWith("BigU") ? 0 : 500;
    const named = (operation: string) => ({
      ...sized(`${operation}(${name})`, size),
      prepare() {
        for (let index = 0; index < values.length; index++) {
          const value = ((index * 7) % 1000) - below;
          values[index] = isBig ? BigInt(value) : value;
        }
      },
    });
    const most = (operation: "min" | "max", sign: string): Operation => ({
      ...named(operation),
      own: own(operation),
      others: {
        loop: loop("values[0]", `if (values[i] ${sign} found) found = values[i]`),
        [`loop, Math.${operation}`]: isBig
          ? undefined
          : loop("values[0]", `found = Math.${operation}(found, values[i])`),
      },
    });
    return [
      { ...named("sum"), own: own("sum"), others: { loop: loop(isBig ? "0n" : "0", "found += values[i]") } },
      most("min", "<"),
      most("max", ">"),
    ];
  });
}

export async function ranges(attachment: Attachment, second: Attachment): Promise<Operation[]> {
  const { bytes } = attachment;
  const size = bytes.length;
  const place = { attachment, second, bytes, size, buffer: Buffer.from(bytes.buffer, bytes.byteOffset, size) };
  return [...(await checksums(place)), ...searches(place), ...comparisons(place), ...changes(place), ...sums(place)];
}
