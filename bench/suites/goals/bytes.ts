// Bytes and arrays at the cursor, and views, against typed arrays and Buffer.
import { crc32 as zlibCrc32 } from "node:zlib";
import type { Attachment, Cursor } from "wasm-shm";
import { fillPattern } from "../../harness/proof.js";
import { KiB, sizeName } from "../../harness/size.js";
import type { Operation, Way } from "./way.js";

const sizes = [64, KiB, 64 * KiB] as const;

/** Places of a window, each of which is read or written once: a cursor moves, so nothing can be made for them beforehand. */
const PLACES = 16;

/** Calls `work` for each place, and returns the sum of what it returns. */
function places(size: number, work: (at: number) => number): Way {
  const end = size * PLACES;
  return () => {
    let sum = 0;
    for (let at = 0; at < end; at += size) sum += work(at);
    return sum;
  };
}

interface Place {
  readonly attachment: Attachment;
  readonly cursor: Cursor;
  readonly bytes: Uint8Array;
  readonly buffer: Buffer;
  readonly size: number;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

function copies({ attachment, cursor, bytes, buffer, size }: Place): Operation[] {
  const array = new Uint8Array(size);
  const other = Buffer.from(array.buffer);
  const named = (name: string) => ({ name: `${name} (${sizeName(size)})`, bytes: size, calls: PLACES });
  const fill = () => fillPattern(bytes);
  const fromWindow = { prepare: fill, left: () => latin1(array) };
  const toWindow = {
    prepare() {
      fillPattern(array);
      bytes.fill(0);
    },
    left: () => latin1(bytes),
  };
  const from = (work: () => number): Way => {
    const all = places(size, work);
    return () => {
      cursor.reset();
      return all();
    };
  };
  const reads = {
    "Uint8Array.set": places(size, (at) => {
      array.set(bytes.subarray(at, at + size));
      return size;
    }),
    "Buffer.copy": places(size, (at) => buffer.copy(array, 0, at, at + size)),
  };
  const writes = {
    "Uint8Array.set": places(size, (at) => {
      bytes.set(array, at);
      return size;
    }),
    "Buffer.copy": places(size, (at) => other.copy(buffer, at)),
  };
  return [
    { ...named("read"), ...fromWindow, own: from(() => cursor.read(array)), others: reads },
    {
      ...named("readExactly"),
      ...fromWindow,
      own: from(() => {
        cursor.readExactly(array);
        return size;
      }),
      others: reads,
    },
    { ...named("write"), ...toWindow, own: from(() => cursor.write(array)), others: writes },
    {
      ...named("writeAll"),
      ...toWindow,
      own: from(() => {
        cursor.writeAll(array);
        return size;
      }),
      others: writes,
    },
    {
      ...named("readChunk"),
      prepare: fill,
      sampleMs: 2,
      own: places(size, (at) => cursor.readChunk(size, at)[size - 1] as number),
      others: { "Uint8Array.slice": places(size, (at) => bytes.slice(at, at + size)[size - 1] as number) },
    },
    {
      ...named("toBuffer"),
      prepare: fill,
      sampleMs: 2,
      own: places(size, (at) => attachment.toBuffer(at, at + size)[size - 1] as number),
      others: { "Buffer.from": places(size, (at) => Buffer.from(bytes.subarray(at, at + size))[size - 1] as number) },
    },
  ];
}

function arrays({ cursor, bytes, buffer, size }: Place): Operation[] {
  const length = size / 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kept = new Uint32Array(length);
  const keptBytes = Buffer.from(kept.buffer);
  const wordsAt = (at: number) => new Uint32Array(bytes.buffer, bytes.byteOffset + at, length);
  const last = (array: Uint32Array) => array[length - 1] as number;
  const named = (name: string) => ({
    name: `${name} (${sizeName(size)})`,
    bytes: size,
    calls: PLACES,
    prepare: () => fillPattern(bytes),
  });
  const left = () => latin1(keptBytes);
  const toWindow = {
    prepare() {
      fillPattern(keptBytes);
      bytes.fill(0);
    },
    left: () => latin1(bytes),
  };
  const from = (work: () => number): Way => {
    const all = places(size, work);
    return () => {
      cursor.reset();
      return all();
    };
  };
  const done = (work: (at: number) => void): Way =>
    places(size, (at) => {
      work(at);
      return 1;
    });
  const doneFrom = (work: () => void): Way =>
    from(() => {
      work();
      return 1;
    });
  return [
    {
      ...named("readArray"),
      sampleMs: 2,
      own: from(() => last(cursor.readArray(Uint32Array, length))),
      others: { "Uint32Array.slice": places(size, (at) => last(wordsAt(at).slice())) },
    },
    {
      ...named("readArray, big-endian"),
      sampleMs: 2,
      own: from(() => last(cursor.readArray(Uint32Array, length, false))),
      others: {
        "DataView loop": places(size, (at) => {
          const array = new Uint32Array(length);
          for (let index = 0; index < length; index++) array[index] = view.getUint32(at + 4 * index, false);
          return last(array);
        }),
        "copy and Buffer.swap32": places(size, (at) => {
          const copy = Buffer.allocUnsafeSlow(size);
          buffer.copy(copy, 0, at, at + size);
          copy.swap32();
          return last(new Uint32Array(copy.buffer));
        }),
      },
    },
    {
      ...named("readInto"),
      left,
      own: doneFrom(() => cursor.readInto(kept)),
      others: {
        "Uint32Array.set": done((at) => kept.set(wordsAt(at))),
        "Buffer.copy": done((at) => buffer.copy(keptBytes, 0, at, at + size)),
      },
    },
    {
      ...named("readInto, big-endian"),
      left,
      own: doneFrom(() => cursor.readInto(kept, false)),
      others: {
        "DataView loop": done((at) => {
          for (let index = 0; index < length; index++) kept[index] = view.getUint32(at + 4 * index, false);
        }),
        "Buffer.copy and swap32": done((at) => {
          buffer.copy(keptBytes, 0, at, at + size);
          keptBytes.swap32();
        }),
      },
    },
    {
      ...named("writeArray"),
      ...toWindow,
      own: doneFrom(() => cursor.writeArray(kept)),
      others: {
        "Uint32Array.set": done((at) => wordsAt(at).set(kept)),
        "Buffer.copy": done((at) => keptBytes.copy(buffer, at)),
      },
    },
    {
      ...named("writeArray, big-endian"),
      ...toWindow,
      own: doneFrom(() => cursor.writeArray(kept, false)),
      others: {
        "DataView loop": done((at) => {
          for (let index = 0; index < length; index++) view.setUint32(at + 4 * index, kept[index] as number, false);
        }),
        "Buffer.copy and swap32": done((at) => {
          keptBytes.copy(buffer, at);
          buffer.subarray(at, at + size).swap32();
        }),
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
  const checked = zlibCrc32 as typeof zlibCrc32 | undefined; // from Node 20.15 and 22.2
  const by = "DataView, copy, zlib.crc32";
  return [
    {
      name: "write and read a frame (1 KiB)",
      bytes: KiB,
      sampleMs: 2,
      own() {
        cursor.reset();
        cursor.writeFrame(payload);
        cursor.reset();
        return cursor.readFrame().length;
      },
      others: {
        [by]:
          checked &&
          (() => {
            view.setUint32(0, KiB, true);
            view.setUint32(4, checked(payload), true);
            buffer.set(payload, 8);
            const length = view.getUint32(0, true);
            const copy = buffer.slice(8, 8 + length);
            const own = Buffer.from(copy);
            return checked(own) === view.getUint32(4, true) ? own.length : -1;
          }),
      },
    },
  ];
}

function views(attachment: Attachment, cursor: Cursor): Operation[] {
  const { memory, byteOffset, byteLength } = attachment;
  const { buffer } = memory;
  const kept: { view: Float32Array | Uint32Array | Buffer } = { view: new Uint32Array(1) }; // so that each is made
  const keep = (view: Float32Array | Uint32Array | Buffer) => {
    kept.view = view;
    return view.length;
  };
  return [
    {
      name: "view(Float32Array)",
      own: () => keep(attachment.view(Float32Array)),
      others: { "new Float32Array": () => keep(new Float32Array(buffer, byteOffset, byteLength / 4)) },
    },
    {
      name: "viewArray of 16",
      own() {
        cursor.reset();
        return keep(cursor.viewArray(Uint32Array, 16));
      },
      others: { "new Uint32Array": () => keep(new Uint32Array(buffer, byteOffset, 16)) },
    },
    {
      name: "buffer",
      own: () => keep(attachment.buffer),
      others: { "Buffer.from": () => keep(Buffer.from(buffer, byteOffset, byteLength)) },
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
