// Every built-in that takes a view. They run in Node, Bun and Deno, so a call names its built-in at run time: an engine may
// lack it.
import * as buffer from "node:buffer";
import * as crypto from "node:crypto";
import { closeSync, openSync, readSync, writeSync, writevSync } from "node:fs";
import { Readable } from "node:stream";
import * as consumers from "node:stream/consumers";
import { StringDecoder } from "node:string_decoder";
import * as util from "node:util";
import * as v8 from "node:v8";
import * as zlib from "node:zlib";
import type { Call, Content } from "./call.js";

const { Buffer } = buffer;

type Run = (bytes: Uint8Array) => unknown;
type Extra = Record<string, (...values: unknown[]) => unknown>;

/** Methods that the types of the oldest Node lack. */
const extra = (value: object): Extra => value as unknown as Extra;
const has = (value: unknown, name: string): boolean => typeof (value as Extra | undefined)?.[name] === "function";

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const float64 = (bytes: Uint8Array) => new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
const float32 = (bytes: Uint8Array) => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const int32 = (bytes: Uint8Array) => new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const big64 = (bytes: Uint8Array) => new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
/** Some calls take a time that grows with the square of the length, or make an object of each byte. */
const few = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, 4096);

export const builtins: Call[] = [];

function add(content: Content, calls: Record<string, Run | undefined>, more: { copies?: true } = {}): void {
  for (const [name, run] of Object.entries(calls))
    builtins.push({ name, content, exists: run !== undefined, run: run ?? (() => undefined), ...more });
}

const decoder = (label: string, options: { fatal?: boolean } = {}): Run => {
  const one = new TextDecoder(label, options);
  return (bytes) => one.decode(bytes);
};

add("text", {
  "TextDecoder.decode": decoder("utf-8"),
  "TextDecoder.decode, fatal": decoder("utf-8", { fatal: true }),
  "TextDecoder.decode, stream": (bytes) => {
    const one = new TextDecoder();
    return one.decode(bytes, { stream: true }) + one.decode(bytes);
  },
  "TextDecoder of utf-16le": decoder("utf-16le"),
  "TextDecoder of latin1": decoder("latin1"),
  "TextDecoder of gbk": decoder("gbk"),
  "TextDecoder of shift_jis": decoder("shift_jis"),
  "TextEncoder.encodeInto": (bytes) => new TextEncoder().encodeInto("grüße €".repeat(500), bytes),
  'Buffer.toString("utf8")': (bytes) => bufferOf(bytes).toString("utf8"),
  'Buffer.toString("utf16le")': (bytes) => bufferOf(bytes).toString("utf16le"),
  'Buffer.toString("latin1")': (bytes) => bufferOf(bytes).toString("latin1"),
  'Buffer.toString("ascii")': (bytes) => bufferOf(bytes).toString("ascii"),
  'Buffer.toString("base64")': (bytes) => bufferOf(bytes).toString("base64"),
  'Buffer.toString("base64url")': (bytes) => bufferOf(bytes).toString("base64url"),
  'Buffer.toString("hex")': (bytes) => bufferOf(bytes).toString("hex"),
  "Buffer.toJSON": (bytes) => bufferOf(few(bytes)).toJSON(),
  'Buffer.write("utf8")': (bytes) => bufferOf(bytes).write("grüße €".repeat(500)),
  'StringDecoder("utf8")': (bytes) => new StringDecoder("utf8").write(bufferOf(bytes)),
  'StringDecoder("utf16le")': (bytes) => new StringDecoder("utf16le").write(bufferOf(bytes)),
  'StringDecoder("base64")': (bytes) => new StringDecoder("base64").write(bufferOf(bytes)),
  "buffer.transcode, utf8 to utf16le": (bytes) => buffer.transcode(bufferOf(bytes), "utf8", "utf16le"),
  "buffer.transcode, utf8 to latin1": (bytes) => buffer.transcode(bufferOf(bytes), "utf8", "latin1"),
  "buffer.transcode, latin1 to utf8": (bytes) => buffer.transcode(bufferOf(bytes), "latin1", "utf8"),
  "buffer.transcode, utf16le to utf8": (bytes) => buffer.transcode(bufferOf(bytes), "utf16le", "utf8"),
  "buffer.isUtf8": (bytes) => buffer.isUtf8(bytes),
  "buffer.isAscii": (bytes) => buffer.isAscii(bytes),
  'Readable.setEncoding("utf8") of chunks': (bytes) =>
    Readable.from([bufferOf(bytes)])
      .setEncoding("utf8")
      .toArray(),
  "stream/consumers text": (bytes) => consumers.text(Readable.from([bufferOf(bytes)])),
  "stream/consumers buffer": (bytes) => consumers.buffer(Readable.from([bufferOf(bytes)])),
  "Blob text": (bytes) => new Blob([bytes as Uint8Array<ArrayBuffer>]).text(),
  "new Response(view).text": (bytes) => new Response(bytes as Uint8Array<ArrayBuffer>).text(),
  "util.inspect": (bytes) => util.inspect(few(bytes)),
  "String.fromCharCode.apply": (bytes) => String.fromCharCode.apply(null, few(bytes) as unknown as number[]),
  "Uint8Array.toHex, toBase64": has(Uint8Array.prototype, "toHex")
    ? (bytes) => [extra(bytes)["toHex"]?.(), extra(bytes)["toBase64"]?.()]
    : undefined,
  "Uint8Array.setFromHex, setFromBase64": has(Uint8Array.prototype, "setFromHex")
    ? (bytes) => [extra(bytes)["setFromHex"]?.("00ff".repeat(900)), extra(bytes)["setFromBase64"]?.("AAEC".repeat(900))]
    : undefined,
});

const sortedBy = (left: number, right: number): number => left - right;

add("doubles", {
  "Float64Array.sort": (bytes) => float64(bytes).sort(),
  "Float32Array.sort": (bytes) => float32(bytes).sort(),
  "Int32Array.sort": (bytes) => int32(bytes).sort(),
  "BigInt64Array.sort": (bytes) => big64(bytes).sort(),
  "Uint8Array.sort": (bytes) => bytes.sort(),
  "Float64Array.sort with a function": (bytes) => float64(bytes.subarray(0, 65_536)).sort(sortedBy),
  "Float64Array.toSorted": has(Float64Array.prototype, "toSorted")
    ? (bytes) => extra(float64(bytes))["toSorted"]?.()
    : undefined,
  "Float64Array.toReversed, with": has(Float64Array.prototype, "toReversed")
    ? (bytes) => [extra(float64(bytes))["toReversed"]?.(), extra(float64(bytes))["with"]?.(0, 1)]
    : undefined,
  "Float64Array.join": (bytes) => float64(few(bytes)).join(),
  "Float64Array.indexOf, lastIndexOf, includes": (bytes) => {
    const floats = float64(bytes);
    return [floats.indexOf(0.25), floats.lastIndexOf(0.25), floats.includes(Number.NaN)];
  },
  "Float64Array.map, filter, reduce, find": (bytes) => {
    const floats = float64(bytes.subarray(0, 65_536));
    return [
      floats.map((value) => value * 2),
      floats.filter((value) => value > 0.5),
      floats.reduce((sum, value) => sum + value, 0),
      floats.find((value) => value === 3),
    ];
  },
  "Float64Array.from, Array.from, spread": (bytes) => {
    const floats = float64(few(bytes));
    return [Float64Array.from(floats), Array.from(floats), [...floats]];
  },
  "new Float32Array(view), set of another type": (bytes) => {
    const floats = float64(bytes);
    const narrow = new Float32Array(floats);
    narrow.set(floats);
    return narrow;
  },
  "Math.max.apply": (bytes) => Math.max.apply(null, float64(few(bytes)) as unknown as number[]),
  "JSON.stringify": (bytes) => JSON.stringify(float64(few(bytes))),
});

const other = new Uint8Array(4096).fill(0x41);
const sink = (): number => openSync("/dev/null", "w");

add("bytes", {
  "Uint8Array.slice, new Uint8Array(view)": (bytes) => [bytes.slice(), new Uint8Array(bytes)],
  "Uint8Array.set": (bytes) => {
    const copy = new Uint8Array(bytes.length);
    copy.set(bytes);
    bytes.set(other);
    return copy;
  },
  "Uint8Array.fill, copyWithin, reverse": (bytes) => {
    bytes.fill(7, 0, 4096);
    bytes.copyWithin(5, 0);
    return bytes.reverse();
  },
  "Uint8Array.indexOf, lastIndexOf, includes, at": (bytes) => [
    bytes.indexOf(3),
    bytes.lastIndexOf(3),
    bytes.includes(9),
    bytes[bytes.length - 1],
  ],
  "Uint8Array.every, some, forEach, entries": (bytes) => {
    const part = few(bytes);
    let sum = 0;
    for (const [index, value] of part.entries()) sum += index * value;
    part.forEach((value) => {
      sum += value;
    });
    return [part.every((value) => value >= 0), part.some((value) => value > 255), sum];
  },
  "Uint8Array.join, toString, toLocaleString": (bytes) => {
    const part = few(bytes);
    return [part.join(), part.toString(), part.subarray(0, 64).toLocaleString()];
  },
  "DataView get and set": (bytes) => {
    const view = viewOf(bytes);
    const read: unknown[] = [];
    for (let at = 0; at < 4096; at += 8) {
      read.push(view.getUint8(at), view.getInt16(at), view.getUint32(at), view.getInt32(at));
      read.push(view.getFloat32(at), view.getFloat64(at), view.getBigInt64(at), view.getBigUint64(at));
      view.setFloat64(at, at);
      view.setBigUint64(at, 5n);
      view.setUint16(at, 7);
    }
    return read;
  },
  Atomics: (bytes) => {
    const words = int32(bytes);
    const seen: number[] = [];
    for (let at = 0; at < 512; at++)
      seen.push(Atomics.load(words, at), Atomics.exchange(words, at, 5), Atomics.compareExchange(words, at, 5, 6));
    return seen;
  },
  "Buffer.from, Buffer.concat": (bytes) => [Buffer.from(bytes), Buffer.concat([bytes, bytes])],
  "Buffer.compare, equals": (bytes) => [Buffer.compare(bytes, other), bufferOf(bytes).equals(bytes)],
  "Buffer.indexOf, lastIndexOf, includes": (bytes) => {
    const one = bufferOf(bytes);
    return [one.indexOf(bytes.subarray(9, 20)), one.lastIndexOf("AAAB"), one.includes("ABBA"), one.indexOf(7)];
  },
  "Buffer.copy, fill": (bytes) => {
    const copy = Buffer.alloc(bytes.length);
    bufferOf(bytes).copy(copy);
    return bufferOf(bytes).fill("abc", 0, 4096) && copy;
  },
  "Buffer.swap16, swap32, swap64": (bytes) => bufferOf(bytes).swap16().swap32().swap64(),
  "Buffer.readDoubleLE, writeUInt32BE": (bytes) => {
    const one = bufferOf(bytes);
    const read: unknown[] = [];
    for (let at = 0; at < 4096; at += 8)
      read.push(one.readDoubleLE(at), one.writeUInt32BE(at, at), one.readIntBE(at, 6));
    return read;
  },
  "crypto hash": (bytes) => crypto.createHash("sha256").update(bytes).digest("hex"),
  "crypto.hash": has(crypto, "hash") ? (bytes) => extra(crypto)["hash"]?.("sha1", bytes) : undefined,
  "crypto HMAC": (bytes) => crypto.createHmac("sha256", few(bytes)).update(bytes).digest("hex"),
  "crypto cipher": (bytes) => {
    const cipher = crypto.createCipheriv("aes-256-gcm", bytes.subarray(0, 32), bytes.subarray(32, 44));
    return [cipher.update(bytes), cipher.final()];
  },
  "crypto sign, verify": (bytes) => {
    const { publicKey, privateKey } = keys();
    return crypto.verify(null, bytes, publicKey, crypto.sign(null, bytes, privateKey));
  },
  "crypto.timingSafeEqual": (bytes) => crypto.timingSafeEqual(few(bytes), other),
  "crypto.pbkdf2Sync, scryptSync, hkdfSync": (bytes) => [
    crypto.pbkdf2Sync(few(bytes), few(bytes), 2, 32, "sha256"),
    crypto.scryptSync(few(bytes), few(bytes), 32, { N: 2 }),
    Buffer.from(crypto.hkdfSync("sha256", few(bytes), few(bytes), "", 32)),
  ],
  "crypto.randomFillSync": (bytes) => void crypto.randomFillSync(few(bytes)),
  "crypto.getRandomValues": (bytes) => void crypto.webcrypto.getRandomValues(few(bytes)),
  "crypto.createSecretKey": (bytes) => crypto.createSecretKey(few(bytes)).export(),
  "crypto.subtle.digest": async (bytes) =>
    new Uint8Array(await crypto.webcrypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)),
  "zlib.deflateSync, inflateSync": (bytes) => {
    zlib.deflateSync(bytes, { level: 1 });
    return zlib.inflateSync(bytes.subarray(0, 4096), { maxOutputLength: 1 << 20 });
  },
  "zlib.gzipSync, gunzipSync": (bytes) => {
    zlib.gzipSync(bytes, { level: 1 });
    return zlib.gunzipSync(bytes.subarray(0, 4096), { maxOutputLength: 1 << 20 });
  },
  "zlib.brotliCompressSync, brotliDecompressSync": (bytes) => {
    zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } });
    return zlib.brotliDecompressSync(bytes.subarray(0, 4096), { maxOutputLength: 1 << 20 });
  },
  "zlib.zstdCompressSync, zstdDecompressSync": has(zlib, "zstdCompressSync")
    ? (bytes) => {
        extra(zlib)["zstdCompressSync"]?.(bytes);
        return extra(zlib)["zstdDecompressSync"]?.(bytes.subarray(0, 4096), { maxOutputLength: 1 << 20 });
      }
    : undefined,
  "zlib.crc32": has(zlib, "crc32") ? (bytes) => extra(zlib)["crc32"]?.(bytes) : undefined,
  CompressionStream: async (bytes) => {
    const { writable, readable } = new CompressionStream("gzip");
    const writer = writable.getWriter();
    const written = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
    written.catch(() => undefined);
    for await (const _ of readable) await 0; // the compressed bytes may differ from run to run
    await written;
  },
  "fs.writeSync, writevSync": (bytes) => {
    const file = sink();
    try {
      return [writeSync(file, bytes), writevSync(file, [bytes, bytes])];
    } finally {
      closeSync(file);
    }
  },
  "fs.readSync": (bytes) => {
    const file = openSync("/dev/zero", "r");
    try {
      return readSync(file, bytes);
    } finally {
      closeSync(file);
    }
  },
  "util.isDeepStrictEqual": (bytes) => util.isDeepStrictEqual(bytes, bytes.slice()) !== undefined,
  "crypto.createPublicKey": (bytes) => {
    const der = keys().publicKey.export({ format: "der", type: "spki" });
    bytes.set(der);
    const key = bufferOf(bytes.subarray(0, der.length));
    return crypto.createPublicKey({ key, format: "der", type: "spki" }).asymmetricKeyType;
  },
  "v8.serialize, deserialize": (bytes) => {
    bytes.set(v8.serialize({ a: "grüße", list: [1, 2.5, "€"] }));
    return [v8.deserialize(v8.serialize(bytes)), v8.deserialize(bytes.subarray(0, 64))];
  },
  "WebAssembly.validate, compile": async (bytes) => {
    bytes.set(MODULE);
    const part = bytes.subarray(0, MODULE.length) as Uint8Array<ArrayBuffer>;
    WebAssembly.validate(part);
    await WebAssembly.compile(part).catch(() => undefined);
  },
});
add("bytes", { structuredClone: (bytes) => structuredClone(bytes) }, { copies: true });

/** (module (func (export "f") (result i32) (i32.const 42))) */
const MODULE = Uint8Array.from(
  [..."0061736d010000000105016000017f03020100070501016600000a06010400412a0b".matchAll(/../g)].map(([hex]) =>
    Number.parseInt(hex, 16),
  ),
);

let pair: crypto.KeyPairKeyObjectResult | undefined;
function keys(): crypto.KeyPairKeyObjectResult {
  pair ??= crypto.generateKeyPairSync("ed25519");
  return pair;
}
