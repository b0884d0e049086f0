/// <reference types="node" preserve="true" />
// What messages have in Node: the form of structured clone, and Writables.
import type { Writable } from "node:stream";
import type { ChannelWritable, Codec, MessageParts, MessageSink, NodeWritableOptions } from "../channel/codec.js";
import { checkBoolean, checkOptions, checkSize } from "../common/arguments.js";
import { nodeStream, nodeV8 } from "../host/builtin.js";

export type { ChannelWritable } from "../channel/codec.js";

declare module "../channel/codec.js" {
  /** In Node it is a Writable; the portable entry point must not name Node's types. */
  interface ChannelWritable extends Writable {}
}

type Done = (error?: Error | null) => void;

/** The class, made at the first use: before that node:stream need not be loaded. */
function makeClass() {
  const { Writable } = nodeStream();
  return class MessageWritable extends Writable implements ChannelWritable {
    readonly #sink: MessageSink;
    readonly #stop = new AbortController();

    constructor(sink: MessageSink, options: NodeWritableOptions | undefined, hasCodec: boolean) {
      const { objectMode = hasCodec, highWaterMark } = checkOptions(options, ["objectMode", "highWaterMark"]);
      checkBoolean("options.objectMode", objectMode);
      if (highWaterMark !== undefined) checkSize("options.highWaterMark", highWaterMark);
      super({
        objectMode,
        decodeStrings: true,
        ...(highWaterMark !== undefined && { highWaterMark }),
      });
      this.#sink = sink;
    }

    override _write(chunk: unknown, _encoding: BufferEncoding, done: Done): void {
      this.#sink.write(chunk, { signal: this.#stop.signal }).then(() => done(), done);
    }

    override _final(done: Done): void {
      try {
        this.#sink.close();
        done();
      } catch (error) {
        done(error as Error);
      }
    }

    override _destroy(error: Error | null, done: Done): void {
      this.#stop.abort(error ?? undefined); // a write that waits for room
      this.#sink[Symbol.dispose]();
      done(error);
    }
  };
}

let MessageWritable: ReturnType<typeof makeClass> | undefined;

/** `v8.serialize` refuses what cannot be cloned; `v8.deserialize` must get the bytes of its own process's peers alone. */
const clone: Codec = {
  encode: (value) => nodeV8().serialize(value),
  decode: (bytes) => nodeV8().deserialize(bytes) as unknown,
};

export const messages: MessageParts = {
  clone,
  toNodeWritable(sink, options, hasCodec) {
    MessageWritable ??= makeClass();
    return new MessageWritable(sink, options, hasCodec);
  },
};
