// Ranges of an attachment, against what Buffer, node:buffer, zlib, hash-wasm and plain loops do with the same bytes.
import { isUtf8 } from "node:buffer";
import * as zlib from "node:zlib";
import { createAdler32, createCRC32, createXXHash3, createXXHash64, type IHasher } from "hash-wasm";
import type { Attachment } from "wasm-shm";
import { fillPattern } from "../../harness/proof.js";
import { sizeName } from "../../harness/size.js";
import type { Operation, Way } from "./way.js";

const CASTAGNOLI = 0x82f63b78; // crc32c's polynomial, reflected: RFC 3720, appendix B.4
const BYTE = 0xfe;
const NEEDLE = "needle!~";

interface Place {
  readonly attachment: Attachment;
  readonly second: Attachment;
  readonly bytes: Uint8Array;
  readonly buffer: Buffer;
  readonly size: number;
}

async function checksums({ attachment, bytes, size }: Place): Promise<Operation[]> {
  const hashers: Readonly<Record<string, IHasher>> = {
    crc32: await createCRC32(),
    crc32c: await createCRC32(CASTAGNOLI),
    adler32: await createAdler32(),
    xxh64: await createXXHash64(),
    xxh3: await createXXHash3(),
  };
  return Object.entries(hashers).map(([name, hasher]) => ({
    name: `checksum("${name}") (${sizeName(size)})`,
    bytes: size,
    prepare: () => fillPattern(bytes),
    own: () => BigInt(attachment.checksum(name as "crc32")),
    others: {
      "hash-wasm": () => BigInt(`0x${hasher.init().update(bytes).digest("hex")}`),
      "zlib.crc32": name === "crc32" && "crc32" in zlib ? () => BigInt(zlib.crc32(bytes)) : undefined,
    },
  }));
}

function searches({ attachment, bytes, buffer, size }: Place): Operation[] {
  const named = (name: string) => ({ name: `${name} (${sizeName(size)})`, bytes: size });
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
      others: { "Buffer.lastIndexOf": () => buffer.lastIndexOf(BYTE) },
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
      prepare: () => bytes.fill(0x61),
      own: () => attachment.isUtf8(),
      others: { "node:buffer isUtf8": () => isUtf8(bytes) },
    },
    {
      ...named("isUtf8, mixed text"),
      prepare: mixed,
      own: () => attachment.isUtf8(),
      others: { "node:buffer isUtf8": () => isUtf8(bytes) },
    },
    {
      ...named("indexOfInvalidUtf8, valid"),
      prepare: mixed,
      own: () => attachment.indexOfInvalidUtf8(),
      others: { "node:buffer isUtf8": () => (isUtf8(bytes) ? -1 : 0) },
    },
  ];
}

function comparisons({ attachment, second, bytes, buffer, size }: Place): Operation[] {
  const array = new Uint8Array(size);
  const named = (name: string) => ({
    name: `${name} (${sizeName(size)})`,
    bytes: size,
    prepare() {
      fillPattern(bytes);
      array.set(bytes);
      second.bytes.set(bytes);
    },
  });
  return [
    {
      ...named("equals an array"),
      own: () => attachment.equals(array),
      others: { "Buffer.equals": () => buffer.equals(array) },
    },
    {
      ...named("equals an attachment"),
      own: () => attachment.equals(second),
      others: { "Buffer.equals": () => buffer.equals(second.bytes) },
    },
    {
      ...named("compare an array"),
      own: () => attachment.compare(array),
      others: { "Buffer.compare": () => Buffer.compare(bytes, array) },
    },
  ];
}

function changes({ attachment, bytes, buffer, size }: Place): Operation[] {
  const pattern = Uint8Array.of(1, 2, 3);
  const shift = Math.min(4096, size / 2);
  const left = () => Buffer.from(bytes.slice()).toString("latin1");
  const done =
    (work: () => unknown): Way =>
    () => {
      work();
      return 1;
    };
  const named = (name: string) => ({
    name: `${name} (${sizeName(size)})`,
    bytes: size,
    prepare: () => fillPattern(bytes),
    left,
  });
  const swap = (width: 16 | 32 | 64): Operation => ({
    ...named(`swap${width}`),
    own: done(() => attachment[`swap${width}`]()),
    others: { [`Buffer.swap${width}`]: done(() => buffer[`swap${width}`]()) },
  });
  return [
    {
      ...named("fill with a byte"),
      own: done(() => attachment.fill(BYTE)),
      others: { "Buffer.fill": done(() => buffer.fill(BYTE)), "Uint8Array.fill": done(() => bytes.fill(BYTE)) },
    },
    {
      ...named("fill with 3 bytes"),
      own: done(() => attachment.fill(pattern)),
      others: { "Buffer.fill": done(() => buffer.fill(pattern)) },
    },
    {
      ...named("copyWithin"),
      own: done(() => attachment.copyWithin(0, shift)),
      others: {
        "Uint8Array.copyWithin": done(() => bytes.copyWithin(0, shift)),
        "Buffer.copy": done(() => buffer.copy(buffer, 0, shift)),
      },
    },
    swap(16),
    swap(32),
    swap(64),
  ];
}

/** Loops of their own for each type: V8 knows one kind of array in each then. */
function sums({ attachment, bytes, size }: Place): Operation[] {
  const types = { Uint8Array, Int32Array, Float32Array, Float64Array };
  return Object.entries(types).flatMap(([name, Type]) => {
    const values = new Type(bytes.buffer as ArrayBuffer, bytes.byteOffset, size / Type.BYTES_PER_ELEMENT);
    const loop = (body: string, start: string): Way =>
      new Function(
        "values",
        `return () => { let found = ${start}; for (let i = 0; i < values.length; i++) ${body}; return found; }`,
      )(values) as Way;
    const prepare = () => {
      for (let index = 0; index < values.length; index++) values[index] = (index * 7) % 1000;
    };
    const named = (operation: string) => ({ name: `${operation}(${name}) (${sizeName(size)})`, bytes: size, prepare });
    return [
      {
        ...named("sum"),
        own: () => attachment.sum(Type),
        others: { loop: loop("found += values[i]", "0") },
      },
      {
        ...named("min"),
        own: () => attachment.min(Type),
        others: {
          loop: loop("if (values[i] < found) found = values[i]", "Infinity"),
          "loop, Math.min": loop("found = Math.min(found, values[i])", "Infinity"),
        },
      },
      {
        ...named("max"),
        own: () => attachment.max(Type),
        others: {
          loop: loop("if (values[i] > found) found = values[i]", "-Infinity"),
          "loop, Math.max": loop("found = Math.max(found, values[i])", "-Infinity"),
        },
      },
    ];
  });
}

export async function ranges(attachment: Attachment, second: Attachment): Promise<Operation[]> {
  const { bytes } = attachment;
  const size = bytes.length;
  const place = { attachment, second, bytes, size, buffer: Buffer.from(bytes.buffer, bytes.byteOffset, size) };
  return [...(await checksums(place)), ...searches(place), ...comparisons(place), ...changes(place), ...sums(place)];
}
