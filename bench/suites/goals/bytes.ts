// Bytes and arrays at the cursor, and views, against typed arrays and Buffer.
import * as zlib from "node:zlib";
import type { Attachment, Cursor } from "wasm-shm";
import { fillPattern } from "../../harness/proof.js";
import { KiB, sizeName } from "../../harness/size.js";
import { compile, type Operation, type Way } from "./way.js";

const sizes = [64, KiB, 64 * KiB] as const;

/** Places of a window, each of which is read or written once: a cursor moves, so nothing can be made for them beforehand. */
const PLACES = 16;

interface Place {
  readonly attachment: Attachment;
  readonly cursor: Cursor;
  readonly bytes: Uint8Array;
  readonly buffer: Buffer;
  readonly size: number;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** A way that does the work for each place, at the offset `at`, and returns the sum of what is added to `sum`. */
const places =
  (of: object, size: number, first = "") =>
  (work: string): Way =>
    compile(
      { ...of, size, end: size * PLACES },
      `${first} let sum = 0; for (let at = 0; at < end; at += size) { ${work} } return sum;`,
    );

/** What the operations at all places of one size have in common. */
function common(size: number) {
  const source = new Uint8Array(size * PLACES);
  fillPattern(source);
  const last = source.subarray(-size);
  return {
    named: (name: string) => ({
      name: `${name} (${sizeName(size)})`,
      bytes: size,
      calls: PLACES,
      repeats: size < KiB ? 8 : 1,
    }),
    /** A window of the pattern; what is read last is its last place, or that in big-endian order. */
    source,
    last: () => latin1(last),
    swapped: () => latin1(last.map((_, index) => last[index ^ 3] as number)),
  };
}

function copies({ attachment, cursor, bytes, buffer, size }: Place): Operation[] {
  const array = new Uint8Array(size);
  const other = Buffer.from(array.buffer);
  const kept = { bytes: new Uint8Array() };
  const { named, source, last } = common(size);
  const of = { attachment, cursor, bytes, buffer, array, other, kept };
  const each = places(of, size);
  const from = places(of, size, "cursor.reset();");
  const fromWindow = {
    prepare() {
      bytes.set(source);
      array.fill(0);
    },
    left: () => latin1(array),
    oracle: last,
  };
  const toWindow = {
    prepare() {
      fillPattern(array);
      bytes.fill(0);
    },
    left: () => latin1(bytes),
    oracle: () => latin1(array).repeat(PLACES),
  };
  const copied = {
    prepare() {
      bytes.set(source);
      kept.bytes = new Uint8Array();
    },
    left: () => latin1(kept.bytes),
    oracle: last,
    sampleMs: 2,
  };
  const keep = (copy: string) => `const copy = ${copy}; kept.bytes = copy; sum += copy[size - 1];`;
  const reads = {
    "Uint8Array.set": each("array.set(bytes.subarray(at, at + size)); sum += size;"),
    "Buffer.copy": each("sum += buffer.copy(array, 0, at, at + size);"),
  };
  const writes = {
    "Uint8Array.set": each("bytes.set(array, at); sum += size;"),
    "Buffer.copy": each("sum += other.copy(buffer, at);"),
  };
  return [
    { ...named("read"), ...fromWindow, own: from("sum += cursor.read(array);"), others: reads },
    { ...named("readExactly"), ...fromWindow, own: from("cursor.readExactly(array); sum += size;"), others: reads },
    { ...named("write"), ...toWindow, own: from("sum += cursor.write(array);"), others: writes },
    { ...named("writeAll"), ...toWindow, own: from("cursor.writeAll(array); sum += size;"), others: writes },
    {
      ...named("readChunk"),
      ...copied,
      own: each(keep("cursor.readChunk(size, at)")),
      others: { "Uint8Array.slice": each(keep("bytes.slice(at, at + size)")) },
    },
    {
      ...named("toBuffer"),
      ...copied,
      own: each(keep("attachment.toBuffer(at, at + size)")),
      others: { "Buffer.from": each(keep("Buffer.from(bytes.subarray(at, at + size))")) },
    },
  ];
}

function arrays({ cursor, bytes, buffer, size }: Place): Operation[] {
  const length = size / 4;
  const array = new Uint32Array(length);
  const arrayBytes = Buffer.from(array.buffer);
  const kept = { array: new Uint32Array() };
  const { named, source, last, swapped } = common(size);
  const of = {
    cursor,
    buffer,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    memory: bytes.buffer,
    offset: bytes.byteOffset,
    array,
    arrayBytes,
    length,
    kept,
  };
  const each = places(of, size);
  const from = places(of, size, "cursor.reset();");
  const words = "new Uint32Array(memory, offset + at, length)";
  const keep = (made: string) => `const made = ${made}; kept.array = made; sum += made[length - 1];`;
  const made = {
    prepare() {
      bytes.set(source);
      kept.array = new Uint32Array();
    },
    left: () => latin1(new Uint8Array(kept.array.buffer)),
    sampleMs: 2,
  };
  const into = {
    prepare() {
      bytes.set(source);
      array.fill(0);
    },
    left: () => latin1(arrayBytes),
  };
  const toWindow = {
    prepare() {
      arrayBytes.set(source.subarray(-size));
      bytes.fill(0);
    },
    left: () => latin1(bytes),
  };
  return [
    {
      ...named("readArray"),
      ...made,
      oracle: last,
      own: from(keep("cursor.readArray(Uint32Array, length)")),
      others: { "Uint32Array.slice": each(keep(`${words}.slice()`)) },
    },
    {
      ...named("readArray, big-endian"),
      ...made,
      oracle: swapped,
      own: from(keep("cursor.readArray(Uint32Array, length, false)")),
      others: {
        "DataView loop": each(
          `const into = new Uint32Array(length);
          for (let index = 0; index < length; index++) into[index] = view.getUint32(at + 4 * index, false);
          ${keep("into")}`,
        ),
        "copy and Buffer.swap32": each(
          `const copy = Buffer.allocUnsafeSlow(size);
          buffer.copy(copy, 0, at, at + size);
          copy.swap32();
          ${keep("new Uint32Array(copy.buffer)")}`,
        ),
      },
    },
    {
      ...named("readInto"),
      ...into,
      oracle: last,
      own: from("cursor.readInto(array);"),
      others: {
        "Uint32Array.set": each(`array.set(${words});`),
        "Buffer.copy": each("buffer.copy(arrayBytes, 0, at, at + size);"),
      },
    },
    {
      ...named("readInto, big-endian"),
      ...into,
      oracle: swapped,
      own: from("cursor.readInto(array, false);"),
      others: {
        "DataView loop": each(
          "for (let index = 0; index < length; index++) array[index] = view.getUint32(at + 4 * index, false);",
        ),
        "Buffer.copy and swap32": each("buffer.copy(arrayBytes, 0, at, at + size); arrayBytes.swap32();"),
      },
    },
    {
      ...named("writeArray"),
      ...toWindow,
      oracle: () => last().repeat(PLACES),
      own: from("cursor.writeArray(array);"),
      others: {
        "Uint32Array.set": each(`${words}.set(array);`),
        "Buffer.copy": each("arrayBytes.copy(buffer, at);"),
      },
    },
    {
      ...named("writeArray, big-endian"),
      ...toWindow,
      oracle: () => swapped().repeat(PLACES),
      own: from("cursor.writeArray(array, false);"),
      others: {
        "DataView loop": each(
          "for (let index = 0; index < length; index++) view.setUint32(at + 4 * index, array[index], false);",
        ),
        "Buffer.copy and swap32": each("arrayBytes.copy(buffer, at); buffer.subarray(at, at + size).swap32();"),
      },
    },
  ];
}

function frames(attachment: Attachment, cursor: Cursor): Operation[] {
  const payload = new Uint8Array(KiB);
  fillPattern(payload);
  const { bytes } = attachment;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const kept = { payload: new Uint8Array() };
  return [
    {
      name: "write and read a frame (1 KiB)",
      bytes: KiB,
      sampleMs: 2,
      prepare() {
        buffer.fill(0, 0, 2 * KiB);
        kept.payload = new Uint8Array();
      },
      left: () => latin1(kept.payload),
      oracle: () => latin1(payload),
      own() {
        cursor.reset();
        cursor.writeFrame(payload);
        cursor.reset();
        kept.payload = cursor.readFrame();
        return kept.payload.length;
      },
      // The bytes in the window differ: a frame of the package has CRC-32C, which zlib does not have.
      others: {
        "DataView, copy, zlib.crc32":
          "crc32" in zlib // from Node 20.15 and 22.2
            ? () => {
                view.setUint32(0, KiB, true);
                view.setUint32(4, zlib.crc32(payload), true);
                buffer.set(payload, 8);
                const length = view.getUint32(0, true);
                const copy = Buffer.from(buffer.subarray(8, 8 + length));
                kept.payload = copy;
                return zlib.crc32(copy) === view.getUint32(4, true) ? copy.length : -1;
              }
            : undefined,
      },
    },
  ];
}

/** Not `view` and `buffer`: a call gives the object of the call before, as a variable of a program would. */
function views({ bytes }: Attachment, cursor: Cursor): Operation[] {
  const kept: { view: Uint32Array } = { view: new Uint32Array(1) }; // so that each is made
  const { buffer, byteOffset } = bytes;
  return [
    {
      name: "viewArray of 16",
      repeats: 100,
      prepare: () => fillPattern(bytes.subarray(0, 64)),
      left: () => latin1(new Uint8Array(kept.view.buffer, kept.view.byteOffset, kept.view.byteLength)),
      own() {
        cursor.reset();
        kept.view = cursor.viewArray(Uint32Array, 16);
        return kept.view.length;
      },
      others: {
        "new Uint32Array"() {
          kept.view = new Uint32Array(buffer, byteOffset, 16);
          return kept.view.length;
        },
      },
    },
  ];
}

/** The window has {@link PLACES} chunks of the largest size. */
export const BYTES = PLACES * Math.max(...sizes);

export function bytes(attachment: Attachment): Operation[] {
  const cursor = attachment.cursor();
  const window = attachment.bytes;
  return [
    ...sizes.flatMap((size) => {
      const part = window.subarray(0, size * PLACES);
      const buffer = Buffer.from(part.buffer, part.byteOffset, part.length);
      const place = { attachment, cursor, bytes: part, buffer, size };
      return [...copies(place), ...arrays(place)];
    }),
    ...frames(attachment, cursor),
    ...views(attachment, cursor),
  ];
}
