// Text at the cursor and of a range, and records of numbers and text, against Buffer, TextEncoder and TextDecoder. A program
// decodes UTF-8 from a copy: the decoders may end the process over bytes that others change (docs/shared-bytes.md). Latin-1
// and UTF-16 need none.
import type { Attachment, Cursor } from "wasm-shm";
import { KiB } from "../../harness/size.js";
import { compile, type Operation, type Way } from "./way.js";

/** Texts of one call, of up to 64 bytes each. */
const COUNT = 200;
const TWICE = 128; // bytes from one text to the next

const LETTERS = "The quick brown fox jumps over the lazy dog, and then once again.".slice(0, 64);
const MIXED = "Ξεσκεπάζω いろは"; // 28 bytes

interface Place {
  readonly cursor: Cursor;
  readonly bytes: Uint8Array;
  readonly buffer: Buffer;
  readonly view: DataView;
}

/** Ways to find the NUL of a text that begins at `at`. */
const finders = {
  indexOf: "const end = buffer.indexOf(0, at);",
  "Uint8Array.indexOf": "const end = bytes.indexOf(0, at);",
  loop: "let end = at; while (bytes[end] !== 0) end++;",
};

function short({ cursor, bytes, buffer }: Place, kind: string, text: string): Operation[] {
  const length = Buffer.byteLength(text);
  const isAscii = length === text.length;
  const texts: string[] = [];
  const of = {
    cursor,
    bytes,
    buffer,
    text,
    length,
    texts,
    copy: Buffer.alloc(TWICE),
    decoder: new TextDecoder("utf-8", { ignoreBOM: true }),
    encoder: new TextEncoder(),
  };
  const each = (work: string): Way =>
    compile(
      of,
      `let sum = 0;
      for (let index = 0, at = 0; index < ${COUNT}; index++, at += ${TWICE}) { ${work} }
      return sum;`,
    );
  const ofAscii = (work: string) => (isAscii ? each(work) : undefined);
  const own = (call: string) => each(`cursor.seek(at); sum += cursor.${call};`);
  const ownRead = (call: string) => each(`cursor.seek(at); texts[index] = cursor.${call};`);
  const write = (call: string) => `sum += buffer.${call};`;
  const toCopy = "texts[index] = Buffer.from(bytes.subarray(start, end)).toString();";
  const toKept = "buffer.copy(copy, 0, start, end); texts[index] = copy.utf8Slice(0, end - start);";
  const toLatin1 = "texts[index] = buffer.latin1Slice(start, end);";
  const clear = () => buffer.fill(0x20);
  const left = () => buffer.toString("latin1", 0, COUNT * TWICE);
  /** Puts each text into the window, and forgets those that were read. */
  const reads = (put: (at: number) => void) => ({
    prepare() {
      clear();
      texts.length = 0;
      for (let index = 0; index < COUNT; index++) put(index * TWICE);
    },
    left: () => texts.join("\n"),
    oracle: () => Array<string>(COUNT).fill(text).join("\n"),
    calls: COUNT,
  });
  const writes = { calls: COUNT, prepare: clear, left };
  const plain = reads((at) => buffer.write(text, at));
  const fields = reads((at) => {
    buffer.fill(0, at, at + 80);
    buffer.write(text, at);
  });
  const counted = reads((at) => {
    buffer[at] = length;
    buffer.write(text, at + 1);
  });
  const terminated = Object.fromEntries(
    Object.entries(finders).flatMap(([by, find]) => [
      [`${by}, toString of a copy`, each(`const start = at; ${find} ${toCopy}`)],
      [`${by}, utf8Slice of a kept copy`, isAscii ? undefined : each(`const start = at; ${find} ${toKept}`)],
      [`${by}, latin1Slice`, ofAscii(`const start = at; ${find} ${toLatin1}`)],
    ]),
  );
  const between = "const start = at, end = at + length;";
  const behind = "const start = at + 1, end = start + bytes[at];";
  const put = (call: string, after: string, isFor: typeof each | typeof ofAscii = each) =>
    isFor(`const written = buffer.${call}; ${after} sum += written + 1;`);
  const countedBy = (name: string) => [`${name}(text, at + 1)`, "bytes[at] = written;"] as const;
  const terminatedBy = (name: string) => [`${name}(text, at)`, "bytes[at + written] = 0;"] as const;
  return [
    {
      ...writes,
      name: `writeString, ${kind}`,
      own: own("writeString(text)"),
      others: {
        "Buffer.write": each(write("write(text, at)")),
        "Buffer.utf8Write": each(write("utf8Write(text, at)")),
        "Buffer.latin1Write": ofAscii(write("latin1Write(text, at)")),
        "TextEncoder.encodeInto": each("sum += encoder.encodeInto(text, bytes.subarray(at)).written;"),
      },
    },
    {
      ...plain,
      name: `readString, ${kind}`,
      own: ownRead("readString(length)"),
      others: {
        "toString of a copy": each(between + toCopy),
        "utf8Slice of a kept copy": each(between + toKept),
        "Buffer.latin1Slice": ofAscii(between + toLatin1),
        "TextDecoder of a copy": each("texts[index] = decoder.decode(bytes.slice(at, at + length));"),
      },
    },
    {
      ...writes,
      name: `writeVarString, ${kind}`,
      own: own("writeVarString(text)"),
      others: {
        "Buffer.write, length": put(...countedBy("write")),
        "Buffer.utf8Write, length": put(...countedBy("utf8Write")),
        "Buffer.latin1Write, length": put(...countedBy("latin1Write"), ofAscii),
      },
    },
    {
      ...counted,
      name: `readVarString, ${kind}`,
      own: ownRead("readVarString()"),
      others: {
        "toString of a copy, length": each(behind + toCopy),
        "utf8Slice of a kept copy, length": each(behind + toKept),
        "latin1Slice, length": ofAscii(behind + toLatin1),
      },
    },
    {
      ...writes,
      name: `writeCString, ${kind}`,
      own: own("writeCString(text)"),
      others: {
        "Buffer.write, and a NUL": put(...terminatedBy("write")),
        "Buffer.utf8Write, and a NUL": put(...terminatedBy("utf8Write")),
        "Buffer.latin1Write, and a NUL": put(...terminatedBy("latin1Write"), ofAscii),
      },
    },
    { ...fields, name: `readCString, ${kind}`, own: ownRead("readCString()"), others: terminated },
    { ...fields, name: `readFixedText(80), ${kind}`, own: ownRead("readFixedText(80)"), others: terminated },
    {
      ...writes,
      name: `writeFixedText(80), ${kind}`,
      own: own("writeFixedText(text, 80)"),
      others: {
        "Buffer.fill and write": each(`buffer.fill(0, at, at + 80); ${write("write(text, at, 80)")}`),
        "Uint8Array.fill and utf8Write": each(`bytes.fill(0, at, at + 80); ${write("utf8Write(text, at, 80)")}`),
        "Uint8Array.fill and latin1Write": ofAscii(`bytes.fill(0, at, at + 80); ${write("latin1Write(text, at, 80)")}`),
      },
    },
  ];
}

/** Two u32, a f64 and 16 letters. */
function records({ cursor, buffer, view }: Place): Operation[] {
  const text = LETTERS.slice(0, 16);
  const texts: string[] = [];
  const of = { cursor, buffer, view, text, texts };
  const write = (name: string) =>
    compile(
      of,
      `let at = 0;
      for (let index = 0; index < ${COUNT}; index++) {
        view.setUint32(at, index, true);
        view.setUint32(at + 4, index + 1, true);
        view.setFloat64(at + 8, index + 0.5, true);
        at += 16 + buffer.${name}(text, at + 16);
      }
      return at;`,
    );
  const fill = write("write");
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
      others: {
        "DataView, Buffer.write": fill,
        "DataView, utf8Write": write("utf8Write"),
        "DataView, latin1Write": write("latin1Write"),
      },
    },
    {
      name: "read a record of 4 fields",
      calls: COUNT,
      bytes: 32,
      prepare() {
        texts.length = 0;
        fill();
      },
      left: () => texts.join("\n"),
      oracle: () => Array<string>(COUNT).fill(text).join("\n"),
      own() {
        cursor.reset();
        let sum = 0;
        for (let index = 0; index < COUNT; index++) {
          sum += cursor.readUint32() + cursor.readUint32() + cursor.readFloat64();
          texts[index] = cursor.readString(16);
        }
        return sum;
      },
      others: {
        "DataView, latin1Slice": compile(
          of,
          `let sum = 0;
          let at = 0;
          for (let index = 0; index < ${COUNT}; index++) {
            sum += view.getUint32(at, true) + view.getUint32(at + 4, true) + view.getFloat64(at + 8, true);
            texts[index] = buffer.latin1Slice(at + 16, at + 32);
            at += 32;
          }
          return sum;`,
        ),
      },
    },
  ];
}

/** A document in the window, as long as half of it. */
function long({ cursor, buffer, bytes }: Place, attachment: Attachment, kind: string, sample: string): Operation[] {
  const text = sample.repeat(Math.floor((12 * KiB) / Buffer.byteLength(sample)));
  const length = Buffer.byteLength(text);
  const isAscii = length === text.length;
  const kept = { text: "" };
  const of = {
    attachment,
    cursor,
    bytes,
    buffer,
    text,
    length,
    kept,
    decoder: new TextDecoder("utf-8", { ignoreBOM: true }),
    encoder: new TextEncoder(),
    copy: Buffer.alloc(length),
  };
  const write = (call: string) => compile(of, `return ${call};`);
  // The last character, so that a text of parts is put together.
  const read = (made: string, first = "") =>
    compile(of, `${first} const made = ${made}; kept.text = made; return made.charCodeAt(made.length - 1);`);
  const decoders = {
    "toString of a copy": read("Buffer.from(bytes.subarray(0, length)).toString()"),
    "utf8Slice of a kept copy": read("copy.utf8Slice(0, length)", "buffer.copy(copy, 0, 0, length);"),
    "TextDecoder of a copy": read("decoder.decode(bytes.slice(0, length))"),
    "Buffer.latin1Slice": isAscii ? read("buffer.latin1Slice(0, length)") : undefined,
  };
  const reads = (encoding: BufferEncoding) => ({
    bytes: Buffer.byteLength(text, encoding),
    prepare() {
      buffer.fill(0);
      buffer.write(text, encoding);
      kept.text = "";
    },
    left: () => kept.text,
    oracle: () => text,
  });
  return [
    {
      name: `writeString, ${kind} (12 KiB)`,
      bytes: length,
      prepare: () => buffer.fill(0),
      left: () => buffer.toString("latin1", 0, length),
      own: compile(of, "cursor.reset(); return cursor.writeString(text);"),
      others: {
        "Buffer.write": write("buffer.write(text)"),
        "Buffer.utf8Write": write("buffer.utf8Write(text, 0)"),
        "Buffer.latin1Write": isAscii ? write("buffer.latin1Write(text, 0)") : undefined,
        "TextEncoder.encodeInto": write("encoder.encodeInto(text, bytes).written"),
      },
    },
    {
      ...reads("utf8"),
      name: `readString, ${kind} (12 KiB)`,
      own: read("cursor.readString(length)", "cursor.reset();"),
      others: decoders,
    },
    {
      ...reads("utf8"),
      name: `text(), ${kind} (12 KiB)`,
      own: read("attachment.text({ end: length })"),
      others: decoders,
    },
    ...(isAscii ? (["latin1", "utf16le"] as const) : (["utf16le"] as const)).map((encoding) => {
      const common = reads(encoding);
      return {
        ...common,
        name: `text({ encoding: "${encoding}" }), ${kind}`,
        own: read(`attachment.text({ end: ${common.bytes}, encoding: "${encoding}" })`),
        others: {
          "Buffer.toString": read(`buffer.toString("${encoding}", 0, ${common.bytes})`),
          "Buffer's slice": read(`buffer.${encoding === "latin1" ? "latin1Slice" : "ucs2Slice"}(0, ${common.bytes})`),
        },
      };
    }),
  ];
}

export function text(attachment: Attachment): Operation[] {
  const { bytes } = attachment;
  const place: Place = {
    bytes,
    cursor: attachment.cursor(),
    buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
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
