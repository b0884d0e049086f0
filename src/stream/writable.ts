/// <reference types="node" preserve="true" />
import type { Writable } from "node:stream";
import { checkBytes, firstBytes } from "../common/bytes.js";
import { outOfBounds } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import type { CursorWritable, CursorWritableOptions, StreamGround } from "../cursor/streaming.js";
import { nodeStream } from "../host/builtin.js";
import { checkStreamOptions, writableKeys } from "./options.js";
import { Pacer } from "./pacer.js";
import { StreamPosition } from "./position.js";
import { streamState } from "./state.js";

export type { CursorWritable } from "../cursor/streaming.js";

declare module "../cursor/streaming.js" {
  /** In Node it is a Writable; the portable entry point must not name Node's types. */
  interface CursorWritable extends Writable {}
}

type Done = (error?: Error | null) => void;

/** The class, made at the first use: before that node:stream need not be loaded. */
function makeClass() {
  const { addAbortSignal, Writable } = nodeStream();
  return class WindowWritable extends Writable implements CursorWritable {
    readonly #ground: StreamGround;
    readonly #position: StreamPosition;
    readonly #end: number;
    readonly #pacer = new Pacer();
    bytesWritten = 0;

    constructor(ground: StreamGround, options: CursorWritableOptions | undefined) {
      const { start, end, highWaterMark, signal } = checkStreamOptions(options, writableKeys, ground.size);
      ground.checkWritable();
      ground.checkOpen();
      super({ highWaterMark });
      this.#ground = ground;
      this.#position = new StreamPosition(ground, start);
      this.#end = end;
      // Not an option of super: a signal that is aborted already would destroy an object without its fields.
      if (signal) addAbortSignal(signal, this);
    }

    override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
      this.#writeAll([{ chunk }], done);
    }

    override _writev(chunks: { chunk: Buffer }[], done: Done): void {
      this.#writeAll(chunks, done);
    }

    #writeAll(chunks: { chunk: Buffer }[], done: Done): void {
      try {
        for (const { chunk } of chunks) this.#writeChunk(chunk);
      } catch (error) {
        done(error as Error);
        return;
      }
      if (this.#pacer.mustYield) this.#pacer.yieldThen(done);
      else done();
    }

    /** Writes the part of the chunk that fits, and throws if that is not all of it. */
    #writeChunk(chunk: Buffer): void {
      this.#ground.checkOpen();
      const needed = checkBytes("chunk", chunk);
      const position = this.#position.value;
      const room = Math.max(0, this.#end - position);
      const length = Math.min(needed, room);
      if (length > 0) {
        this.#ground.write(length === needed ? chunk : firstBytes(chunk, length), position, length);
        this.#position.moveTo(position + length);
        this.#pacer.count(length);
        this.bytesWritten += length;
      }
      if (length < needed) throw this.#outOfRoom(position, needed, room);
    }

    #outOfRoom(position: number, needed: number, room: number): Error {
      const { size } = this.#ground;
      const remain = `${room} remain ${this.#end === size ? `of ${size}` : `to the end at ${this.#end} of ${size}`}`;
      return outOfBounds(
        `writable at ${position} needs ${needed} bytes; ${remain}; ${this.bytesWritten} bytes landed in all`,
      );
    }

    [INSPECT](_depth: number, options: unknown, inspect?: Inspect): string {
      // The prototype has no fields.
      const fields = !(#end in this)
        ? {}
        : {
            position: this.#position.known,
            end: this.#end,
            bytesWritten: this.bytesWritten,
            waiting: this.writableLength,
            state: streamState(this, this.writableFinished, this.#position),
          };
      return inspected("CursorWritable", fields, options, inspect);
    }
  };
}

let WindowWritable: ReturnType<typeof makeClass> | undefined;

/** @internal A writable stream at the cursor. {@link Cursor.writable} has its options and errors. */
export function writable(ground: StreamGround, options?: CursorWritableOptions): CursorWritable {
  WindowWritable ??= makeClass();
  return new WindowWritable(ground, options);
}
