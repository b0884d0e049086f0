// The calls of this package that read or write a window: on bytes that a peer rewrites, none may crash.
import type { Attachment } from "wasm-shm";
import type { Call, Content } from "./call.js";

const other = new Uint8Array(4096).fill(0x41);

export const own: Call[] = [];

type OwnRun = (attachment: Attachment) => unknown;

function addOwn(content: Content, calls: Record<string, OwnRun>): void {
  for (const [name, run] of Object.entries(calls))
    own.push({
      name,
      content,
      exists: true,
      own: true,
      run: (_bytes, attachment) => run(attachment),
    });
}

addOwn("text", {
  "attachment.text": (attachment) => [attachment.text(), attachment.text({ encoding: "utf16le" })],
  "attachment.text, latin1": (attachment) => attachment.text({ encoding: "latin1" }),
  "attachment.text, fatal": (attachment) => attachment.text({ fatal: true }),
  "attachment.toBuffer": (attachment) => attachment.toBuffer().toString(),
  "cursor.readString": (attachment) => attachment.cursor().readString(attachment.byteLength),
  "cursor.readCString, readVarString": (attachment) => {
    const cursor = attachment.cursor();
    try {
      return cursor.readCString(40);
    } catch {
      return cursor.readVarString();
    }
  },
  "cursor.readable, setEncoding": (attachment) => attachment.cursor().readable().setEncoding("utf8").toArray(),
  "cursor.readable with zeroCopy": async (attachment) => {
    let sum = 0;
    for await (const chunk of attachment.cursor().readable({ zeroCopy: true })) sum += chunk[0] ?? 0;
    return sum;
  },
  "attachment.isUtf8": (attachment) => attachment.isUtf8(),
  "attachment.indexOf, lastIndexOf": (attachment) => [
    attachment.indexOf("a€a"),
    attachment.lastIndexOf("€a€"),
    attachment.indexOf(0),
  ],
});
addOwn("doubles", {
  "attachment.sum, min, max": (attachment) => [
    attachment.sum(Float64Array),
    attachment.min(Float32Array),
    attachment.max(BigInt64Array),
  ],
  "cursor.readArray": (attachment) =>
    attachment
      .cursor()
      .readArray(Float64Array, attachment.byteLength / 8, false)
      .sort(),
});
addOwn("bytes", {
  "attachment.checksum": (attachment) =>
    (["crc32", "crc32c", "adler32"] as const)
      .map((name) => attachment.checksum(name))
      .concat(Number(attachment.checksum("xxh64") ^ attachment.checksum("xxh3"))),
  "attachment.compare, equals": (attachment) => [attachment.compare(other), attachment.equals(attachment)],
  "attachment.fill, copyWithin, swap16 to swap64": (attachment) => {
    attachment.fill("abc", 0, 4096);
    attachment.copyWithin(4, 0, 4096);
    attachment.swap16();
    attachment.swap32();
    attachment.swap64();
  },
  "cursor.read, write, readChunk": (attachment) => {
    const cursor = attachment.cursor();
    cursor.read(new Uint8Array(attachment.byteLength / 2));
    return [cursor.write(other), cursor.readChunk(-1)];
  },
  "cursor numbers and varints": (attachment) => {
    const cursor = attachment.cursor();
    const read: unknown[] = [];
    for (let at = 0; at < 4096; at += 64) {
      cursor.seek(at);
      read.push(cursor.readUint32(), cursor.readFloat64(), cursor.readBigInt64(false), cursor.readFloat16());
      try {
        read.push(cursor.readBigVarUint(), cursor.readVarUintArray(2));
      } catch {
        // bytes that are not a varint
      }
    }
    return read;
  },
  "cursor.readFrame, writeFrame": (attachment) => {
    const cursor = attachment.cursor();
    cursor.writeFrame(other);
    cursor.reset();
    return cursor.readFrame();
  },
  "cursor.writable": async (attachment) => {
    const stream = attachment.cursor().writable();
    stream.end(other);
    await new Promise((resolve) => stream.once("close", resolve));
  },
});
