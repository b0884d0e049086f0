/// <reference types="node" preserve="true" />
// What the package is in Node: the kernel's segments, Node's streams, and the engine's own operations. Every entry point
// for Node composes its instances from this; nothing else names a host of the kernel.
import { Buffer, isUtf8 } from "node:buffer";
import { invalidValue } from "./common/errors.js";
import type { Engine } from "./core/engine.js";
import { fs, nodeZlib } from "./host/builtin.js";
import type { Host } from "./host/host.js";
import { threadHost } from "./host/local.js";
import { addonCopy, addonFileOf, processCallsOf, sysvHost } from "./host/sysv.js";
import { type NativeText, SHORT_TEXT } from "./memory/text.js";
import { compose, type Platform } from "./segment/compose.js";
import type { Shm, ShmOptions } from "./segment/shm.js";
import { messages } from "./stream/messages.js";
import { readable } from "./stream/readable.js";
import { writable } from "./stream/writable.js";

export { addonFileOf, processCallsOf, sysvHost };

declare module "./range/copy.js" {
  /** In Node a copy is a Buffer; the portable entry point must not name Node's types. */
  interface CopyKinds {
    node: ReturnType<BufferConstructor["allocUnsafeSlow"]>; // Buffer<ArrayBuffer>, which older types of Node lack
  }
  interface WindowKinds {
    node: Buffer;
  }
}

/**
 * The host that WASM_SHM_HOST names. Without it: the kernel's on Linux, or an error, as segments that no other process
 * sees would look like success; elsewhere the local one, as there is no other.
 */
function byDefault(): Host {
  const named = process.env["WASM_SHM_HOST"] || (process.platform === "linux" ? "sysv" : "local");
  if (named === "sysv") return sysvHost();
  if (named === "local") return threadHost();
  throw invalidValue("process.env.WASM_SHM_HOST", "It must be 'sysv' or 'local'.", named);
}

/** V8's version: 14 in Node 26. NaN without it. */
const V8 = Number.parseInt(process.versions.v8, 10);

const bufferOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, length);

/** What Buffer has, and its types do not say. */
interface TextBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Write(text: string, start: number, length: number): number;
}

/** undefined: Bun and Deno may lack the methods; and Node 22.7.0 alone writes Latin-1 once it is hot (nodejs/node#54521). */
export function nativeText(): NativeText | undefined {
  const has = "latin1Slice" in Buffer.prototype && "utf8Write" in Buffer.prototype;
  if (!has || process.version === "v22.7.0") return undefined;
  const words = new Uint32Array(SHORT_TEXT / 4);
  const snapshot = Buffer.from(words.buffer) as TextBuffer;
  return {
    // Deno takes a length of 0 for none given, and writes past the field.
    write: (view, value, start, length) => (length === 0 ? 0 : (view as TextBuffer).utf8Write(value, start, length)),
    words,
    ascii: (length) => snapshot.latin1Slice(0, length),
    utf8: (length) => snapshot.toString("utf8", 0, length),
  };
}

/** zlib's, once it is loaded. */
let crc32: { readonly call: Engine["crc32"] } | undefined;

// None of these has crashed on bytes that a peer rewrites meanwhile (Node 20 to 26, plain and shared memories); decoding
// text has, and so has a sort.
const engine: Engine = {
  get copy() {
    return addonCopy();
  },
  text: nativeText(),
  compare: (left, right) => Buffer.compare(left, right),
  indexOf: (bytes, value) => (bytes as Buffer).indexOf(value),
  lastIndexOf: (bytes, value) => (bytes as Buffer).lastIndexOf(value),
  longestText: 2 ** 31 - 1, // Node makes an int32 of the index
  // Boyer and Moore's search with tables of 250 bytes (nbytes.h, kBMMaxShift). With a needle of 4,000 bytes that nearly
  // matches everywhere, 64 MiB take 70 s instead of 0.3 s (Node 20, x86-64).
  longestNeedle: 250,
  swap(bytes, width) {
    if (width === 2) (bytes as Buffer).swap16();
    else if (width === 4) (bytes as Buffer).swap32();
    else (bytes as Buffer).swap64();
  },
  fastSwaps: V8 >= 14 ? [2] : [], // 21 us for 1 MiB, 28 by the wasm core, 36 on Node 20; of 32 and 64 bits 53 and 68, and 28
  isUtf8,
  view: bufferOf,
  allocate: (length) => Buffer.allocUnsafeSlow(length),
  latin1: (copy) => bufferOf(copy).toString("latin1"),
  readFile: ({ href }) => fs.promises.readFile(new URL(href)),
  get crc32() {
    crc32 ??= { call: nodeZlib().crc32 as Engine["crc32"] }; // from Node 20.15 and 22.2
    return crc32.call;
  },
};

const platform: Platform = {
  sysv: sysvHost,
  byDefault,
  engine,
  streams: { readable, writable },
  messages,
};

/**
 * The package over a host and a core of your choice.
 *
 * @throws {ShmError} `ERR_SHM_UNSUPPORTED` the host that was named is not supported here, or on Linux the default one; no
 *   other host takes its place
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` the host lacks a method, or the core is not one of three;
 *   `ERR_INVALID_ARG_VALUE` an option or a host's name that does not exist, also in WASM_SHM_HOST
 */
export function createShm(options?: ShmOptions): Shm {
  return compose(options, platform);
}
