/// <reference types="node" preserve="true" />
import type { Readable } from "node:stream";
import { allocated } from "../common/bytes.js";
import { detached, unsupported } from "../common/errors.js";
import { INSPECT, type Inspect, inspected } from "../common/inspect.js";
import type { CursorReadable, CursorReadableOptions, StreamGround } from "../cursor/streaming.js";
import { nodeStream } from "../host/builtin.js";
import { checkStreamOptions, readableKeys } from "./options.js";
import { Pacer } from "./pacer.js";
import { StreamPosition } from "./position.js";
import { streamState } from "./state.js";

export type { CursorReadable } from "../cursor/streaming.js";

declare module "../cursor/streaming.js" {
  /** In Node it is a Readable; the portable entry point must not name Node's types. */
  interface CursorReadable extends Readable {
    [Symbol.asyncIterator](): NodeJS.AsyncIterator<Buffer>;
  }
}

/** The class, made at the first use: before that node:stream need not be loaded. */
function makeClass() {
  const { addAbortSignal, Readable } = nodeStream();
  return class WindowReadable extends Readable implements CursorReadable {
    readonly #ground: StreamGround;
    readonly #position: StreamPosition;
    readonly #end: number;
    readonly #chunkSize: number;
    readonly #zeroCopy: boolean;
    readonly #pacer = new Pacer();
    /** Whether nothing remained after the last take: the window may be gone by the time that the end is asked for. */
    #isAtEnd: boolean;
    /** The view that was pushed last: the stream may still hold it. */
    #view: Uint8Array | undefined;
    bytesRead = 0;

    constructor(ground: StreamGround, options: CursorReadableOptions | undefined) {
      const { start, end, highWaterMark, signal, zeroCopy } = checkStreamOptions(options, readableKeys, ground.size);
      ground.checkOpen();
      super({ highWaterMark });
      this.#ground = ground;
      this.#position = new StreamPosition(ground, start);
      this.#end = end;
      this.#isAtEnd = this.#position.value >= end;
      this.#chunkSize = highWaterMark;
      this.#zeroCopy = zeroCopy;
      // Not an option of super: a signal that is aborted already would destroy an object without its fields.
      if (signal) addAbortSignal(signal, this);
    }

    // Never pushes before it returns: read() would then join the waiting chunk and this one in a copy.
    override _read(): void {
      const step = () => this.#pushNext();
      if (this.#pacer.mustYield) this.#pacer.yieldThen(step);
      else process.nextTick(step);
    }

    /** Views that wait in the stream must not be handed out after a detach or a grow of the memory: they hold no data. */
    override read(size?: number): Buffer | string | null {
      if (this.#view && this.readableLength > 0 && this.#orFail(() => this.#checkViews()) === undefined) return null;
      return super.read(size);
    }

    /**
     * A decoder trusts what it read of a chunk, and a view may change meanwhile: StringDecoder then ends the process, on
     * shared memories too (Node 20 to 26).
     */
    override setEncoding(encoding: BufferEncoding): this {
      if (!this.#zeroCopy) return super.setEncoding(encoding);
      const hint = "use zeroCopy: false for text";
      throw unsupported(
        "setEncoding of a readable with zeroCopy",
        `its chunks are the bytes that other processes write, and decoding those may end the process; ${hint}`,
        { hint },
      );
    }

    #pushNext(): void {
      if (this.destroyed) return;
      const chunk = this.#orFail(() => this.#next());
      if (chunk !== undefined) this.push(chunk); // outside #orFail: it may run a listener, whose errors are not the stream's
    }

    /** The next chunk; null at the end. */
    #next(): Buffer | null {
      if (this.#view && this.readableLength > 0) this.#checkViews();
      if (this.#isAtEnd && !this.#position.isOpen) return null;
      this.#ground.checkOpen();
      const position = this.#position.value;
      const length = Math.min(this.#chunkSize, this.#end - position);
      if (length <= 0) return null;
      const chunk = this.#zeroCopy ? this.#chunkInPlace(position, length) : this.#copy(position, length);
      this.#position.moveTo(position + length);
      this.#isAtEnd = position + length >= this.#end;
      this.#pacer.count(length);
      this.bytesRead += length;
      return chunk;
    }

    #chunkInPlace(start: number, length: number): Buffer {
      const view = this.#ground.part(start, length);
      this.#view = view;
      return Buffer.from(view.buffer, view.byteOffset, length);
    }

    #copy(start: number, length: number): Buffer {
      const copy = allocated(Buffer.allocUnsafeSlow, length); // not of the pool, so that its receiver may transfer it
      this.#ground.read(copy, start, length);
      return copy;
    }

    #checkViews(): true {
      this.#ground.checkOpen();
      if (this.#view?.length === 0)
        throw detached(
          `readable: the memory grew, and took the ${this.readableLength} bytes of views that waited in the stream`,
        );
      return true;
    }

    /** Returns what `work` returns. If it throws, destroys the stream with that error and returns undefined. */
    #orFail<T>(work: () => T): T | undefined {
      try {
        return work();
      } catch (error) {
        this.destroy(error as Error);
        return undefined;
      }
    }

    [INSPECT](_depth: number, options: unknown, inspect?: Inspect): string {
      // The prototype has no fields.
      const fields = !(#end in this)
        ? {}
        : {
            position: this.#position.known,
            end: this.#end,
            bytesRead: this.bytesRead,
            waiting: this.readableLength,
            zeroCopy: this.#zeroCopy,
            state: streamState(this, this.readableEnded, this.#position),
          };
      return inspected("CursorReadable", fields, options, inspect);
    }
  };
}

let WindowReadable: ReturnType<typeof makeClass> | undefined;

/** @internal A readable stream at the cursor. {@link Cursor.readable} has its options and errors. */
export function readable(ground: StreamGround, options?: CursorReadableOptions): CursorReadable {
  WindowReadable ??= makeClass();
  return new WindowReadable(ground, options);
}
