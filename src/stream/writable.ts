import { addAbortSignal, Writable } from "node:stream";
import { checkBytes, copyBytes, firstBytes } from "../common/bytes.js";
import { outOfBounds } from "../common/errors.js";
import type { CursorWritable, CursorWritableOptions, StreamGround } from "../cursor/streams.js";
import { checkStreamOptions, writableKeys } from "./options.js";
import { Track, Turns } from "./position.js";

type Done = (error?: Error | null) => void;

class WindowWritable extends Writable implements CursorWritable {
  readonly #ground: StreamGround;
  readonly #track: Track;
  readonly #end: number;
  readonly #turns = new Turns();
  bytesWritten = 0;

  constructor(ground: StreamGround, options: CursorWritableOptions | undefined) {
    const { start, end, highWaterMark, signal } = checkStreamOptions(options, writableKeys, ground.size);
    ground.checkWritable();
    ground.checkOpen();
    super({ highWaterMark });
    this.#ground = ground;
    this.#track = new Track(ground, start);
    this.#end = end;
    if (signal) addAbortSignal(signal, this); // not by super: one that is aborted destroys what has no fields yet
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
    if (this.#turns.isOver) this.#turns.wait(done);
    else done();
  }

  /** Writes what fits. */
  #writeChunk(chunk: Buffer): void {
    this.#ground.checkOpen();
    const needed = checkBytes("chunk", chunk);
    const { position } = this.#track;
    const room = Math.max(0, this.#end - position);
    const length = Math.min(needed, room);
    if (length > 0) {
      copyBytes(this.#ground.part(position, length), length === needed ? chunk : firstBytes(chunk, length));
      this.#track.moveTo(position + length);
      this.#turns.moved(length);
      this.bytesWritten += length;
    }
    if (length < needed) throw this.#full(position, needed, room);
  }

  #full(position: number, needed: number, room: number): Error {
    const { size } = this.#ground;
    const remain = `${room} remain ${this.#end === size ? `of ${size}` : `to the end at ${this.#end} of ${size}`}`;
    return outOfBounds(
      `writable at ${position} needs ${needed} bytes; ${remain}; ${this.bytesWritten} bytes landed in all`,
    );
  }
}

export function writable(ground: StreamGround, options?: CursorWritableOptions): CursorWritable {
  return new WindowWritable(ground, options);
}
