// Text at the cursor and of a range, and records of numbers and text, against Buffer, TextEncoder and TextDecoder. A program
// decodes UTF-8 from a copy: the decoders may end the process over bytes that others change (docs/shared-bytes.md). Latin-1
// needs none.
import type { Attachment, Cursor } from "wasm-shm";
import { KiB } from "../../harness/size.js";
import type { Operation, Way } from "./way.js";

/** Texts of one call, of up to 64 bytes each. */
const COUNT = 200;
const TWICE = 128; // bytes from one text to the next

const LETTERS = "The quick brown fox jumps over the lazy dog, and then once again.".slice(0, 64);
const MIXED = "Ξεσκεπάζω いろは"; // 16 bytes of Greek and more

/** What Buffer has, and its types do not say. */
type Slices = Buffer & { latin1Slice(start: number, end: number): string };

interface Place {
  readonly cursor: Cursor;
  readonly bytes: Uint8Array;
  readonly buffer: Slices;
  readonly view: DataView;
}

function each(work: (at: number) => number): Way {
  return () => {
    let sum = 0;
    for (let index = 0; index < COUNT; index++) sum += work(index * TWICE);
    return sum;
  };
}

function short({ cursor, bytes, buffer }: Place, kind: string, text: string): Operation[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  const length = Buffer.byteLength(text);
  const isAscii = length === text.length;
  const left = () => buffer.toString("latin1", 0, COUNT * TWICE);
  const clear = () => buffer.fill(0x20);
  const fill = () => {
    for (let index = 0; index < COUNT; index++) buffer.write(text, index * TWICE);
  };
  const fields = () => {
    clear();
    for (let index = 0; index < COUNT; index++) {
      buffer.fill(0, index * TWICE, index * TWICE + 80);
      buffer.write(text, index * TWICE);
    }
  };
  const lengths = () => {
    for (let index = 0; index < COUNT; index++) {
      buffer[index * TWICE] = length;
      buffer.write(text, index * TWICE + 1);
    }
  };
  return [
    {
      name: `writeString, ${kind}`,
      calls: COUNT,
      prepare: clear,
      left,
      own: each((at) => {
        cursor.seek(at);
        return cursor.writeString(text);
      }),
      others: {
        "Buffer.write": each((at) => buffer.write(text, at)),
        "TextEncoder.encodeInto": each((at) => encoder.encodeInto(text, bytes.subarray(at)).written),
      },
    },
    {
      name: `readString, ${kind}`,
      calls: COUNT,
      prepare: fill,
      own: each((at) => {
        cursor.seek(at);
        return cursor.readString(length).length;
      }),
      others: {
        "toString of a copy": each((at) => Buffer.from(bytes.subarray(at, at + length)).toString().length),
        "Buffer.latin1Slice": isAscii ? each((at) => buffer.latin1Slice(at, at + length).length) : undefined,
        "TextDecoder of a copy": each((at) => decoder.decode(bytes.slice(at, at + length)).length),
      },
    },
    {
      name: `writeVarString, ${kind}`,
      calls: COUNT,
      prepare: clear,
      left,
      own: each((at) => {
        cursor.seek(at);
        return cursor.writeVarString(text);
      }),
      others: {
        "Buffer.write, length": each((at) => {
          const written = buffer.write(text, at + 1);
          buffer[at] = written;
          return written + 1;
        }),
      },
    },
    {
      name: `readVarString, ${kind}`,
      calls: COUNT,
      prepare: lengths,
      own: each((at) => {
        cursor.seek(at);
        return cursor.readVarString().length;
      }),
      others: {
        "toString of a copy, length": each(
          (at) => Buffer.from(bytes.subarray(at + 1, at + 1 + (buffer[at] as number))).toString().length,
        ),
        "latin1Slice, length": isAscii
          ? each((at) => buffer.latin1Slice(at + 1, at + 1 + (buffer[at] as number)).length)
          : undefined,
      },
    },
    {
      name: `writeCString, ${kind}`,
      calls: COUNT,
      prepare: clear,
      left,
      own: each((at) => {
        cursor.seek(at);
        return cursor.writeCString(text);
      }),
      others: {
        "Buffer.write, and a NUL": each((at) => {
          const written = buffer.write(text, at);
          buffer[at + written] = 0;
          return written + 1;
        }),
      },
    },
    {
      name: `readCString, ${kind}`,
      calls: COUNT,
      prepare: fields,
      own: each((at) => {
        cursor.seek(at);
        return cursor.readCString().length;
      }),
      others: {
        "indexOf, toString of a copy": each(
          (at) => Buffer.from(bytes.subarray(at, buffer.indexOf(0, at))).toString().length,
        ),
        "indexOf, latin1Slice": isAscii
          ? each((at) => buffer.latin1Slice(at, buffer.indexOf(0, at)).length)
          : undefined,
      },
    },
    {
      name: `readFixedText(80), ${kind}`,
      calls: COUNT,
      prepare: fields,
      own: each((at) => {
        cursor.seek(at);
        return cursor.readFixedText(80).length;
      }),
      others: {
        "indexOf, toString of a copy": each(
          (at) => Buffer.from(bytes.subarray(at, buffer.indexOf(0, at))).toString().length,
        ),
        "indexOf, latin1Slice": isAscii
          ? each((at) => buffer.latin1Slice(at, buffer.indexOf(0, at)).length)
          : undefined,
      },
    },
    {
      name: `writeFixedText(80), ${kind}`,
      calls: COUNT,
      prepare: clear,
      left,
      own: each((at) => {
        cursor.seek(at);
        return cursor.writeFixedText(text, 80);
      }),
      others: {
        "Buffer.fill and write": each((at) => {
          buffer.fill(0, at, at + 80);
          return buffer.write(text, at, 80);
        }),
      },
    },
  ];
}

/** Two u32, a f64 and 16 letters. */
function records({ cursor, buffer, view }: Place): Operation[] {
  const text = LETTERS.slice(0, 16);
  const write = () => {
    let at = 0;
    for (let index = 0; index < COUNT; index++) {
      view.setUint32(at, index, true);
      view.setUint32(at + 4, index + 1, true);
      view.setFloat64(at + 8, index + 0.5, true);
      at += 16 + buffer.write(text, at + 16);
    }
    return at;
  };
  return [
    {
      name: "write a record of 4 fields",
      calls: COUNT,
      bytes: 32,
      prepare: () => buffer.fill(0),
      left: () => buffer.toString("latin1", 0, 32 * COUNT),
      own() {
        cursor.reset();
        for (let index = 0; index < COUNT; index++) {
          cursor.writeUint32(index);
          cursor.writeUint32(index + 1);
          cursor.writeFloat64(index + 0.5);
          cursor.writeString(text);
        }
        return cursor.position;
      },
      others: { "DataView, Buffer.write": write },
    },
    {
      name: "read a record of 4 fields",
      calls: COUNT,
      bytes: 32,
      prepare: write,
      own() {
        cursor.reset();
        let sum = 0;
        for (let index = 0; index < COUNT; index++)
          sum += cursor.readUint32() + cursor.readUint32() + cursor.readFloat64() + cursor.readString(16).length;
        return sum;
      },
      others: {
        "DataView, latin1Slice"() {
          let sum = 0;
          let at = 0;
          for (let index = 0; index < COUNT; index++) {
            sum += view.getUint32(at, true) + view.getUint32(at + 4, true) + view.getFloat64(at + 8, true);
            sum += buffer.latin1Slice(at + 16, at + 32).length;
            at += 32;
          }
          return sum;
        },
      },
    },
  ];
}

/** A document in the window, as long as half of it. */
function long({ cursor, buffer, bytes }: Place, attachment: Attachment, kind: string, sample: string): Operation[] {
  const text = sample.repeat(Math.floor((12 * KiB) / Buffer.byteLength(sample)));
  const length = Buffer.byteLength(text);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  const prepare = () => buffer.write(text);
  const decode = () => decoder.decode(bytes.slice(0, length)).charCodeAt(text.length - 1);
  const toText = () =>
    Buffer.from(bytes.subarray(0, length))
      .toString()
      .charCodeAt(text.length - 1);
  return [
    {
      name: `writeString, ${kind} (12 KiB)`,
      bytes: length,
      prepare: () => buffer.fill(0),
      left: () => buffer.toString("latin1", 0, length),
      own() {
        cursor.reset();
        return cursor.writeString(text);
      },
      others: {
        "Buffer.write": () => buffer.write(text),
        "TextEncoder.encodeInto": () => encoder.encodeInto(text, bytes).written,
      },
    },
    {
      name: `readString, ${kind} (12 KiB)`,
      bytes: length,
      prepare,
      own() {
        cursor.reset();
        return cursor.readString(length).charCodeAt(text.length - 1);
      },
      others: { "toString of a copy": toText, "TextDecoder of a copy": decode },
    },
    {
      name: `text(), ${kind} (12 KiB)`,
      bytes: length,
      prepare,
      own: () => attachment.text({ end: length }).charCodeAt(text.length - 1),
      others: { "toString of a copy": toText, "TextDecoder of a copy": decode },
    },
  ];
}

export function text(attachment: Attachment): Operation[] {
  const { bytes } = attachment;
  const place: Place = {
    bytes,
    cursor: attachment.cursor(),
    buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) as Slices,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
  };
  return [
    ...short(place, "16 letters", LETTERS.slice(0, 16)),
    ...short(place, "64 letters", LETTERS),
    ...short(place, "mixed", MIXED),
    ...records(place),
    ...long(place, attachment, "letters", `${LETTERS}\n`),
    ...long(place, attachment, "mixed", `${MIXED} 🦊 fox. `),
  ];
}
