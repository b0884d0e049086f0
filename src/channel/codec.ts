// What values messages are made of.
import { checkBytes, sliceOf } from "../common/bytes.js";
import { invalidType, invalidValue, malformed, unsupported } from "../common/errors.js";
import type { WaitSignal } from "../sync/options.js";

/**
 * Makes bytes of values, and values of bytes. `import * as msgpack from "@msgpack/msgpack"` is one, and so is `msgpackr`.
 * `decode` gets a copy of the message, which no peer can change.
 */
export interface Codec<T = unknown> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/**
 * `"bytes"`: a Uint8Array as it is (default). `"json"`: JSON in UTF-8. `"clone"`: the form of structured clone that
 * `v8.serialize` makes, for maps, dates, errors, cycles; only between Node processes, and only with peers you trust.
 */
export type CodecName = "bytes" | "json" | "clone";
export type CodecOption<T> = CodecName | Codec<T>;

/** Options with a codec that takes values of any type. */
export interface Valued {
  codec: "json" | "clone";
}

/** Their values, without a type parameter: `any`, as `JSON.parse` and `v8.deserialize` have it. */
export type AnyValue = ReturnType<typeof JSON.parse>;

/** What messages need of Node; the portable entry point has nothing of it. */
export interface MessageParts {
  readonly clone: Codec;
  /** A Writable of Node's over a sink. */
  toNodeWritable(sink: MessageSink, options: NodeWritableOptions | undefined, hasCodec: boolean): ChannelWritable;
}

/** A Writable of Node's over a writer. From {@link Writer.toNodeStream}. */
export interface ChannelWritable {
  /** Whether its chunks are values, not bytes. */
  readonly writableObjectMode: boolean;
}

/** What a stream writes to. */
export interface MessageSink {
  write(value: unknown, options: { signal: WaitSignal }): Promise<void>;
  close(): void;
  [Symbol.dispose](): void;
}

/** ReadableStream and WritableStream, also for users who compile without TypeScript's `dom` library and Node's types. */
export type WebReadable = typeof globalThis extends { ReadableStream: { prototype: infer S } } ? S : object;
export type WebWritable = typeof globalThis extends { WritableStream: { prototype: infer S } } ? S : object;

export interface NodeWritableOptions {
  /** Chunks are values of the codec, not bytes (default: as the codec). */
  objectMode?: boolean;
  /** Messages, or bytes, buffered before `write()` returns false. Default: Node's. */
  highWaterMark?: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

const json: Codec = {
  encode(value) {
    const text = JSON.stringify(value);
    if (text === undefined) throw invalidValue("value", "It has no JSON form.", value);
    return encoder.encode(text);
  },
  decode: (bytes) => JSON.parse(decoder.decode(bytes)) as unknown,
};

/** The codec of an option; undefined for bytes as they are. */
export function checkCodec(codec: unknown, parts: MessageParts | undefined): Codec | undefined {
  if (codec === undefined || codec === "bytes") return undefined;
  if (codec === "json") return json;
  if (codec === "clone") {
    if (parts) return parts.clone;
    throw unsupported("the codec 'clone'", 'it is in the package\'s Node entry point: import "wasm-shm" in Node');
  }
  const { encode, decode } = (codec ?? {}) as Partial<Codec>;
  if (typeof encode === "function" && typeof decode === "function") return codec as Codec;
  throw invalidType("options.codec", "'bytes', 'json', 'clone', or an object with encode and decode", codec);
}

/**
 * How many bytes a message has: what the codec made, or the value itself.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` it is not a Uint8Array; `ERR_INVALID_ARG_VALUE` its buffer is detached
 */
export const checkEncoded = (codec: Codec | undefined, bytes: unknown): number =>
  checkBytes(codec ? "codec.encode(value)" : "value", bytes);

/** The bytes of a value. @throws {TypeError} as {@link checkEncoded} */
export function encoded(codec: Codec | undefined, value: unknown): Uint8Array {
  const bytes = codec ? codec.encode(value) : value;
  checkEncoded(codec, bytes);
  return bytes as Uint8Array;
}

/**
 * The value of a message.
 *
 * @param bytes the message, which a peer may still change
 * @throws {ShmError} `ERR_SHM_MALFORMED` the codec refuses it
 */
export function decoded(codec: Codec | undefined, bytes: Uint8Array, what: () => string): unknown {
  const copy = sliceOf(bytes);
  if (!codec) return copy;
  try {
    return codec.decode(copy);
  } catch (cause) {
    throw malformed(`${what()}: the codec cannot decode a message of ${copy.length} bytes`, cause);
  }
}
